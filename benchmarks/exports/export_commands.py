"""The commands that are compared, each a process of its own on the same rows."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from benchmarks.exports.ledger import Table
from benchmarks.exports.one_export import BUCKET, WITHOUT, conf
from devstack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

PROJECT = Path(__file__).resolve().parents[2]
Measured = dict[str, float]


def query_of(table: Table, rows: int, project: Path = PROJECT) -> str:
    """The report's own query with its values in it."""
    import psycopg2

    from promo_reports.definitions.registry import Registry
    from promo_reports.domain.dates.window import Window
    from promo_reports.settings import Settings
    from promo_reports.sql.report_query import load_report_query
    from promo_reports.sql.template import Parameters

    registry = Registry(Settings(home=project))
    start, end = table.window(rows)
    asked = conf("download", start, end, table.filters)
    definition = registry.from_conf(asked, run_id="r", at=end, report_type=table.report_type)
    query = load_report_query(definition.report_type, registry.settings.sql)
    bound = query.rows(Parameters(definition.filters, Window(start, end), None))
    with psycopg2.connect(table.promo.reader_url) as connection, connection.cursor() as cursor:
        return cursor.mogrify(bound.pyformat(), dict(bound.values)).decode()


class Commands:
    """One table, one S3 server, and the commands that are compared on them.

    `seconds` are wall time; `cpu` are processor seconds of the export, or of psql and what it is piped into, and never
    those of the server.
    """

    def __init__(self, table: Table, s3: S3Server, home: Path, *, project: Path = PROJECT) -> None:
        self.table, self.s3, self.home, self.project = table, s3, home, project
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PROMO_REPORTS_"))},
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}",
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_PROMO_DB": table.promo.reader_url,
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
        command = self._copy(rows)
        with _clocked() as measured:
            subprocess.run(command, stdout=subprocess.DEVNULL, env=self.environment, check=True)
        return measured

    def csv_bytes(self, rows: int) -> int:
        """Return the bytes that COPY sends."""
        return int(self._piped(rows, ["wc", "-c"], subprocess.PIPE)[1])

    def zipped(self, rows: int) -> Measured:
        """What a shell does: psql into zip, one member, nothing checked."""
        target = self.home / "shell.zip"
        target.unlink(missing_ok=True)
        measured, _ = self._piped(rows, ["zip", "-q", "-6", str(target), "-"], subprocess.DEVNULL)
        target.unlink()
        return measured

    def gzipped(self, rows: int) -> Measured:
        """The fastest that a shell does: psql into gzip -1, nothing split or checked."""
        target = self.home / "shell.csv.gz"
        with target.open("wb") as file:
            measured, _ = self._piped(rows, ["gzip", "-1"], file)
        target.unlink()
        return measured

    def ours(self, kind: str, rows: int, report_type: str | None = None, *, second_reading: bool = True) -> Measured:
        """An export through both operators; what it left is removed, so that each run finds an empty place."""
        figures = self._exported(kind, rows, report_type or self.table.report_type, second_reading=second_reading)
        shutil.rmtree(self.home / "data")
        if kind == "s3":
            self._empty_bucket()
        return figures

    def delivered(self, rows: int) -> Path:
        """Export to the download area, and return the path of the manifest, which stays with its file."""
        self._exported("download", rows, self.table.report_type, second_reading=True)
        (manifest,) = (self.home / "data").rglob("downloads/**/manifest.json")
        return manifest

    def sql_to_s3(self, rows: int) -> Measured:
        """Airflow's own operator."""
        return self._figures(["sql_to_s3"], query_of(self.table, rows, self.project))

    def _exported(self, kind: str, rows: int, report_type: str, *, second_reading: bool) -> Measured:
        start, end = self.table.window(rows)
        asked = conf(kind, start, end, self.table.filters)
        without = [] if second_reading else [WITHOUT]
        return self._figures([kind, report_type, *without], json.dumps(asked))

    def _empty_bucket(self) -> None:
        """What is there already would not be sent again."""
        client = self.s3.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for each in page.get("Contents", []):
                client.delete_object(Bucket=BUCKET, Key=each["Key"])

    def _copy(self, rows: int) -> list[str]:
        settings = "PGOPTIONS=-c TimeZone=America/New_York"
        statement = f"COPY ({query_of(self.table, rows, self.project)}) TO STDOUT (FORMAT csv)"
        return ["env", settings, str(self.table.server.psql), self.table.promo.reader_url, "-qAtX", "-c", statement]

    def _piped(self, rows: int, command: Sequence[str], output: int | IO[bytes]) -> tuple[Measured, bytes]:
        """Pipe COPY into another program; what was measured of both, and what that one wrote into a pipe."""
        copy = self._copy(rows)
        with _clocked() as measured, subprocess.Popen(copy, stdout=subprocess.PIPE, env=self.environment) as sent:
            ended = subprocess.run(command, stdin=sent.stdout, stdout=output, check=True)
        if sent.returncode:
            raise SystemExit(f"psql ended with status {sent.returncode}")
        return measured, ended.stdout

    def _figures(self, arguments: Sequence[str], given: str = "") -> Measured:
        command = [sys.executable, "-m", "benchmarks.exports.one_export", *arguments]
        ended = subprocess.run(
            command, input=given, env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise SystemExit(ended.stderr)
        figures: Measured = json.loads(ended.stdout.splitlines()[-1])
        return figures


@contextlib.contextmanager
def _clocked() -> Iterator[Measured]:
    """Measure the processes that are started and end in it."""
    measured: Measured = {}
    before, begun = _of_children(), time.perf_counter()
    yield measured
    measured.update(seconds=time.perf_counter() - begun, cpu=_of_children() - before)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
