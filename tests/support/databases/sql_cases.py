"""SQL tests as folders: input rows, a report and exactly what it must write, on PostgreSQL and on SQLite alike.

`tests/sql_cases/README.md` says what a folder holds.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from devstack.mariadb import MariaDbServer
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.databases.source import Snapshot, SourceTotals, in_terms_of, totals_of
from promo_reports.sql.cell_policies.transform import UNCHANGED
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters

PROJECT = Path(__file__).resolve().parents[3]
CASES = PROJECT / "tests" / "sql_cases"
SQL = PROJECT / "include" / "sql"
SCHEMA = PROJECT / "include" / "demo" / "schema.sql"
TABLES = (  # parents first
    "wallets",
    "campaigns",
    "voucher_lists",
    "wallet_transactions",
    "voucher_assignments",
    "reward_assignments",
    "user_errors",
)

_CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\n|\Z)')

Record = dict[str, str | None]


@dataclass(frozen=True)
class Case:
    """One folder."""

    directory: Path
    report_type: str
    filters: Mapping[str, tuple[str, ...] | None]
    zone: ZoneInfo
    window: Window | None
    as_of: datetime | None
    excluded: int
    postgresql_only: str | None

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.filters, self.window, self.as_of)

    @property
    def expected(self) -> bytes:
        return (self.directory / "expected.csv").read_bytes()

    def tables(self) -> dict[str, list[Record]]:
        """The rows of every table, parents first: the case's own file, else the shared one; defaults filled in."""
        defaults = yaml.safe_load((CASES / "defaults.yaml").read_text(encoding="utf-8"))
        tables: dict[str, list[Record]] = {}
        for table in TABLES:
            own, shared = self.directory / "input" / f"{table}.csv", CASES / "shared" / f"{table}.csv"
            if path := next((each for each in (own, shared) if each.exists()), None):
                tables[table] = [{**defaults.get(table, {}), **record} for record in read_csv(path)]
        return tables


@dataclass(frozen=True)
class Answer:
    """What a database makes of a case."""

    file: bytes
    totals: SourceTotals
    excluded: int


def all_cases() -> list[Case]:
    return [_read(path.parent) for path in sorted(CASES.glob("*/*/case.yaml"))]


def ask(snapshot: Snapshot, report_type: ReportType, case: Case) -> Answer:
    """The case's file as the product would write it, and what the database says that it adds up to."""
    records: list[bytes] = [(",".join(column.name for column in report_type.columns) + "\n").encode()]
    with snapshot:
        query = in_terms_of(snapshot, load_report_query(report_type, SQL), case.parameters)
        totals = totals_of(snapshot.fetch(query.totals(case.parameters)), report_type.totals, counted=[])
        excluded = query.excluded(case.parameters)
        left_out = int(str(snapshot.fetch(excluded)[0][0])) if excluded else 0
        sent = snapshot.copy(query.rows(case.parameters), report_type, records.append, transform=UNCHANGED)
    assert sent == len(records) - 1
    return Answer(b"".join(records), totals, left_out)


def load_postgres(url: str, tables: Mapping[str, Sequence[Record]]) -> None:
    """Replace all rows of a promo database, as its owner."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        for table, records in tables.items():
            for record in records:
                places = ", ".join("%s" for _ in record)
                values = list(record.values())
                cursor.execute(f"INSERT INTO {table} ({', '.join(record)}) VALUES ({places})", values)


def load_sqlite(path: Path, tables: Mapping[str, Sequence[Record]]) -> None:
    """Make a SQLite database of the same schema, with the same rows."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        fill_sqlite(connection, tables)


def fill_sqlite(connection: sqlite3.Connection, tables: Mapping[str, Sequence[Record]]) -> None:
    """Make the schema and insert rows; times are UTC without offset."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(SCHEMA.read_text(encoding="utf-8"))
    for table, records in tables.items():
        for record in records:
            values = [_sqlite_value(name, value) for name, value in record.items()]
            places = ", ".join("?" for _ in values)
            connection.execute(f"INSERT INTO {table} ({', '.join(record)}) VALUES ({places})", values)


def load_mariadb(server: MariaDbServer, database: str, tables: Mapping[str, Sequence[Record]]) -> None:
    """Make a database of MariaDB of the same schema, with the same rows; times are UTC."""
    schema = SCHEMA.read_text(encoding="utf-8")
    keys = r"\b(\w+_id|partner|list_tag) +text\b"  # a key needs a length
    for theirs, ours in (
        (keys, r"\1 varchar(100)"),
        (r"\btimestamptz\b", "datetime(6)"),
        (r"(\w) REFERENCES \w+", r"\1"),
    ):
        schema = re.sub(theirs, ours, schema)
    server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
    statements = re.sub(r"--.*", "", schema).split(";")
    server.execute(*(each for each in statements if each.strip()), database=database)
    with server.session(database) as cursor:
        for table, records in tables.items():
            for record in records:
                places = ", ".join("%s" for _ in record)
                values = [_sqlite_value(name, value) for name, value in record.items()]
                cursor.execute(f"INSERT INTO {table} ({', '.join(record)}) VALUES ({places})", values)


def sqlite_time(moment: datetime) -> str:
    """An instant as the SQLite databases of these tests hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def read_csv(path: Path) -> list[Record]:
    """The records of a CSV file in PostgreSQL's dialect: nothing is NULL, `\"\"` is the empty text."""
    rows: list[list[str | None]] = [[]]
    text = path.read_text(encoding="utf-8")
    at = 0
    while at < len(text):
        cell = _CELL.match(text, at)
        assert cell, f"{path}: no CSV at {text[at : at + 40]!r}"
        quoted, plain, end = cell.groups()
        rows[-1].append(quoted.replace('""', '"') if quoted is not None else plain or None)
        if end == "\n":
            rows.append([])
        at = cell.end()
    header, *records = [row for row in rows if row]
    assert all(len(record) == len(header) for record in records), f"{path}: a row has not {len(header)} cells"
    return [dict(zip([str(name) for name in header], record, strict=True)) for record in records]


def instant(text: str) -> datetime:
    """An instant in ISO with an offset."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo, f"{text}: no offset"
    return moment


def _sqlite_value(column: str, value: str | None) -> str | None:
    if value is None or not column.endswith("_at"):
        return value
    return sqlite_time(instant(value))


def _read(directory: Path) -> Case:
    said: dict[str, Any] = yaml.safe_load((directory / "case.yaml").read_text(encoding="utf-8"))
    window = said.get("window")
    return Case(
        directory=directory,
        report_type=directory.parent.name,
        filters={name: _values(value) for name, value in said["filters"].items()},
        zone=ZoneInfo(said.get("timezone", "America/New_York")),
        window=Window(instant(window["start"]), instant(window["end"])) if window else None,
        as_of=instant(said["as_of"]) if "as_of" in said else None,
        excluded=said.get("excluded", 0),
        postgresql_only=said.get("postgresql_only"),
    )


def _values(value: str | list[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


BY_NAME = {f"{case.report_type}-{case.directory.name}": case for case in all_cases()}
PORTABLE = {name: case for name, case in BY_NAME.items() if case.postgresql_only is None}


def the_type(case: Case) -> ReportType:
    return load_report_type(PROJECT / "report_types" / f"{case.report_type}.yaml")


def check(answer: Answer, report_type: ReportType, case: Case) -> None:
    assert answer.file.decode() == case.expected.decode()
    assert answer.excluded == case.excluded
    rows = read_csv(case.directory / "expected.csv")
    assert answer.totals.rows == len(rows)
    for column in report_type.totals:
        expected = sum((Decimal(row[column.name] or 0) for row in rows), Decimal(0))
        assert answer.totals.sums[column.name] == expected, column.name
    if report_type.totals_by:
        assert set(answer.totals.groups) == {row[report_type.totals_by] for row in rows}
