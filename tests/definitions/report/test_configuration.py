"""A definition in the product's words, as the page shows it and its form says it before anything is created."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.configuration import (
    configuration,
    date_range_words,
    destination_words,
    sentence,
    window_words,
)
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.dates.window import DayRange, Preset, Window, resolve
from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import Download, PartnerExport
from tests.support.project import home, registry

__all__ = ["home", "registry"]

NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
BUCKET = {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports", "prefix": "june/"}}
ONCE: dict[str, Any] = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit", "expired"]},
    "frequency": "one_time",
    "date_range": "past_week",
    "delivery": ["download"],
}
SNAPSHOT: dict[str, Any] = {
    "name": "Members",
    "report_type": "user_ledger_summary",
    "filters": {"wallet": "grocery-rewards"},
    "frequency": "one_time",
    "delivery": ["download"],
}
WEEKLY = {"interval": "weekly", "delivery_day": "monday", "delivery_time": "07:30"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NOON = at("2026-11-18T12:00:00-05:00")


def draft(registry: Registry, body: dict[str, Any]) -> Definition:
    return registry.draft(body, by="ada@example.com", at=NOON)


def said(registry: Registry, body: dict[str, Any]) -> str:
    definition = draft(registry, body)
    window = None
    if definition.date_range is not None:
        window = resolve(definition.date_range, NOON, ZoneInfo(definition.timezone), definition.week_starts_on)
    return sentence(definition, registry.account, window, NOON)


def test_a_one_time_configuration_is_in_the_order_of_the_form(registry: Registry) -> None:
    shown = [tuple(each) for each in configuration(draft(registry, ONCE), registry.account)]
    assert shown == [
        ("name", "Name", "June audit"),
        ("promotion_type", "Promotion Type", "Loyalty Wallet"),
        ("report_type", "Report Type", "Wallet Transactions"),
        ("filters.wallet", "Loyalty wallet", "grocery-rewards"),
        ("filters.transaction_source", "Transaction source", "All"),
        ("filters.transaction_type", "Transaction type", "Credit, Expired"),
        ("delivery", "Delivery destination", "Device Storage"),
        ("frequency", "Export Frequency", "One Time"),
        ("date_range", "Date Range", "Past week"),
        ("timezone", "Timezone", "America/New_York"),
        ("csv_safety", "Text cells", "Safe for spreadsheets: what looks like a formula gets a leading apostrophe"),
        ("owner", "Owner", "ada@example.com"),
    ]


def test_a_recurring_configuration_has_its_rhythm_and_no_date_range(registry: Registry) -> None:
    body = ONCE | {
        "frequency": WEEKLY,
        "date_range": None,
        "delivery": [BUCKET, "download"],
        "timezone": "Asia/Kolkata",
    }
    shown = {each.key: each.value for each in configuration(draft(registry, body), registry.account)}
    assert "date_range" not in shown
    assert shown["frequency"] == "Recurring: every Monday at 07:30 Asia/Kolkata, the week before"
    assert shown["delivery"] == "s3://bi-exports/promo-reports/june, Device Storage"
    assert "csv_safety" not in shown
    rows = {each.label: each.value for each in configuration(draft(registry, body), registry.account)}
    assert rows["Text cells, s3://bi-exports/promo-reports/june"] == "Unchanged, for machines"
    assert rows["Text cells, Device Storage"] == (
        "Safe for spreadsheets: what looks like a formula gets a leading apostrophe"
    )
    raw = {
        each.key: each.value for each in configuration(draft(registry, body | {"csv_safety": "raw"}), registry.account)
    }
    assert raw["csv_safety"] == "Unchanged, in the download too: a spreadsheet may run a cell that looks like a formula"
    to_bucket = draft(registry, body | {"delivery": [BUCKET]})
    assert dict(each[::2] for each in configuration(to_bucket, registry.account))["csv_safety"] == (
        "Unchanged, for machines"
    )
    assert shown["timezone"] == "Asia/Kolkata"


def test_a_filter_that_names_every_value_says_all(registry: Registry) -> None:
    types = draft(registry, ONCE).report_type.filter("transaction_type").everything
    assert types
    for chosen in ("all", list(types)):
        body = ONCE | {"filters": ONCE["filters"] | {"transaction_type": chosen}}
        shown = {each.key: each.value for each in configuration(draft(registry, body), registry.account)}
        assert shown["filters.transaction_type"] == "All"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ONCE, "Wallet Transactions: 9 Nov 2026 to 15 Nov 2026 (America/New_York), once, to Device Storage."),
        (ONCE | {"date_range": "yesterday", "delivery": [BUCKET, "download"]},
         "Wallet Transactions: 17 Nov 2026 (America/New_York), once,"
         " to s3://bi-exports/promo-reports/june and Device Storage."),
        (ONCE | {"date_range": "today"},
         "Wallet Transactions: 18 Nov 2026 to now (America/New_York), once, to Device Storage."),
        (ONCE | {"date_range": {"first": "2026-11-01", "last": "2026-11-18"}},
         "Wallet Transactions: 1 Nov 2026 to now (America/New_York), once, to Device Storage."),
        (ONCE | {"date_range": {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T06:30:00Z"}},
         "Wallet Transactions: 31 Oct 2026 to 2 Nov 2026 01:30 (America/New_York), once, to Device Storage."),
        (ONCE | {"date_range": "past_month", "timezone": "Asia/Kolkata"},
         "Wallet Transactions: 1 Oct 2026 to 31 Oct 2026 (Asia/Kolkata), once, to Device Storage."),
        (SNAPSHOT, "User Ledger Summary: a snapshot as of now, once, to Device Storage."),
        (ONCE | {"frequency": {"interval": "daily"}, "date_range": None, "delivery": [BUCKET]},
         "Wallet Transactions: every day at 06:00 America/New_York, the day before,"
         " to s3://bi-exports/promo-reports/june."),
        (ONCE | {"frequency": WEEKLY, "date_range": None, "delivery": [BUCKET]},
         "Wallet Transactions: every Monday at 07:30 America/New_York, the week before,"
         " to s3://bi-exports/promo-reports/june."),
        (SNAPSHOT | {"frequency": {"interval": "daily"}, "delivery": [BUCKET]},
         "User Ledger Summary: every day at 06:00 America/New_York, a snapshot as of the end of the day before,"
         " to s3://bi-exports/promo-reports/june."),
        (SNAPSHOT | {"frequency": WEEKLY, "delivery": [BUCKET]},
         "User Ledger Summary: every Monday at 07:30 America/New_York, a snapshot as of the end of the week before,"
         " to s3://bi-exports/promo-reports/june."),
    ],
)  # fmt: skip
def test_the_sentence(registry: Registry, body: dict[str, Any], expected: str) -> None:
    assert said(registry, body) == expected


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        ("2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", NEW_YORK, "8 Mar 2026 (America/New_York)"),
        ("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", NEW_YORK, "1 Nov 2026 (America/New_York)"),
        ("2026-10-26T00:00:00-04:00", "2026-11-02T00:00:00-05:00", NEW_YORK,
         "26 Oct 2026 to 1 Nov 2026 (America/New_York)"),
        # Twenty-four hours from midnight of the day with 25 end on it, an hour before midnight.
        ("2026-11-01T00:00:00-04:00", "2026-11-01T23:00:00-05:00", NEW_YORK,
         "1 Nov 2026 to 1 Nov 2026 23:00 (America/New_York)"),
        ("2026-11-01T18:30:00Z", "2026-11-02T18:30:00Z", KOLKATA, "2 Nov 2026 (Asia/Kolkata)"),
        # Cuba's clocks go from 23:59:59 to 01:00: the next day begins then, and this one is whole.
        ("2026-03-07T00:00:00-05:00", "2026-03-08T05:00:00Z", ZoneInfo("America/Havana"),
         "7 Mar 2026 (America/Havana)"),
    ],
)  # fmt: skip
def test_windows_are_local_days_on_days_of_23_and_25_hours_too(
    start: str, end: str, zone: ZoneInfo, expected: str
) -> None:
    assert window_words(Window(at(start), at(end)), zone) == expected


def test_a_window_that_ends_within_a_day_says_now_only_where_it_is_now() -> None:
    window = Window(at("2026-11-18T00:00:00-05:00"), NOON)
    assert window_words(window, NEW_YORK, now=NOON) == "18 Nov 2026 to now (America/New_York)"
    assert window_words(window, NEW_YORK) == "18 Nov 2026 to 18 Nov 2026 12:00 (America/New_York)"


def test_date_ranges_are_said_as_they_were_chosen() -> None:
    assert [date_range_words(each, NEW_YORK) for each in Preset] == [
        "Yesterday", "Today", "Past 7 days", "Past week", "Past 2 weeks", "Past 3 weeks", "Past month",
        "Past 2 months", "Past 3 months",
    ]  # fmt: skip
    days = DayRange(at("2026-11-01").date(), at("2026-11-07").date())
    assert date_range_words(days, NEW_YORK) == "2026-11-01 to 2026-11-07, both included"
    window = Window(at("2026-11-01T00:00:00-04:00"), at("2026-11-03T00:00:00-05:00"))
    assert date_range_words(window, NEW_YORK) == "1 Nov 2026 to 2 Nov 2026 (America/New_York)"


@pytest.mark.parametrize(
    ("own", "prefix", "expected"),
    [
        ("", "", "s3://exports"),
        ("promo-reports", "", "s3://exports/promo-reports"),
        ("promo-reports/", "june/", "s3://exports/promo-reports/june"),
        ("", "a/b", "s3://exports/a/b"),
    ],
)
def test_a_bucket_is_said_with_the_prefixes_that_files_get(own: str, prefix: str, expected: str) -> None:
    account = Account("UTC", "monday", (Bucket("amazon_s3", "exports", "exports_s3", own),))
    assert destination_words(PartnerExport("amazon_s3", "exports", prefix), account) == expected


def test_device_storage_and_a_bucket_that_is_connected_no_more() -> None:
    account = Account("UTC", "monday", ())
    assert destination_words(Download(), account) == "Device Storage"
    assert destination_words(PartnerExport("amazon_s3", "gone", "x"), account) == "s3://gone/x"
