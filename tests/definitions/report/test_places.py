"""Two windows or reports that could meet in one place of a bucket are refused, from wherever a definition comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.errors import PlaceShared

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
DAILY = "{interval: daily}"
WEEKLY = "{interval: weekly, delivery_day: monday}"
GIT = """\
id: {id}
name: {name}
report_type: {report_type}
owner: growth@example.com
filters: {{wallet: w1, kind: credit}}
frequency: {frequency}
delivery:
  - partner_export: {{partner: amazon_s3, bucket: bi-exports{prefix}}}
"""
Told = Callable[[Callable[[], object]], list[str]]


def patterns(registry: Registry, **keys: str) -> None:
    """Give the bucket bi-exports patterns."""
    lines = "".join(f"    {key}: {value!r}\n" for key, value in keys.items())
    text = registry.settings.account.read_text().replace("    prefix: promo-reports\n", f"    prefix: p\n{lines}")
    registry.settings.account.write_text(text)


def in_git(
    registry: Registry, report_id: str, frequency: str = DAILY, *, prefix: str = "", name: str = "A report"
) -> None:
    text = GIT.format(
        id=report_id,
        name=name,
        report_type="ledger",
        frequency=frequency,
        prefix=f", prefix: {prefix}" if prefix else "",
    )
    (registry.settings.reports / f"{report_id}.yaml").write_text(text)


def request(frequency: object = None, **changes: Any) -> dict[str, Any]:
    return {
        "name": "A report",
        "report_type": "ledger",
        "filters": {"wallet": "w1", "kind": ["credit"]},
        "frequency": frequency or {"interval": "daily"},
        "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"} | changes}],
    }


@pytest.fixture(autouse=True)
def _without_the_others(registry: Registry) -> None:
    (registry.settings.reports / "ledger_daily.yaml").unlink()


@pytest.mark.parametrize(
    ("frequency", "folder", "taken"),
    [
        (DAILY, "{report_id}/dt={start:%Y-%m-%d}", True),
        (DAILY, "{report_id}/{start:%Y/%j}", True),
        (DAILY, "{report_id}/{end:%G-W%V-%u}", True),
        (DAILY, "{report_id}/{start}", True),
        (DAILY, "{report_id}/{start:%Y}/{export_id}", True),
        (DAILY, "{report_id}/{start:%G-W%V}", False),
        (WEEKLY, "{report_id}/{start:%G-W%V}", True),
        (WEEKLY, "{report_id}/dt={start:%Y-%m-%d}", True),
    ],
)
def test_a_schedule_needs_a_folder_for_each_of_its_windows(
    registry: Registry, problems: Told, frequency: str, folder: str, taken: bool
) -> None:
    patterns(registry, folder=folder)
    in_git(registry, "ledger_one", frequency)
    given = {"interval": "daily"} if frequency == DAILY else {"interval": "weekly", "delivery_day": "monday"}
    asked = [
        lambda: registry.definition("ledger_one"),
        lambda: registry.draft(request(given), by="ada", at=AT),
        lambda: registry.create(request(given), by="ada", at=AT),
    ]
    told = [problems(ask) for ask in asked]
    if taken:
        assert told == [[], [], []]
        return
    meets = (
        "two windows of this report could meet in one place of this bucket, whose folder is"
        " '{report_id}/{start:%G-W%V}': those that begin on 2026-01-05 and 2026-01-06 would both lie in"
    )
    assert told[0] == [
        f"reports/ledger_one.yaml:8: delivery[0].partner_export.bucket: {meets} s3://bi-exports/p/ledger_one/2026-W02. "
        "It needs {start} or {end} with its day, such as {start:%Y-%m-%d}, or {export_id}"
    ]
    assert all(meets in each for (each,) in told[1:])


def test_a_one_time_export_needs_its_id_in_the_folder(registry: Registry, problems: Told) -> None:
    once = {key: value for key, value in request().items() if key != "frequency"} | {"date_range": "yesterday"}
    asked: list[Callable[[], object]] = [
        lambda: registry.from_conf(once, run_id="manual__1", at=AT, report_type="ledger"),
        lambda: registry.draft(once | {"frequency": "one_time"}, by="ada", at=AT),
        lambda: registry.definition("ledger_once"),
    ]
    in_git(registry, "ledger_once", "one_time\ndate_range: {first: 2026-01-01, last: 2026-01-31}")
    assert [problems(ask) for ask in asked] == [[], [], []]
    patterns(registry, folder="{report_id}/{start}_{end}")
    for ask in asked:
        (problem,) = problems(ask)
        assert "delivery[0].partner_export.bucket: takes no one-time exports" in problem
        assert "'{report_id}/{start}_{end}', which has no {export_id}" in problem
    text = registry.settings.account.read_text()
    registry.settings.account.write_text(text.replace("_{end}", "_{end}/{export_id}"))
    assert [problems(ask) for ask in asked] == [[], [], []]


def test_two_reports_that_could_meet_are_both_refused(registry: Registry, problems: Told) -> None:
    patterns(registry, folder="dt={start:%Y-%m-%d}")
    in_git(registry, "ledger_one")
    assert problems(lambda: registry.definition("ledger_one")) == []
    in_git(registry, "ledger_two", WEEKLY)
    (registry.settings.reports / "broken.yaml").write_text("id: broken\n")
    meets = "goes to s3://bi-exports/p/dt={start:Y}-{start:m}-{start:d}, too"
    for one, other in (("ledger_one", "ledger_two"), ("ledger_two", "ledger_one")):
        (problem,) = problems(lambda one=one: registry.definition(one))  # type: ignore[misc]
        assert problem.startswith(f"reports/{one}.yaml:8: delivery[0].partner_export: could meet another report in one")
        assert f"place: reports/{other}.yaml (delivery[0]) {meets}" in problem
        with pytest.raises(PlaceShared):
            registry.definition(one)
    outcome = {each.source.key: type(each.error) for each in registry.check_all()}
    assert (outcome["ledger_one"], outcome["ledger_two"]) == (PlaceShared, PlaceShared)
    in_git(registry, "ledger_two", WEEKLY, prefix="two")
    assert problems(lambda: registry.definition("ledger_one")) == []
    assert problems(lambda: registry.definition("ledger_two")) == []


@pytest.mark.parametrize(
    ("folder", "name", "meet"),
    [
        ("{report_type}/{start:%Y-%m-%d}", "Another", True),
        ("{name}/{start:%Y-%m-%d}", "Another", False),
        ("{name}/{start:%Y-%m-%d}", "a REPORT!", True),
        ("{report_id}/{start:%Y-%m-%d}", "A report", False),
        ("{export_id}", "A report", False),
    ],
)
def test_what_tells_two_reports_apart(registry: Registry, problems: Told, folder: str, name: str, meet: bool) -> None:
    patterns(registry, folder=folder)
    in_git(registry, "ledger_one")
    in_git(registry, "ledger_two", name=f'"{name}"')
    told = problems(lambda: registry.definition("ledger_two"))
    assert bool(told) is meet, told


def test_a_report_that_could_meet_another_is_not_created(registry: Registry, problems: Told) -> None:
    """Through the page and the API; the one that is there goes on."""
    patterns(registry, folder="dt={start:%Y-%m-%d}")
    first = registry.create(request(), by="ada", at=AT)
    for ask in (registry.draft, registry.create):
        (problem,) = problems(lambda ask=ask: ask(request() | {"name": "Another"}, by="bob", at=AT))  # type: ignore[misc]
        assert "could meet another report in one place: definitions/" in problem
        assert first.id in problem
    assert [each.key for each in registry.sources()] == [first.id]
    assert registry.definition(first.id).id == first.id
    assert registry.create(request(prefix="another"), by="bob", at=AT).id


def test_a_prefix_does_not_lead_into_a_folder_that_a_pattern_names(registry: Registry, problems: Told) -> None:
    patterns(registry, folder="dt={start:%Y-%m-%d}")
    for prefix in ("x/dt=2026-03-01", "_promo_reports"):
        (problem,) = problems(lambda prefix=prefix: registry.draft(request(prefix=prefix), by="ada", at=AT))  # type: ignore[misc]
        assert "prefix: leads into the folder of another export" in problem
    assert problems(lambda: registry.draft(request(prefix="x/dt="), by="ada", at=AT)) == []


def test_keys_of_patterns_have_a_limit_too(registry: Registry, problems: Told) -> None:
    patterns(registry, folder="f" * 200 + "/{report_id}/{start}", file_stem="s" * 200, manifest="m" * 100 + ".json")
    length = 1024 - len("p/" + "f" * 200 + "/ledger_one/20260101T000000.000001Z/" + "s" * 200 + "-0123abcd.csv") - 1
    in_git(registry, "ledger_one", prefix="x" * length)
    assert problems(lambda: registry.definition("ledger_one")) == []
    in_git(registry, "ledger_one", prefix="x" * (length + 2))
    (problem,) = problems(lambda: registry.definition("ledger_one"))
    assert "prefix: makes keys of 1026 bytes" in problem
    patterns_too_long = "{report_id}" + "f" * 250 + "/{start}"
    registry.settings.account.write_text(
        registry.settings.account.read_text().replace("f" * 200 + "/{report_id}/{start}", patterns_too_long)
    )
    in_git(registry, "ledger_one")
    (problem,) = problems(lambda: registry.definition("ledger_one"))
    assert problem.endswith("bucket: has names of 260 bytes by the account's patterns; 255 are taken")
