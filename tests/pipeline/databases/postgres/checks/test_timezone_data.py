"""A server whose timezone database is of another release than ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from promo_reports.domain.dates import timezones
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.postgres.checks.timezone_data import _steps
from tests.support.databases.promo import MOVES, SELECT, WHERE, Move, PostgresPromo, Project, content, export
from tests.support.zones import FROM, TO, changes

ZONE = "America/New_York"
WINTER, SUMMER = datetime(2026, 2, 10, 5, tzinfo=UTC), datetime(2026, 7, 10, 5, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SNAPSHOT = replace(MOVES, date_range=DateRangeRule.NONE, order=("id",), window_column=None, recorded_column=None)
AS_OF = SELECT + WHERE.replace('{{ window.covers("m.moved_at") }}', "m.moved_at < {{ as_of }}") + "ORDER BY m.id\n"


@pytest.fixture
def other_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of a law that gives up summer time in New York, and that knows a zone of the Moon."""
    root = tmp_path / "other_tzdata"
    for name, rules in {ZONE: "America/Panama", "UTC": "UTC", "Moon/Tranquility": "UTC"}.items():
        path = root.joinpath("zoneinfo", *name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files("tzdata").joinpath("zoneinfo", *rules.split("/")).read_bytes())
    (root / "zones").write_text(f"UTC\n{ZONE}\nMoon/Tranquility\n")
    (root / "__init__.py").write_text("IANA_VERSION = '2099z'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(timezones, "_PACKAGE", root.name)
    cached = (timezones.load_timezone, timezones.timezone_names)
    for each in cached:
        each.cache_clear()
    yield
    for each in cached:
        each.cache_clear()


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(SourceRefused) as refused:
        ask()
    assert not refused.value.retryable
    return str(refused.value)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_window_of_another_clock_is_refused_with_both_versions(
    on_postgres: PostgresPromo, project: Project, other_release: None, rows: int
) -> None:
    on_postgres.load(*[Move(1, moved_at=SUMMER + HOUR)] * rows)
    asked = export(timezone=ZONE, window=Window(SUMMER, SUMMER + DAY))
    said = refusal(lambda: project.make(on_postgres.source, asked))
    assert "PostgreSQL 18." in said
    assert "tzdata 2099z" in said
    assert "America/New_York: at 2026-07-10 05:00:00 UTC" in said
    assert "shows 2026-07-10 01:00:00 there and 2026-07-10 00:00:00 here" in said
    assert "docs/deploy.md" in said
    assert project.left == []


@pytest.mark.parametrize(
    ("start", "end", "first"),
    [
        ("2026-03-01T05:00Z", "2026-03-08T07:00:01Z", "2026-03-08 07:00:00"),  # a second of the summer
        ("2026-11-01T05:59:59Z", "2026-11-20T05:00Z", "2026-11-01 05:59:59"),
        ("2026-01-01T05:00Z", "2026-12-31T05:00Z", "2026-03-09"),  # its ends agree
    ],
)
def test_a_change_of_one_clock_within_the_window_is_found(
    on_postgres: PostgresPromo, project: Project, other_release: None, start: str, end: str, first: str
) -> None:
    asked = export(timezone=ZONE, window=Window(datetime.fromisoformat(start), datetime.fromisoformat(end)))
    assert f"at {first}" in refusal(lambda: project.make(on_postgres.source, asked))


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-01T05:00Z", "2026-03-08T07:00Z"), ("2026-11-01T06:00Z", "2026-11-20T05:00Z")],
)
def test_a_window_in_which_both_agree_is_exported(
    on_postgres: PostgresPromo, project: Project, other_release: None, start: str, end: str
) -> None:
    window = Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
    on_postgres.load(Move(1, moved_at=window.start), Move(2, moved_at=window.end - timedelta(microseconds=1)))
    text = project.text(on_postgres.source, export(timezone=ZONE, window=window))
    assert text.count("-05") == 2


def test_a_time_that_a_row_shows_is_compared_wherever_it_is(
    on_postgres: PostgresPromo, project: Project, other_release: None
) -> None:
    asked = export(timezone=ZONE, window=Window(WINTER, WINTER + DAY))
    on_postgres.load(Move(1, moved_at=WINTER, recorded_at=WINTER + DAY))
    assert "2026-02-11 00:00:00-05" in project.text(on_postgres.source, asked)
    on_postgres.load(Move(2, moved_at=WINTER + HOUR, recorded_at=SUMMER))
    said = refusal(lambda: project.make(on_postgres.source, asked))
    assert "at 2026-07-10 05:00:00 UTC, which column 'recorded_at' shows" in said


def test_a_snapshot_is_compared_at_its_instant_and_where_it_shows_times(
    on_postgres: PostgresPromo, project: Project, other_release: None
) -> None:
    project.write(AS_OF)
    on_postgres.load(Move(1, moved_at=datetime(2026, 1, 5, tzinfo=UTC)))
    winter = replace(export(timezone=ZONE, window=None, report_type=SNAPSHOT), as_of=WINTER)
    assert b"2026-01-04 19:00:00-05" in content(project.make(on_postgres.source, winter))
    assert "at 2026-07-10" in refusal(lambda: project.make(on_postgres.source, replace(winter, as_of=SUMMER)))
    on_postgres.load(Move(2, moved_at=datetime(2025, 8, 1, tzinfo=UTC)))
    assert "column 'moved_at' shows" in refusal(lambda: project.make(on_postgres.source, winter))


def test_a_name_that_the_server_does_not_know(
    on_postgres: PostgresPromo, project: Project, other_release: None
) -> None:
    said = refusal(lambda: project.make(on_postgres.source, export(timezone="Moon/Tranquility")))
    assert "PostgreSQL does not know the timezone Moon/Tranquility, which tzdata 2099z has" in said


@pytest.mark.parametrize(
    "name", ["America/New_York", "Africa/Cairo", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)
def test_the_steps_of_a_clock_begin_where_it_changes(name: str) -> None:
    steps = _steps(load_timezone(name), FROM, TO - timedelta(microseconds=1))
    assert [step.first for step in steps] == [FROM, *changes(name)]
    for before, after in pairwise(steps):
        assert before.last + timedelta(microseconds=1) == after.first
        assert before.offset != after.offset


@pytest.mark.parametrize("microseconds", [0, 1, 499_999, 500_000, 999_999])
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_change_just_inside_or_outside_of_a_window_of_any_instants(seconds: int, microseconds: int) -> None:
    zone, (first, second, *_) = load_timezone(ZONE), changes(ZONE)
    begin, end = (each + timedelta(seconds=seconds, microseconds=microseconds) for each in (first, second))
    inside = [each for each in (first, second) if begin < each <= end]
    steps = _steps(zone, begin, end)
    assert [step.first for step in steps] == [begin, *inside]
    assert steps[-1].last == end
    assert [step.offset for step in steps] == [step.first.astimezone(zone).utcoffset() for step in steps]
