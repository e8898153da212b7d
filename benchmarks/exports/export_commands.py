"""The commands that `export_path` compares, each a process of its own on the same rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.exports.ledger import Ledger
from benchmarks.exports.one_export import BUCKET, REPORT_TYPE, conf
from devstack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

PROJECT = Path(__file__).resolve().parents[2]
Measured = dict[str, float]


def query_of(ledger: Ledger, rows: int) -> str:
    """The report's own query with its values in it."""
    import psycopg2

    from promo_reports.definitions.registry import Registry
    from promo_reports.domain.dates.window import Window
    from promo_reports.settings import Settings
    from promo_reports.sql.report_query import load_report_query
    from promo_reports.sql.template import Parameters

    registry = Registry(Settings(home=PROJECT))
    start, end = ledger.window(rows)
    definition = registry.from_conf(
        conf("download", start.isoformat(), end.isoformat()), run_id="r", at=end, report_type=REPORT_TYPE
    )
    query = load_report_query(definition.report_type, registry.settings.sql)
    bound = query.rows(Parameters(definition.filters, Window(start, end), None))
    with psycopg2.connect(ledger.promo.reader_url) as connection, connection.cursor() as cursor:
        return cursor.mogrify(bound.pyformat(), dict(bound.values)).decode()


class Commands:
    """One ledger, one S3 server, and the commands that are compared on them."""

    def __init__(self, ledger: Ledger, s3: S3Server, home: Path, *, project: Path = PROJECT) -> None:
        self.ledger, self.s3, self.home = ledger, s3, home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PROMO_REPORTS_"))},
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}",
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_PROMO_DB": ledger.promo.reader_url,
            "AIRFLOW_CONN_BI_EXPORTS_S3": json.dumps({
                "conn_type": "aws", "login": ACCESS_KEY, "password": SECRET_KEY,
                "extra": {"endpoint_url": s3.endpoint_url, "region_name": REGION},
            }),
            "PROMO_REPORTS_HOME": str(project),
            "PROMO_REPORTS_DATA_DIR": str(home / "data"),
        }  # fmt: skip
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def copy(self, rows: int) -> Measured:
        """The limit: the same query through psql, with nobody to write it."""
        return self._timed([*self._psql(), "-c", f"COPY ({query_of(self.ledger, rows)}) TO STDOUT (FORMAT csv)"])

    def zipped(self, rows: int) -> Measured:
        """What a shell does: psql into zip, one member, nothing checked."""
        target = self.home / "shell.zip"
        target.unlink(missing_ok=True)
        copy = subprocess.Popen(
            [*self._psql(), "-c", f"COPY ({query_of(self.ledger, rows)}) TO STDOUT (FORMAT csv)"],
            stdout=subprocess.PIPE, env=self.environment,
        )  # fmt: skip
        with copy:
            measured = self._timed(["zip", "-q", "-6", str(target), "-"], stdin=copy.stdout)
        target.unlink()
        return measured

    def ours(self, kind: str, rows: int, report_type: str = REPORT_TYPE) -> Measured:
        """An export through both operators; what it left is removed, so that each run finds an empty place."""
        start, end = self.ledger.window(rows)
        figures = self._figures([kind, report_type, start.isoformat(), end.isoformat()])
        shutil.rmtree(self.home / "data")
        if kind == "s3":
            self._empty_bucket()
        return figures

    def sql_to_s3(self, rows: int) -> Measured:
        """Airflow's own operator."""
        return self._figures(["sql_to_s3"], query_of(self.ledger, rows))

    def _empty_bucket(self) -> None:
        """What is there already would not be sent again."""
        client = self.s3.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for each in page.get("Contents", []):
                client.delete_object(Bucket=BUCKET, Key=each["Key"])

    def _psql(self) -> list[str]:
        settings = "PGOPTIONS=-c TimeZone=America/New_York"
        return ["env", settings, str(self.ledger.server.psql), self.ledger.promo.reader_url, "-qAtX"]

    def _figures(self, arguments: Sequence[str], given: str = "") -> Measured:
        command = [sys.executable, "-m", "benchmarks.exports.one_export", *arguments]
        ended = subprocess.run(
            command, input=given, env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise SystemExit(ended.stderr)
        figures: Measured = json.loads(ended.stdout.splitlines()[-1])
        return figures

    def _timed(self, command: Sequence[str], **streams: Any) -> Measured:
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, env=self.environment, check=True, **streams)
        return {"seconds": time.perf_counter() - begun}
