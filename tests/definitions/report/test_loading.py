from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.loading import conf_id
from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.dates.window import Preset, Window
from promo_reports.domain.definition import Origin
from promo_reports.domain.shape import Shape

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
CONF: dict[str, Any] = {
    "name": "June ledger, App Channel",
    "filters": {"wallet": "w1", "kind": ["credit"]},
    "date_range": "past_month",
    "delivery": ["download"],
}
Told = Callable[[Callable[[], object]], list[str]]


def told(problems: Told, registry: Registry, conf: object, report_type: str = "ledger") -> list[str]:
    found = problems(lambda: registry.from_conf(conf, run_id="manual__1", at=AT, report_type=report_type))
    return [each.removeprefix("conf of run manual__1: ") for each in found]


def test_a_conf_needs_only_what_the_run_cannot_know(registry: Registry) -> None:
    definition = registry.from_conf(CONF, run_id="manual__1", at=AT, report_type="ledger")
    assert definition.id == "june_ledger_app_channel-19b04f56"
    assert (definition.owner, definition.origin, definition.source) == ("api", Origin.CONF, "run manual__1")
    assert (definition.frequency, definition.date_range) == ("one_time", Preset.PAST_MONTH)
    assert definition.shapes == (Shape(cells=SPREADSHEET),)
    assert registry.from_conf(CONF, run_id="manual__1", at=AT, report_type="ledger") == definition


def test_what_a_conf_says_itself_is_kept(registry: Registry) -> None:
    conf = CONF | {"id": "mine", "owner": "admin", "report_type": "ledger", "frequency": "one_time", "timezone": None}
    definition = registry.from_conf(conf, run_id="x", at=AT, report_type="ledger")
    assert definition.owner == "admin"


def test_a_conf_cannot_take_the_id_of_another_report(registry: Registry) -> None:
    first, second = (
        registry.from_conf(CONF | {"id": "mine"}, run_id=run_id, at=AT, report_type="ledger").id for run_id in "ab"
    )
    assert first.startswith("mine-")
    assert second.startswith("mine-")
    assert first != second


def test_an_absolute_window_may_end_now(registry: Registry) -> None:
    conf = CONF | {"date_range": {"start": "2026-07-15T00:00:00-04:00", "end": AT.isoformat()}}
    window = registry.from_conf(conf, run_id="x", at=AT, report_type="ledger").date_range
    assert window == Window(datetime(2026, 7, 15, 4, tzinfo=UTC), AT)


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        (None, ["must be a mapping (key: value), not nothing"]),
        ([], ["must be a mapping (key: value), not a list"]),
        ("x", ["must be a mapping (key: value), not text"]),
        (CONF | {"report_type": "snapshot"}, ["report_type: this DAG exports ledger, not 'snapshot'"]),
        (CONF | {"report_type": "../x"}, ["report_type: this DAG exports ledger, not '../x'"]),
        (CONF | {"report_type": 3}, ["report_type: must be text, not a number"]),
        (CONF | {"frequency": {"interval": "daily"}}, [
            "frequency: must be one_time or absent: recurring reports have DAGs of their own",
        ]),
        (CONF | {"frequency": "daily"}, [
            "frequency: must be one_time or absent: recurring reports have DAGs of their own",
        ]),
        (CONF | {"id": ".."}, ["id: '..' is not an id: a-z first, then a-z, 0-9, _ and -, at most 100 characters"]),
        (CONF | {"id": "a\n"}, ["id: 'a\\n' is not an id: a-z first, then a-z, 0-9, _ and -, at most 100 characters"]),
        (CONF | {"id": "a" * 101}, [
            f"id: '{'a' * 60}'... is not an id: a-z first, then a-z, 0-9, _ and -, at most 100 characters",
        ]),
        (CONF | {"name": 12}, ["name: must be text, not a number"]),
        (CONF | {"name": "\ud800"}, ["name: holds the control character U+D800"]),
        (CONF | {"owner": "a\x1b[2J"}, ["owner: holds the control character U+001B"]),
        (CONF | {"owner": True}, ["owner: must be text, not true or false"]),
        (CONF | {"filters": {"wallet": None, "kind": "credit"}}, ["filters.wallet: must be text, not nothing"]),
        (CONF | {"filters": {"wallet": 7, "kind": {"a": 1}}}, [
            "filters.wallet: must be text, not a number", "filters.kind: must be text, not a mapping",
        ]),
        (CONF | {"date_range": "tomorrow"}, [
            "date_range: 'tomorrow' is not allowed. Allowed: yesterday, today, past_7_days, past_week, past_2_weeks,"
            " past_3_weeks, past_month, past_2_months, past_3_months, {first: 2026-01-01, last: 2026-01-31}.",
        ]),
        (CONF | {"date_range": {"first": "2026-07-14", "last": "2026-07-16"}}, [
            "date_range.last: 2026-07-16 is in the future; today is 2026-07-15 in America/New_York",
        ]),
        (CONF | {"date_range": {"start": 1, "end": 2}}, [
            "date_range.start: must be a time with offset like 2026-01-31T00:00:00-05:00, not a number",
            "date_range.end: must be a time with offset like 2026-01-31T00:00:00-05:00, not a number",
        ]),
        (CONF | {"delivery": [None]}, [
            "delivery[0]: must be one of: download, partner_export: {partner: amazon_s3, bucket: ...}",
        ]),
        (CONF | {"__class__": "x"}, [
            "__class__: unknown key. Allowed: id, name, report_type, promotion_type, owner, filters, frequency,"
            " date_range, delivery, format, csv_safety, personal_data, timezone, starts_on.",
        ]),
        ({}, [
            "name: is required", "delivery: is required",
            "filters.wallet: is required: name exactly one value.",
            "filters.kind: is required: name at least one value. Allowed: credit, debit, expired.",
            "date_range: is required for a one-time ledger. Allowed: yesterday, today, past_7_days, past_week,"
            " past_2_weeks, past_3_weeks, past_month, past_2_months, past_3_months, {first, last}, {start, end}.",
        ]),
    ],
)  # fmt: skip
def test_a_hostile_or_mistaken_conf_is_refused(
    problems: Told, registry: Registry, conf: object, expected: list[str]
) -> None:
    assert told(problems, registry, conf) == expected


def test_many_problems_are_cut_short(problems: Told, registry: Registry) -> None:
    found = told(problems, registry, CONF | {f"k{n}": 0 for n in range(5_000)})
    assert (len(found), found[-1]) == (51, "and 4950 more")
    found = told(problems, registry, CONF | {"filters": {f"k{n}": "" for n in range(5_000)}})
    assert (len(found), found[-1]) == (51, "and 4952 more")
    assert told(problems, registry, CONF | {"name": "x" * 65_536}) == ["larger than 64 KiB"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("June Wallet", "june_wallet"),
        ("Été 2026!", "ete_2026"),
        ("2026", "report_2026"),
        ("日本", "report"),
        (None, "report"),
    ],
)  # fmt: skip
def test_ids_of_runs(name: object, slug: str) -> None:
    assert conf_id(name, "manual__1") == f"{slug}-19b04f56"
    assert conf_id(name, "manual__2") != conf_id(name, "manual__1")
    assert len(conf_id("x" * 120, "r")) <= 100
