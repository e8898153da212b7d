from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from tests.support.databases.sql_cases import (
    BY_NAME,
    PORTABLE,
    Case,
    all_cases,
    ask,
    check,
    load_postgres,
    load_sqlite,
    the_type,
)

CASES = all_cases()


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
