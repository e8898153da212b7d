"""What every report type owes, and what the product spec and the domain reference say of each."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devstack.databases import PromoDatabase
from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import ColumnType, DateRangeRule, ReportType
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Snapshot, Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import choices
from promo_reports.sql.report_query import load_options_query, load_report_query
from promo_reports.sql.template import Parameters
from tests.support.databases.sql_cases import CASES, PROJECT, SQL, Record, load_postgres, load_sqlite, read_csv
from tests.support.report_types import LOGS, TYPES

UTC_ZONE = ZoneInfo("UTC")

# Types of PostgreSQL's catalogue, by what a column may say of itself.
OIDS = {
    ColumnType.TEXT: {25, 1043},
    ColumnType.INTEGER: {20, 21, 23},
    ColumnType.DECIMAL: {1700},
    ColumnType.TIMESTAMP: {1184},
}


@pytest.fixture(scope="module")
def database(promo_database: Callable[[], PromoDatabase]) -> PromoDatabase:
    """One database for the module."""
    return promo_database()


each_type = pytest.mark.parametrize("report_type", TYPES.values(), ids=TYPES.keys())


def test_ships_the_six_of_the_spec_and_a_seventh() -> None:
    assert {each.id: (each.promotion_type.label, each.title) for each in TYPES.values()} == {
        "wallet_summary": ("Loyalty Wallet", "Wallet Summary"),
        "wallet_transactions": ("Loyalty Wallet", "Wallet Transactions"),
        "user_ledger_summary": ("Loyalty Wallet", "User Ledger Summary"),
        "points_expiry_liability": ("Loyalty Wallet", "Points Expiry Liability"),
        "voucher_assignment_logs": ("Partner Vouchers", "Voucher Assignment Logs"),
        "reward_assignment": ("Promo Campaigns", "Reward Assignment"),
        "user_errors": ("Promo Campaigns", "User Errors"),
    }


def test_the_seventh_needed_no_python() -> None:
    modules = (PROJECT / "plugins").rglob("*.py")
    assert not [path for path in modules if "points_expiry_liability" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("wallet_summary", {"wallet": Select.ONE}),
        (
            "wallet_transactions",
            {"wallet": Select.ONE, "transaction_source": Select.MANY, "transaction_type": Select.MANY},
        ),
        ("user_ledger_summary", {"wallet": Select.ONE}),
        ("points_expiry_liability", {"wallet": Select.ALL}),
        ("voucher_assignment_logs", {"partner": Select.ONE, "list_tag": Select.ONE}),
        ("reward_assignment", {"campaign": Select.ONE}),
        ("user_errors", {"campaign": Select.ONE}),
    ],
)
def test_filters_are_those_of_the_spec(name: str, filters: dict[str, Select]) -> None:
    assert {each.name: each.select for each in TYPES[name].filters} == filters


def test_sources_are_all_selected_by_default_and_types_are_not() -> None:
    source, kind = (
        TYPES["wallet_transactions"].filter("transaction_source"),
        TYPES["wallet_transactions"].filter("transaction_type"),
    )
    assert (source.default_all, source.required) == (True, False)
    assert {choice.title for choice in source.choices} == {
        "Cashback Coupon", "System", "API", "Promo Campaign", "Manual",
    }  # fmt: skip
    assert (kind.default_all, kind.required) == (False, True)
    assert [choice.title for choice in kind.choices] == ["Credit", "Debit", "Expired", "Promised", "Reverse", "Refund"]


@each_type
def test_dates_are_limited_as_the_spec_says(report_type: ReportType) -> None:
    if report_type.id in LOGS:
        assert (report_type.date_range, report_type.max_months) == (DateRangeRule.REQUIRED, 3)
        assert report_type.window_column == report_type.order[0]
    else:
        assert (report_type.window_column, report_type.max_months) == (None, None)
        snapshot = report_type.id != "wallet_summary"
        assert report_type.date_range is (DateRangeRule.NONE if snapshot else DateRangeRule.REQUIRED)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (
            "wallet_summary",
            "wallet_id wallet_name points_name members issued issued_cashback_coupon issued_promo_campaign issued_api"
            " issued_manual issued_system redeemed removed expired promised reversed refunded opening_balance"
            " closing_balance",
        ),
        (
            "wallet_transactions",
            "transaction_id occurred_at user_id wallet_id wallet_name transaction_type transaction_source points"
            " balance_after campaign_id coupon_code order_id sale_channel location_id sale_amount"
            " related_transaction_id expires_at description recorded_at",
        ),
        (
            "user_ledger_summary",
            "user_id active_balance promised_balance issued redeemed removed expired reversed refunded"
            " next_expiration_at next_expiration_points first_transaction_at last_transaction_at",
        ),
        (
            "voucher_assignment_logs",
            "assigned_at assignment_id user_id partner list_tag voucher_list_id voucher_code source campaign_id"
            " list_expires_at list_status redeemed_at",
        ),
        (
            "reward_assignment",
            "assigned_at assignment_id campaign_id campaign_name user_id reward_type reward_value wallet_id coupon_code"
            " voucher_code transaction_id",
        ),
        (
            "user_errors",
            "occurred_at error_id campaign_id campaign_name user_id reward_type error_code error_message attempt",
        ),
        ("points_expiry_liability", "wallet_id wallet_name points_name expires_at points users"),
    ],
)
def test_columns_are_those_that_users_expect(name: str, columns: str) -> None:
    """A change here changes files that people's programs read: say so in the changelog."""
    assert [column.name for column in TYPES[name].columns] == columns.split()


@each_type
def test_says_what_it_is(report_type: ReportType) -> None:
    texts = {report_type.id: report_type.description}
    texts |= {f"filter {each.name}": each.description for each in report_type.filters}
    texts |= {f"column {each.name}": each.description for each in report_type.columns}
    for name, text in texts.items():
        assert len(text.split()) > 3, f"{name}: {text!r}"
        assert text.endswith("."), f"{name}: {text!r}"
        assert text == " ".join(text.split()), f"{name}: {text!r}"


@each_type
def test_marks_who_it_is_about_and_what_adds_up(report_type: ReportType) -> None:
    for column in report_type.columns:
        assert column.pii == (column.name == "user_id"), column.name
        assert (column.scale == 2 and column.unit is not None) == (column.type is ColumnType.DECIMAL), column.name
    by = {
        "wallet_transactions": ("transaction_type", {"points"}),
        "reward_assignment": ("reward_type", {"reward_value"}),
    }
    if report_type.id in by:
        assert (report_type.totals_by, {column.name for column in report_type.totals}) == by[report_type.id]


@each_type
def test_sql_gives_the_declared_columns_and_types(report_type: ReportType, database: PromoDatabase) -> None:
    import psycopg2

    query = load_report_query(report_type, SQL).rows(a_month(report_type))
    with contextlib.closing(psycopg2.connect(database.reader_url)) as connection, connection.cursor() as cursor:
        cursor.execute(query.pyformat(), query.values)
        found = [(column.name, column.type_code) for column in cursor.description or ()]
    assert [name for name, _ in found] == [column.name for column in report_type.columns]
    for (name, oid), column in zip(found, report_type.columns, strict=True):
        assert oid in OIDS[column.type], f"{name} is {oid}, declared {column.type.value}"


@pytest.mark.parametrize("path", sorted(SQL.rglob("*.sql")), ids=lambda path: str(path.relative_to(SQL)))
def test_sql_is_portable(path: Path) -> None:
    """The same text runs on PostgreSQL, SQLite and MariaDB: what one of them lacks or reads otherwise is left out."""
    text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for lacking in (
        r"::", r'"', r"\|\|", r"`", r"\bILIKE\b", r"\bFILTER\s*\(", r"\bNULLS\s+(FIRST|LAST)\b", r"\bARRAY\b",
        r"\bINTERVAL\b", r"\bDISTINCT\s+ON\b", r"\bLATERAL\b", r"\bFULL\b", r"\b(GREATEST|LEAST|IF|IIF|IFNULL)\s*\(",
        r"\b(now|current_\w+|date\w*|to_char|extract|strftime)\s*\(", r"\bCAST\s*\(", r"\bRETURNING\b", r"--",
    ):  # fmt: skip
        found = re.search(lacking, text, re.IGNORECASE)
        assert found is None, f"{path.name}: {found}"


@each_type
def test_has_cases(report_type: ReportType) -> None:
    names = {path.parent.name for path in CASES.glob(f"{report_type.id}/*/case.yaml")}
    assert len(names) >= 6
    if report_type.window_column:
        assert {"ordinary", "window_boundaries", "ties_in_time", "dst_fall_back", "infinite_time"} <= names


MADE = "2026-01-01 00:00:00+00"
OPTIONS_ROWS: dict[str, list[Record]] = {
    "wallets": [
        {"wallet_id": "w2", "name": "Beans", "points_name": "beans", "status": "inactive", "created_at": MADE},
        {"wallet_id": "w1", "name": "Stars", "points_name": "stars", "status": "active", "created_at": MADE},
        {"wallet_id": "w0", "name": "Stars", "points_name": "stars", "status": "active", "created_at": MADE},
    ],
    "campaigns": [
        {"campaign_id": key, "name": name, "campaign_type": "a", "status": status, "starts_at": at, "ends_at": at}
        for key, name, status, at in (
            ("c1", "Old", "ended", "2025-01-01 00:00:00+00"),
            ("c3", "Tied", "running", MADE),
            ("c2", "New", "scheduled", MADE),
        )
    ],
    "voucher_lists": [
        {"voucher_list_id": f"{partner}-{tag}", "partner": partner, "list_tag": tag, "status": status}
        for partner, tag, status in (
            ("Taxi", "gold", "active"),
            ("Cinema", "silver", "expired"),
            ("Cinema", "gold", "exhausted"),
            ("Cinema", "bronze", "inactive"),
        )
    ],
}


@pytest.mark.parametrize(
    ("report_type", "name", "chosen", "expected"),
    [
        ("wallet_summary", "wallet", {}, [("w2", "Beans"), ("w0", "Stars"), ("w1", "Stars")]),
        ("reward_assignment", "campaign", {}, [("c2", "New"), ("c3", "Tied"), ("c1", "Old")]),
        ("voucher_assignment_logs", "partner", {}, [("Cinema", "Cinema"), ("Taxi", "Taxi")]),
        (
            "voucher_assignment_logs",
            "list_tag",
            {"partner": ("Cinema",)},
            [("bronze", "bronze"), ("gold", "gold"), ("silver", "silver")],
        ),
        ("voucher_assignment_logs", "list_tag", {"partner": ("Taxi",)}, [("gold", "gold")]),
        ("voucher_assignment_logs", "list_tag", {"partner": ("' OR 1=1",)}, []),
    ],
)
def test_options_show_every_status(
    report_type: str,
    name: str,
    chosen: dict[str, tuple[str, ...] | None],
    expected: list[tuple[str, str]],
    database: PromoDatabase,
    tmp_path: Path,
) -> None:
    load_postgres(database.owner_url, OPTIONS_ROWS)
    load_sqlite(tmp_path / "promo.sqlite", OPTIONS_ROWS)
    sources: list[Snapshot] = [
        PostgresSnapshot(Source("promo_db", database.reader_url), UTC_ZONE, TimeLimits(60)),
        GenericSnapshot(Source("promo_db", f"sqlite:///{tmp_path / 'promo.sqlite'}"), UTC_ZONE, TimeLimits(60)),
    ]
    for snapshot in sources:
        with snapshot:
            found = choices(snapshot, TYPES[report_type], TYPES[report_type].filter(name), chosen, SQL)
        assert [(choice.value, choice.title) for choice in found] == expected


@each_type
def test_options_that_filters_name_exist(report_type: ReportType) -> None:
    for each in report_type.filters:
        if each.options:
            load_options_query(SQL, each.options, each.depends_on)


def test_read_csv_keeps_null_and_empty_apart(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text('a,b,c\n1,,""\n"x ""y"", z","two\nlines",\n', encoding="utf-8")
    assert read_csv(file) == [{"a": "1", "b": None, "c": ""}, {"a": 'x "y", z', "b": "two\nlines", "c": None}]


def a_month(report_type: ReportType) -> Parameters:
    """Parameters that every report type takes: the value `x` for each filter, May 2026 or its first instant."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    filters: dict[str, tuple[str, ...] | None] = {each.name: ("x",) for each in report_type.filters}
    if report_type.date_range is DateRangeRule.NONE:
        return Parameters(filters, as_of=start)
    return Parameters(filters, Window(start, start.replace(month=6)))
