from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from tests.report_types.cases import PROJECT, Answer, Case, all_cases, ask, load_postgres, load_sqlite, read_csv

CASES = all_cases()
BY_NAME = {f"{case.report_type}-{case.directory.name}": case for case in CASES}
PORTABLE = {name: case for name, case in BY_NAME.items() if case.postgresql_only is None}


@pytest.fixture(scope="module")
def database(promo_database: Callable[[], PromoDatabase]) -> PromoDatabase:
    """One database for all cases: each replaces its rows."""
    return promo_database()


@pytest.mark.parametrize("case", BY_NAME.values(), ids=BY_NAME.keys())
def test_on_postgresql(case: Case, database: PromoDatabase) -> None:
    load_postgres(database.owner_url, case.tables())
    report_type = the_type(case)
    snapshot = PostgresSnapshot(Source("promo_db", database.reader_url), case.zone, TimeLimits(60))
    check(ask(snapshot, report_type, case), report_type, case)


@pytest.mark.parametrize("case", PORTABLE.values(), ids=PORTABLE.keys())
def test_on_sqlite(case: Case, tmp_path: Path) -> None:
    load_sqlite(tmp_path / "promo.sqlite", case.tables())
    report_type = the_type(case)
    snapshot = GenericSnapshot(Source("promo_db", f"sqlite:///{tmp_path / 'promo.sqlite'}"), case.zone, TimeLimits(60))
    check(ask(snapshot, report_type, case), report_type, case)


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
