"""The report types' SQL on MariaDB: the same rows give the same files."""

from __future__ import annotations

import pytest

from devstack.mariadb import MariaDbServer
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from tests.support.databases.sql_cases import PORTABLE, Case, ask, check, load_mariadb, the_type


@pytest.mark.parametrize("case", PORTABLE.values(), ids=PORTABLE.keys())
def test_on_mariadb(case: Case, mariadb: MariaDbServer) -> None:
    load_mariadb(mariadb, "cases", case.tables())
    report_type = the_type(case)
    snapshot = GenericSnapshot(Source("promo_db", mariadb.url("cases")), case.zone, TimeLimits(60))
    check(ask(snapshot, report_type, case), report_type, case)
