"""Duplicate: the body of a definition makes the same definition again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promo_reports.definitions.registry import Registry
from promo_reports.domain.dates.calendar import WEEKDAYS
from promo_reports.domain.dates.window import Preset, Window
from promo_reports.domain.definition import Definition
from promo_reports.settings import Settings
from promo_reports.web.definition_body import body_of

PROJECT = Path(__file__).resolve().parents[1] / "definitions" / "project"
NOON = datetime.fromisoformat("2026-07-15T12:00:00-04:00")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The small project of tests/definitions: report types with every kind of filter."""
    home = tmp_path_factory.mktemp("small") / "home"
    shutil.copytree(PROJECT, home)
    return Registry(Settings(home=home, data_dir=home / ".data"))


def draft(registry: Registry, body: dict[str, Any]) -> Definition:
    return registry.draft(body, by="ada", at=NOON)


VALUES = st.text(alphabet="abcl-_ =+'\"\u00e9\u4e00", min_size=1, max_size=8).filter(str.strip) | st.just("all")


def some(*choices: str) -> st.SearchStrategy[Any]:
    listed = st.lists(st.sampled_from(choices), min_size=1, unique=True)
    return listed | st.sampled_from(choices)


WALLET = VALUES.filter(lambda value: value != "all") | st.lists(VALUES, min_size=1, max_size=1)
LEDGER = st.fixed_dictionaries(
    {"wallet": WALLET, "kind": some("credit", "debit", "expired") | st.just("all")},
    optional={"source": some("api", "promo_campaign", "system") | st.just("all")},
)
SUMMARY = st.fixed_dictionaries({}, optional={"wallets": st.just("all") | st.lists(VALUES, min_size=1, unique=True)})
VOUCHERS = st.fixed_dictionaries(
    {"partner": st.just("cinema"), "list_tag": WALLET, "campaigns": st.lists(VALUES, min_size=1, unique=True)}
)
TYPES = st.one_of(
    st.tuples(st.just("ledger"), LEDGER),
    st.tuples(st.just("summary"), SUMMARY),
    st.tuples(st.just("vouchers"), VOUCHERS),
    st.tuples(st.just("snapshot"), st.fixed_dictionaries({"wallet": WALLET})),
)
BUCKETS = st.fixed_dictionaries(
    {"partner": st.just("amazon_s3"), "bucket": st.sampled_from(["bi-exports", "finance-exports"])},
    optional={"prefix": st.sampled_from(["june", "june/", "a/b"])},
).map(lambda export: {"partner_export": export})


def _place(delivery: dict[str, Any]) -> tuple[str, str]:
    export = delivery["partner_export"]
    return export["bucket"], export.get("prefix", "").strip("/")


CLOCK = st.times().map(lambda time: f"{time:%H:%M}")
RECURRING = st.fixed_dictionaries({"interval": st.just("daily")}, optional={"delivery_time": CLOCK}) | (
    st.fixed_dictionaries(
        {"interval": st.just("weekly"), "delivery_day": st.sampled_from(WEEKDAYS)}, optional={"delivery_time": CLOCK}
    )
)
DAYS = st.tuples(st.dates(date(2026, 1, 1), date(2026, 7, 10)), st.integers(0, 4)).map(
    lambda days: {"first": str(days[0]), "last": str(days[0] + timedelta(days=days[1]))}
)
INSTANTS = st.dates(date(2026, 1, 1), date(2026, 7, 1)).map(
    lambda start: {
        "start": f"{start}T13:30:00+05:30",
        "end": f"{start + timedelta(days=3)}T08:15:01Z",
    }
)
SHORT = st.sampled_from([each.value for each in Preset if each.months <= 1])
ZONES = st.sampled_from(["America/New_York", "Asia/Kolkata", "America/Havana"])


SHAPES = st.fixed_dictionaries(
    {},
    optional={"csv_safety": st.sampled_from(["raw", "spreadsheet"]), "format": st.sampled_from(["csv", "csv_gz"])},
)


def _shaped(delivery: Any) -> st.SearchStrategy[Any]:
    if delivery == "download":
        return st.just(delivery) | SHAPES.map(lambda shape: {"download": shape})
    return SHAPES.map(lambda shape: {"partner_export": delivery["partner_export"] | shape})


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    report_type, filters = draw(TYPES)
    body: dict[str, Any] = {"name": draw(st.sampled_from(["June", "=1+1", "no"])), "report_type": report_type}
    body["filters"] = filters
    buckets = draw(st.lists(BUCKETS, max_size=2, unique_by=_place))
    recurring = bool(buckets) and draw(st.booleans())
    body["delivery"] = [*buckets, "download"] if not buckets or draw(st.booleans()) else buckets
    body["frequency"] = draw(RECURRING) if recurring else "one_time"
    if not recurring and (report_type in ("ledger", "summary") or (report_type == "vouchers" and draw(st.booleans()))):
        body["date_range"] = draw(SHORT | DAYS | INSTANTS)
    body["delivery"] = [draw(_shaped(each)) for each in body["delivery"]]
    body |= draw(SHAPES)
    if draw(st.booleans()):
        body["timezone"] = draw(ZONES)
    return body


@settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies())
def test_a_body_makes_the_same_definition_again(small: Registry, body: dict[str, Any]) -> None:
    """The same in everything it does; and what comes from Duplicate keeps its content hash from then on."""
    first = draft(small, body)
    copied = body_of(first, small.account)
    second = draft(small, copied)
    assert replace(second, sha256="") == replace(first, sha256="")
    assert body_of(second, small.account) == copied
    assert draft(small, body_of(second, small.account)).sha256 == second.sha256


def test_a_body_in_full_keeps_its_content_hash(small: Registry) -> None:
    body = {
        "name": "June",
        "report_type": "ledger",
        "filters": {"wallet": "w", "source": ["api", "system"], "kind": ["credit"]},
        "frequency": {"interval": "weekly", "delivery_day": "monday", "delivery_time": "12:30"},
        "delivery": [
            {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports", "prefix": "june"}},
            "download",
        ],
        "timezone": "Asia/Kolkata",
    }
    definition = draft(small, body)
    assert body_of(definition, small.account) == body
    assert draft(small, body_of(definition, small.account)).sha256 == definition.sha256


def test_an_export_of_a_recurring_report_is_copied_as_one_time(small: Registry) -> None:
    definition = small.definition("ledger_daily")
    window = Window(
        datetime.fromisoformat("2026-07-05T18:30:00+00:00"), datetime.fromisoformat("2026-07-12T18:30+00:00")
    )
    body = body_of(definition, small.account, window)
    assert body["frequency"] == "one_time"
    assert body["date_range"] == {"start": "2026-07-06T00:00:00+05:30", "end": "2026-07-13T00:00:00+05:30"}
    again = draft(small, body)
    assert (again.date_range, again.filters, again.destinations) == (
        window,
        definition.filters,
        definition.destinations,
    )


def test_a_copy_says_neither_whose_it_was_nor_when_it_began(small: Registry) -> None:
    assert {"id", "owner", "starts_on"} & body_of(small.definition("ledger_daily"), small.account).keys() == set()
