"""Which driver passes COPY through to the artifact fastest: the choice behind `pipeline/databases/postgres.py`.

    python -m benchmarks.exports.copy_drivers [--rows 5000000] [--rounds 3]

Each driver feeds the same splitter and the same ZIP, in a process of its own, in turn; a figure is the median of its
ratios to psycopg2, which the product uses, in the same round.
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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.exports.export_commands import PROJECT, query_of
from benchmarks.exports.ledger import filled_ledger
from benchmarks.figures import Figure, keep

SUBJECT = "Drivers for COPY"
ROWS_PER_FILE = 1_000_000
Sink = Callable[[bytes], None]


class _File:
    def __init__(self, write: Sink) -> None:
        self.write = write


def psycopg2(url: str, statement: str, sink: Sink) -> None:
    """One call of `write` a record, from C."""
    import psycopg2 as driver

    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.copy_expert(statement, _File(sink))


def psycopg3(url: str, statement: str, sink: Sink) -> None:
    """Its documented way: a loop over the messages."""
    import psycopg as driver

    with driver.connect(url) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for record in copy:
            sink(bytes(record))


def psycopg3_libpq(url: str, statement: str, sink: Sink) -> None:
    """Its wrapper of libpq, one call a message."""
    import psycopg as driver

    with driver.connect(url) as connection:
        libpq = connection.pgconn
        libpq.exec_(statement.encode())
        while True:
            size, record = libpq.get_copy_data(0)
            if size < 0:
                break
            sink(bytes(record))
        while libpq.get_result() is not None:
            pass


DRIVERS: dict[str, Callable[[str, str, Sink], None]] = {
    "psycopg2 copy_expert": psycopg2,
    "psycopg 3, loop over copy": psycopg3,
    "psycopg 3, get_copy_data": psycopg3_libpq,
}


def child(name: str, url: str, statement: str) -> None:
    """Copy into a ZIP that is thrown away; prints its seconds, processor seconds and peak memory in MB."""
    from devstack.memory import peak
    from promo_reports.domain.file_format import ZIP
    from promo_reports.pipeline.formats.artifact import Artifact
    from promo_reports.pipeline.formats.heading import Heading
    from promo_reports.pipeline.formats.split import Splitter

    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        begun = time.perf_counter()
        with Artifact(Path(directory), "ledger", Heading((), ZoneInfo("UTC")), ZIP) as artifact:
            splitter = Splitter(artifact, ROWS_PER_FILE)
            splitter.begin()
            DRIVERS[name](url, statement, splitter.write)
            splitter.finish()
        took = {"seconds": time.perf_counter() - begun, "processor": time.process_time()}
        print(json.dumps({"rows": splitter.rows, "memory": peak(), **took}))


def measure(name: str, url: str, statement: str) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.exports.copy_drivers", "--child", name]
    path = f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}"
    given = json.dumps({"url": url, "statement": statement})
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(
        command, input=given, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def figures(rounds: list[dict[str, dict[str, float]]]) -> Iterator[Figure]:
    """Each driver beside the one that is used."""
    used = next(iter(DRIVERS))
    for name in DRIVERS:
        ratio = statistics.median(each[name]["seconds"] / each[used]["seconds"] for each in rounds)
        memory, processor = (statistics.median(each[name][what] for each in rounds) for what in ("memory", "processor"))
        note = f"{processor:.1f} s of processor time, {memory:.0f} MB in all"
        yield Figure(SUBJECT, f"{name}, {rounds[0][name]['rows']:,.0f} rows into a ZIP", ratio, "x psycopg2", note=note)


def main() -> None:
    """Measure, or be the process that is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.copy_drivers")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    if asked.child:
        given: dict[str, Any] = json.load(sys.stdin)
        child(asked.child, given["url"], given["statement"])
        return
    with filled_ledger(asked.rows) as ledger:
        statement = f"COPY (\n{query_of(ledger, asked.rows)}\n) TO STDOUT (FORMAT csv)"
        rounds = [
            {name: measure(name, ledger.promo.reader_url, statement) for name in DRIVERS} for _ in range(asked.rounds)
        ]
    keep("copy_drivers", figures(rounds))


if __name__ == "__main__":
    main()
