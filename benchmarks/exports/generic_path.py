"""How fast a database other than PostgreSQL is exported, against its own command line client.

    .venv/bin/python -m benchmarks.exports.generic_path [--rows 1000000] [--wide-rows 200000] [--rounds 3]

It starts a MariaDB of its own (Debian's `mariadb-server`; `sqlite3` is needed too), fills it and an SQLite file with
the same ledger, and lets client and export take turns. The client writes the rows of the report's own query as
delimited text to /dev/null: `mariadb --batch --quick --raw --skip-column-names`, `sqlite3 -csv`. The export is
`wallet_transactions` in New York's time, from its query until the ZIP is closed; "whole" is all of `pipeline.extract`,
with counting and reading again. Each runs in a process of its own. A second table has the 40 columns of the shape
`wide40`, 28 of them text.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, keep

if TYPE_CHECKING:
    from promo_reports.pipeline.databases.source import Source
    from promo_reports.pipeline.export import Export
    from promo_reports.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
SUBJECT = "Generic path"
HOME = "PROMO_REPORTS_HOME"
LEDGER, WIDE = "ledger", "wide"
RATIO_GOAL, MEMORY_GOAL = 3.0, 250.0
TRANSACTION_TYPES = ("credit", "debit", "expired", "promised", "reverse", "refund")


def project_settings(**given: Any) -> Settings:
    """The settings of the project that has the report types of all shapes."""
    from promo_reports.settings import Settings

    return Settings(home=Path(os.environ[HOME]), **given)


def export_of(table: str, rows: int) -> Export:
    """The whole ledger or the whole wide table, for a bucket."""
    from benchmarks.exports import generic_wide
    from benchmarks.exports.generic_ledger import WALLET, window
    from promo_reports.definitions.report_type.loading import load_report_type
    from promo_reports.domain.definition import Definition, Origin
    from promo_reports.domain.delivery import PartnerExport
    from promo_reports.domain.shape import Shape, ShapedDelivery
    from promo_reports.pipeline.export import Export

    ledger = table == LEDGER
    report_type = "wallet_transactions" if ledger else generic_wide.shape().report_type
    filters = {"wallet": (WALLET,), "transaction_source": None, "transaction_type": TRANSACTION_TYPES} if ledger else {}
    definition = Definition(
        id="benchmark",
        name="Benchmark",
        report_type=load_report_type(project_settings().report_types / f"{report_type}.yaml"),
        owner="benchmark@example.com",
        filters=filters,
        deliveries=(ShapedDelivery(PartnerExport("amazon_s3", "benchmark"), Shape()),),
        timezone="America/New_York",
        week_starts_on="monday",
        sha256="0" * 64,
        origin=Origin.GIT,
        source="benchmark.yaml",
    )
    return Export(definition, window(rows), None, "benchmark", "run", None)


def copy(source: Source, export: Export, place: Path) -> tuple[int, float]:
    """What extract does between counting and reading again: rows sent, seconds."""
    from promo_reports.domain.file_format import ZIP
    from promo_reports.pipeline.databases.dialects import open_snapshot
    from promo_reports.pipeline.databases.time_limits import TimeLimits
    from promo_reports.pipeline.formats.artifact import Artifact
    from promo_reports.pipeline.formats.heading import Heading
    from promo_reports.pipeline.formats.split import Splitter
    from promo_reports.sql.cell_policies.transform import UNCHANGED
    from promo_reports.sql.report_query import load_report_query

    settings, report_type = project_settings(), export.definition.report_type
    query = load_report_query(report_type, settings.sql).rows(export.parameters)
    artifact = Artifact(place, "benchmark", Heading(report_type.columns, export.zone), ZIP)
    with open_snapshot(source, export.zone, TimeLimits.of(settings)) as snapshot:
        begun = time.perf_counter()
        with artifact:
            splitter = Splitter(artifact, settings.rows_per_file)
            splitter.begin()
            sent = snapshot.copy(query, report_type, splitter.write, transform=UNCHANGED)
            splitter.finish()
        return sent, time.perf_counter() - begun


def whole(source: Source, export: Export, place: Path) -> tuple[int, float]:
    """All of extract, from connecting to the manifest: rows, seconds."""
    from promo_reports.pipeline.extract import extract
    from promo_reports.pipeline.staging.directory import StagingDirectory

    area, settings = StagingDirectory(place), project_settings()
    begun = time.perf_counter()
    staged = extract(export, source, area, settings, now=lambda: datetime.now(UTC))
    return staged.manifest.rows, time.perf_counter() - begun


def child(which: str, url: str, table: str, rows: int, place: Path) -> None:
    """One export; its seconds and its peak memory in MB, to standard output."""
    from devstack.memory import peak
    from promo_reports.pipeline.databases.source import Source

    export, source = export_of(table, rows), Source("promo_db", url)
    sent, took = {"copy": copy, "whole": whole}[which](source, export, place)
    if sent != rows:
        raise SystemExit(f"{which} sent {sent} rows instead of {rows}")
    print(json.dumps([took, peak()]))


def exported(which: str, url: str, table: str, rows: int) -> tuple[float, float]:
    """Seconds and MB of one export in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="promo-reports-benchmark-") as place:
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.exports.generic_path",
                "--child",
                which,
                url,
                place,
                table,
                "--rows",
                str(rows),
            ],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    took, peak = json.loads(ran.stdout.splitlines()[-1])
    return took, peak


def client(command: Sequence[str], statement: str) -> float:
    """Seconds that a client takes to write the rows to /dev/null."""
    begun = time.perf_counter()
    subprocess.run(command, input=statement, stdout=subprocess.DEVNULL, text=True, check=True)
    return time.perf_counter() - begun


def statement_of(export: Export) -> str:
    """The report's own query with its values written into it, as a client takes it."""
    from promo_reports.sql.report_query import load_report_query

    query = load_report_query(export.definition.report_type, project_settings().sql).rows(export.parameters)
    values = {
        name: f"'{value.strftime('%Y-%m-%d %H:%M:%S') if isinstance(value, datetime) else value}'"
        for name, value in query.values.items()
    }
    return query.pyformat() % values + ";\n"


def measured(name: str, url: str, command: Sequence[str], table: str, rows: int, *, rounds: int) -> list[Figure]:
    """The figures of a table of one database, client and exports by turns."""
    statement = statement_of(export_of(table, rows))
    client(command, statement)  # fills the caches
    clients, copies, wholes = [], [], []
    for _ in range(rounds):
        clients.append(client(command, statement))
        copies.append(exported("copy", url, table, rows))
        wholes.append(exported("whole", url, table, rows))
    by_client = statistics.median(clients)
    took = statistics.median(seconds for seconds, _ in copies)
    ratio = statistics.median(seconds / other for (seconds, _), other in zip(copies, clients, strict=True))
    all_of_it = statistics.median(seconds for seconds, _ in wholes)
    goals = name == "MariaDB"
    name = name if table == LEDGER else f"{name}, 40 columns"
    return [
        Figure(SUBJECT, f"{name}: its client, {rows:,} rows to /dev/null", by_client, "s"),
        Figure(SUBJECT, f"{name}: query to ZIP", took, "s"),
        Figure(SUBJECT, f"{name}: query to ZIP, by its client", ratio, "times", RATIO_GOAL if goals else None),
        Figure(
            SUBJECT,
            f"{name}: peak memory",
            max(peak for _, peak in (*copies, *wholes)),
            "MB",
            MEMORY_GOAL if goals else None,
        ),
        Figure(SUBJECT, f"{name}: whole extract, counted and read again", all_of_it, "s"),
        Figure(SUBJECT, f"{name}: rows a second, query to ZIP", rows / took, "rows/s"),
    ]


def main() -> None:
    """Measure, or be the process that is measured."""
    parser = argparse.ArgumentParser(description="Generic path against the databases' own clients")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--wide-rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=4, metavar=("WHICH", "URL", "PLACE", "TABLE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path.insert(0, str(PROJECT / "plugins"))
    if given.child:
        which, url, place, table = given.child
        child(which, url, table, given.rows, Path(place))
        return
    from benchmarks.exports import generic_wide
    from benchmarks.exports.generic_ledger import DATABASE, fill_mariadb, fill_sqlite
    from benchmarks.exports.shape_tables import project_of
    from devstack.mariadb import MariaDbServer

    with tempfile.TemporaryDirectory(prefix="promo-reports-benchmark-") as place:
        root = Path(place)
        os.environ[HOME] = str(project_of(root / "project"))
        tables = {LEDGER: given.rows, WIDE: given.wide_rows}
        figures: list[Figure] = []
        with MariaDbServer(root / "mariadb") as server:
            fill_mariadb(server, given.rows, root)
            generic_wide.fill_mariadb(server, DATABASE, given.wide_rows, root)
            command = [*server.client, "--batch", "--quick", "--raw", "--skip-column-names", DATABASE]
            for table, rows in tables.items():
                figures += measured("MariaDB", server.url(DATABASE), command, table, rows, rounds=given.rounds)
        file = root / "promo.sqlite"
        fill_sqlite(file, given.rows)
        generic_wide.fill_sqlite(file, given.wide_rows)
        command = ["sqlite3", "-readonly", "-csv", str(file)]
        for table, rows in tables.items():
            figures += measured("SQLite", f"sqlite:///{file}", command, table, rows, rounds=given.rounds)
    keep("generic_path", figures)


if __name__ == "__main__":
    main()
