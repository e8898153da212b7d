"""Logs come straight from their index, in order: no sort, whatever the number of rows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from devstack.databases import PromoDatabase
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters
from tests.support.databases.sql_cases import SQL
from tests.support.report_types import LOGS, TYPES

WINDOW = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
TABLES = {
    "reward_assignment": "reward_assignments",
    "user_errors": "user_errors",
    "voucher_assignment_logs": "voucher_assignments",
    "wallet_transactions": "wallet_transactions",
}
CHOSEN = {
    "wallet": ("w1",),
    "transaction_source": ("api", "promo_campaign"),
    "transaction_type": ("credit", "debit", "expired", "promised", "reverse", "refund"),
    "partner": ("p1",),
    "list_tag": ("t1",),
    "campaign": ("c1",),
}
# 100,000 rows of each log, half a minute apart, over four wallets, lists and campaigns.
ROWS = """
INSERT INTO wallets SELECT 'w' || i, 'Wallet', 'points', 'active', '2026-01-01Z' FROM generate_series(0, 3) i;
INSERT INTO campaigns
    SELECT 'c' || i, 'Campaign', 'a', 'running', '2026-01-01Z', '2027-01-01Z' FROM generate_series(0, 3) i;
INSERT INTO voucher_lists SELECT 'v' || i, 'p' || i, 't' || i, 'active' FROM generate_series(0, 3) i;
CREATE TEMPORARY TABLE n AS
    SELECT i AS id, timestamptz '2026-01-01Z' + i * interval '30 s' AS at, 'u' || i % 5000 AS u, i % 4 AS k
    FROM generate_series(1, 100000) i;
INSERT INTO wallet_transactions
    (transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points,
     balance_after)
    SELECT id, at, at, u, 'w' || k, (ARRAY['credit', 'debit', 'expired'])[1 + id % 3],
        (ARRAY['api', 'system', 'promo_campaign'])[1 + id % 3], 1, 1 FROM n;
INSERT INTO voucher_assignments
    (assignment_id, assigned_at, recorded_at, user_id, voucher_list_id, voucher_code, source)
    SELECT id, at, at, u, 'v' || k, 'code', 'api' FROM n;
INSERT INTO reward_assignments
    (assignment_id, assigned_at, recorded_at, campaign_id, user_id, reward_type, reward_value)
    SELECT id, at, at, 'c' || k, u, 'wallet_points', 1 FROM n;
INSERT INTO user_errors
    (error_id, occurred_at, recorded_at, campaign_id, user_id, reward_type, error_code, error_message, attempt)
    SELECT id, at, at, 'c' || k, u, 'coupon', 'code', 'message', 1 FROM n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def url(promo_database: Callable[[], PromoDatabase]) -> str:
    import psycopg2

    database = promo_database()
    with (
        contextlib.closing(psycopg2.connect(database.owner_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(ROWS)
    return database.reader_url


@pytest.mark.parametrize("name", LOGS)
def test_rows_of_logs_are_not_sorted(name: str, url: str) -> None:
    plan = explain(name, url)
    assert "Sort" not in plan, plan
    table = TABLES[name]
    assert f"Index Scan using {table}_window on public.{table}" in plan, plan


@pytest.mark.parametrize("name", ["wallet_summary", "user_ledger_summary", "points_expiry_liability"])
def test_promises_are_looked_up_in_one_scan_for_all_rows(name: str, url: str) -> None:
    plan = explain(name, url)
    assert "(hashed SubPlan" in plan, plan
    assert len(re.findall(r"Scan .*on public.wallet_transactions\b", plan)) <= 2, plan


def explain(name: str, url: str) -> str:
    import psycopg2

    report_type = TYPES[name]
    filters = {each.name: CHOSEN[each.name] for each in report_type.filters}
    snapshot = report_type.date_range is DateRangeRule.NONE
    parameters = Parameters(filters, None if snapshot else WINDOW, WINDOW.end if snapshot else None)
    query = load_report_query(report_type, SQL).rows(parameters)
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("EXPLAIN (COSTS OFF, VERBOSE) " + query.pyformat(), query.values)
        return "\n".join(line for (line,) in cursor.fetchall())
