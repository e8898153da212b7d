"""Definitions that break a rule (reliability, "Bad input"): each mistake is named at its key; nothing is created."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.end_to_end.live import ALL_TYPES, BUCKET, ZONE, to
from tests.support.end_to_end.reports_api import People, daily, ledger, transactions

SOUND = transactions("Sound", "fuel-points")
TOMORROW = f"{datetime.now(ZONE) + timedelta(days=1):%Y-%m-%d}"


def filters(**changed: Any) -> dict[str, Any]:
    return transactions("Sound", "", filters={"wallet": "fuel-points", "transaction_type": list(ALL_TYPES), **changed})


def without(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in keys}


# What is posted, the keys that are named, and words that say why.
MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "nothing": ({}, ("delivery", "frequency", "name", "report_type"), "is required"),
    "an id": ({**SOUND, "id": "mine"}, ("id",), "is given by Promo Reports"),
    "an owner": ({**SOUND, "owner": "admin"}, ("owner",), "is given by Promo Reports"),
    "an unknown key": ({**SOUND, "connection": "airflow_db"}, ("connection",), "unknown key"),
    "who created it": ({**SOUND, "created_by": "admin"}, ("created_by",), "unknown key"),
    "an empty name": ({**SOUND, "name": " "}, ("name",), "is empty"),
    "a long name": ({**SOUND, "name": "x" * 121}, ("name",), "at most 120"),
    "a control character": ({**SOUND, "name": "a\x00b"}, ("name",), "U+0000"),
    "a line break": ({**SOUND, "name": "a\nb"}, ("name",), "U+000A"),
    "a change of direction": ({**SOUND, "name": "gpj.\u202egnp"}, ("name",), "U+202E"),
    "half a character": ({**SOUND, "name": "\ud800"}, ("name",), "U+D800"),
    "a name that is a number": ({**SOUND, "name": 7}, ("name",), "must be text"),
    "a secret": ({**SOUND, "name": "postgresql://promo:hunter2@db/promo"}, ("name",), "looks like a secret"),
    "no report type": (without(SOUND, "report_type"), ("report_type",), "is required"),
    "an unknown report type": ({**SOUND, "report_type": "wallet_transaction"}, ("report_type",), "wallet_transactions"),
    "a report type that is a path": ({**SOUND, "report_type": "../x"}, ("report_type",), "is not snake_case"),
    "a report type that is a list": ({**SOUND, "report_type": ["x"]}, ("report_type",), "must be text"),
    "another promotion type": (
        {**SOUND, "promotion_type": "partner_vouchers"},
        ("promotion_type",),
        "belongs to loyalty_wallet",
    ),
    "a filter of another type": (filters(campaign="x"), ("filters.campaign",), "not a filter of wallet_transactions"),
    "no wallet": (
        {**SOUND, "filters": {"transaction_type": ["credit"]}},
        ("filters.wallet",),
        "is required",
    ),
    "all wallets": (filters(wallet="all"), ("filters.wallet",), "cannot be all"),
    "two wallets": (filters(wallet=["fuel-points", "fresh"]), ("filters.wallet",), "names 2 values"),
    "no type": (filters(transaction_type=[]), ("filters.transaction_type",), "is empty"),
    "an unknown type": (filters(transaction_type=["credits"]), ("filters.transaction_type",), "did you mean"),
    "a type twice": (filters(transaction_type=["debit", "debit"]), ("filters.transaction_type[1]",), "twice"),
    "filters that are a text": ({**SOUND, "filters": "all"}, ("filters",), ""),
    "no range": (without(SOUND, "date_range"), ("date_range",), "is required"),
    "a range of a snapshot": (
        {**ledger("Sound", "fuel-points"), "date_range": "yesterday"},
        ("date_range",),
        "takes no date range",
    ),
    "a range of a recurring one": (
        {**daily("Sound", "fuel-points"), "date_range": "yesterday"},
        ("date_range",),
        "is for one-time reports",
    ),
    "an unknown preset": ({**SOUND, "date_range": "past_year"}, ("date_range",), "is not allowed"),
    "days that end before they start": (
        {**SOUND, "date_range": {"first": "2026-10-02", "last": "2026-10-01"}},
        ("date_range",),
        "is after the last",
    ),
    "instants of no length": (
        {**SOUND, "date_range": {"start": "2026-10-01T00:00:00Z", "end": "2026-10-01T00:00:00Z"}},
        ("date_range",),
        "must start before it ends",
    ),
    "more than three months": (
        {**SOUND, "date_range": {"first": "2026-07-01", "last": "2026-10-01"}},
        ("date_range",),
        "longer than 3 months",
    ),
    "the future": (
        {**SOUND, "date_range": {"first": "2026-10-01", "last": TOMORROW}},
        ("date_range.last",),
        "is in the future",
    ),
    "no day of the calendar": (
        {**SOUND, "date_range": {"first": "2026-02-30", "last": "2026-03-01"}},
        ("date_range.first",),
        "is not in the calendar",
    ),
    "an instant without offset": (
        {**SOUND, "date_range": {"start": "2026-10-01T00:00:00", "end": "2026-10-02T00:00:00Z"}},
        ("date_range.start",),
        "with offset",
    ),
    "an unknown timezone": ({**SOUND, "timezone": "America/Newyork"}, ("timezone",), "America/New_York"),
    "a timezone that is a path": ({**SOUND, "timezone": "../../etc/passwd"}, ("timezone",), "is not a timezone"),
    "an unknown frequency": ({**SOUND, "frequency": "hourly"}, ("frequency",), "is not allowed"),
    "an unknown interval": (
        daily("Sound", "fresh", frequency={"interval": "hourly"}),
        ("frequency.interval",),
        "daily",
    ),
    "weekly without a day": (
        daily("Sound", "fresh", frequency={"interval": "weekly"}),
        ("frequency.delivery_day",),
        "is required",
    ),
    "daily on a day": (
        daily("Sound", "fresh", frequency={"interval": "daily", "delivery_day": "monday"}),
        ("frequency.delivery_day",),
        "is for weekly reports",
    ),
    "no time of day": (
        daily("Sound", "fresh", frequency={"interval": "daily", "delivery_time": "24:00"}),
        ("frequency.delivery_time",),
        "is not a time of day",
    ),
    "a recurring download": (daily("Sound", "fresh", "download"), ("delivery",), ""),
    "no delivery": ({**SOUND, "delivery": []}, ("delivery",), ""),
    "an unknown delivery": ({**SOUND, "delivery": ["email"]}, ("delivery[0]",), "is not allowed"),
    "a bucket of somebody else": (
        {**SOUND, "delivery": [to("of-somebody-else")]},
        ("delivery[0].partner_export.bucket",),
        "is not a connected bucket",
    ),
    "an address for a bucket": (
        {**SOUND, "delivery": ["download", to("https://evil.example/x")]},
        ("delivery[1].partner_export.bucket",),
        "no address",
    ),
    "a prefix above its bucket": (
        {**SOUND, "delivery": [to(BUCKET, "a/../../b")]},
        ("delivery[0].partner_export.prefix",),
        "holds . or ..",
    ),
    "a prefix from the root": (
        {**SOUND, "delivery": [to(BUCKET, "/etc")]},
        ("delivery[0].partner_export.prefix",),
        "starts with /",
    ),
    "a start of a one-time export": ({**SOUND, "starts_on": "2026-12-01"}, ("starts_on",), "is for recurring reports"),
    "several at the same time": (
        {**filters(wallet=[], transaction_type=["x"]), "name": "", "date_range": "never", "timezone": "Mars"},
        ("date_range", "filters.transaction_type", "filters.wallet", "name", "timezone"),
        "",
    ),
}


class TestReportsApiBadInput:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def nothing_is_created(cls, people: People) -> Iterator[None]:
        before = counted(people)
        yield
        assert counted(people) == before

    @pytest.mark.parametrize("case", MISTAKES)
    def test_a_mistake_is_named_at_its_key(self, people: People, case: str) -> None:
        body, paths, words = MISTAKES[case]
        for route in ("api/drafts/describe", "api/reports"):
            error = people.user.refused(422, "POST", route, content=ascii_json(body), headers=JSON)
            assert tuple(sorted(each["path"] for each in error["problems"])) == paths
            assert words in " ".join(each["message"] for each in error["problems"])
            assert "hunter2" not in str(error)

    def test_a_key_that_is_none(self, people: People) -> None:
        for key in ("", "x" * 256):
            people.user.refused(422, "POST", "api/reports", json=SOUND, headers={"Idempotency-Key": key})

    def test_days_of_a_backfill(self, people: People) -> None:
        report = people.user.create(daily("Not backfilled", "fuel-points"))
        cases = {
            "after the last day": {"first": "2026-10-02", "last": "2026-10-01"},
            "at most 400 days": {"first": "2020-01-01", "last": "2026-10-01"},
            "valid date": {"first": "2026-02-30", "last": "2026-03-01"},
            "required": {"first": "2026-02-01"},
            "not permitted": {"first": "2026-02-01", "last": "2026-02-02", "dag_id": "x"},
        }
        for route in ("windows", "backfill"):
            for words, body in cases.items():
                error = people.user.refused(422, "POST", f"api/reports/{report['id']}/{route}", json=body)
                assert words in error["problems"][0]["message"], words
                assert error["problems"][0]["path"]
        people.user.refused(
            422,
            "POST",
            f"api/reports/{report['id']}/backfill",
            json={"first": "2026-10-01", "last": "2026-10-01", "again": "maybe"},
        )
        people.user.call("DELETE", f"api/reports/{report['id']}")


JSON = {"Content-Type": "application/json"}


def ascii_json(body: Any) -> bytes:
    """JSON that may hold what no UTF-8 can."""
    return json.dumps(body, ensure_ascii=True).encode()


def counted(people: People) -> tuple[int, int]:
    """How many exports there are, and how many reports that are not deleted."""
    reports = people.admin.all("api/reports")
    kept = [each for each in reports if (each["stopped"] or {}).get("how") != "deleted"]
    return people.admin.get("api/exports", limit=1)["total"], len(kept)
