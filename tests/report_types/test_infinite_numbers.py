"""NaN and infinities in the tables that the shipped report types read: a file that they change is refused.

Each number of each row of a case is replaced by one of them. Either the export is refused, or the number has no part in
the file: it is the same whatever stands there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest

from devstack.databases import PromoDatabase
from promo_reports.domain.report_type import ColumnType
from promo_reports.errors import DataRefused, SourceRefused
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Snapshot, Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from tests.support.databases.sql_cases import SQL, Case, all_cases, ask, fill_sqlite, load_postgres, the_type

NUMBERS = {
    "wallet_transactions": ("points", "balance_after", "sale_amount"),
    "reward_assignments": ("reward_value",),
}
KEYS = {"wallet_transactions": "transaction_id", "reward_assignments": "assignment_id"}
CHOSEN = {
    "points_expiry_liability": ("every_wallet", "promises_that_end_otherwise"),
    "user_ledger_summary": ("promises_that_end_otherwise",),
    "wallet_summary": ("promises_that_end_otherwise",),
    "wallet_transactions": ("ordinary",),
    "reward_assignment": ("ordinary",),
    "user_errors": ("ordinary",),
    "voucher_assignment_logs": ("ordinary",),
}
"""Cases whose rows meet all that a report type does with numbers."""
CASES = {
    f"{case.report_type}-{case.directory.name}": case
    for case in all_cases()
    if case.directory.name in CHOSEN[case.report_type]
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def test_every_report_type_is_met() -> None:
    assert {case.report_type for case in CASES.values()} == CHOSEN.keys()
    assert len(CASES) == sum(map(len, CHOSEN.values()))


@pytest.fixture(scope="module", params=["numeric", "float8"])
def kind(request: pytest.FixtureRequest) -> str:
    """A type that holds infinities, which numeric(18, 2) does not."""
    return str(request.param)


@pytest.fixture(scope="module")
def database(promo_database: Callable[[], PromoDatabase], kind: str) -> PromoDatabase:
    """One whose numbers are of that type."""
    database = promo_database()
    with (
        contextlib.closing(psycopg2.connect(database.owner_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        for table, columns in NUMBERS.items():
            for column in columns:
                cursor.execute(f"ALTER TABLE {table} ALTER {column} TYPE {kind}")
    return database


@each_case
def test_on_postgresql(case: Case, kind: str, database: PromoDatabase) -> None:
    load_postgres(database.owner_url, case.tables())
    source = Source("promo_db", database.reader_url)
    with contextlib.closing(psycopg2.connect(database.owner_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def put(statement: str, value: str | None) -> None:
            cursor.execute(statement.format("%s"), [value])

        values = ("NaN", "-Infinity", "Infinity") if kind == "numeric" else ("-Infinity",)
        check(case, put, lambda: PostgresSnapshot(source, case.zone, TimeLimits(60)), values, every=kind == "numeric")


@each_case
def test_on_sqlite(case: Case, tmp_path: Path) -> None:
    """It has no NaN."""
    path = tmp_path / "promo.sqlite"
    source = Source("promo_db", f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        fill_sqlite(connection, case.tables())

        def put(statement: str, value: str | None) -> None:
            connection.execute(statement.format("CAST(? AS NUMERIC)"), [value])

        check(case, put, lambda: GenericSnapshot(source, case.zone, TimeLimits(60)), ("-9e999",), every=True)


def check(
    case: Case,
    put: Callable[[str, str | None], None],
    snapshot: Callable[[], Snapshot],
    values: tuple[str, ...],
    *,
    every: bool,
) -> None:
    """Put each value, one at a time, in the place of each number of the first row, or of every row; `put` sets one."""
    report_type = the_type(case)
    sql = (SQL / f"{report_type.id}.sql").read_text(encoding="utf-8")
    decimals = [place for place, column in enumerate(report_type.columns) if column.type is ColumnType.DECIMAL]

    def made() -> str | None:
        """The file; None where it is refused."""
        try:
            file = ask(snapshot(), report_type, case).file.decode()
        except (DataRefused, SourceRefused):  # PostgreSQL has no ROUND(float8, 2)
            return None
        cells = {line.split(",")[place] for line in file.splitlines() for place in decimals}
        return None if cells & {"NaN", "Infinity", "-Infinity"} else file

    for table, columns in NUMBERS.items():
        records = case.tables().get(table, [])
        for record in records if every and case.as_of else records[:1]:  # elsewhere a row is added up or shown alone
            for column in (each for each in columns if f".{each}" in sql):
                statement = f"UPDATE {table} SET {column} = {{}} WHERE {KEYS[table]} = {record[KEYS[table]]}"
                for value in values:
                    put(statement, value)
                    if (file := made()) is not None:
                        put(statement, "1000000.00")
                        assert file == made(), (statement, value)
                        put(statement, "-1000000.00")
                        assert file == made(), (statement, value)
                put(statement, record.get(column) or ("0" if column == "balance_after" else None))
