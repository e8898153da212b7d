from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.dates.calendar import WEEKDAYS, add_months, instant, local_date, start_of, start_of_week
from promo_reports.domain.dates.timezones import load_timezone
from tests.support.zones import changes, days_around, distinct_zones, first_reading, zones_and_days


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00", 23),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", 25),
        ("Asia/Kolkata", date(2026, 3, 8), "2026-03-07T18:30", 24),
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00", 23),  # 00:00 does not exist, the day starts at 01:00
        # 00:00 comes twice. Later autumns differ from one release of the timezone database to the next.
        ("America/Havana", date(2018, 11, 4), "2018-11-04T04:00", 25),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00", 23),
        ("Africa/Cairo", date(2026, 10, 29), "2026-10-28T21:00", 25),  # 24:00 is put back to 23:00
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00", 23),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00", 23),
        ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00", 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00", 24.5),
        ("America/St_Johns", date(2011, 3, 13), "2011-03-13T03:30", 23),  # changes at 00:01
        ("America/Scoresbysund", date(2024, 3, 31), "2024-03-31T01:00", 24),  # changes zone and clock in one night
        ("America/Nuuk", date(2026, 3, 28), "2026-03-28T02:00", 23),  # gap from 22:00 on Saturday to 23:00
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T10:00", 24),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", 0),  # never was
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00", 24),
        ("Antarctica/Troll", date(2026, 3, 29), "2026-03-29T00:00", 22),
    ],
)
def test_start_and_length_of_known_days(zone: str, day: date, starts: str, hours: float) -> None:
    start = start_of(day, load_timezone(zone))
    assert start == utc(starts)
    assert start_of(day + timedelta(days=1), load_timezone(zone)) - start == timedelta(hours=hours)


@pytest.mark.parametrize("zone", distinct_zones())
def test_days_start_when_the_clock_first_shows_them(zone: str) -> None:
    for change in changes(zone):
        for day in days_around(change, load_timezone(zone), reach=1):
            assert start_of(day, load_timezone(zone)) == first_reading(day, time(0), load_timezone(zone)), (change, day)


@given(zones_and_days(), st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_an_instant_is_the_first_at_which_the_clock_has_reached_the_time(chosen: tuple[str, date], at: time) -> None:
    name, day = chosen
    assert instant(day, at, load_timezone(name)) == first_reading(day, at, load_timezone(name))


@given(zones_and_days())
def test_a_day_holds_its_own_instants(chosen: tuple[str, date]) -> None:
    name, day = chosen
    zone = load_timezone(name)
    start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    if start < end:
        assert local_date(start, zone) == day
        assert local_date(start - timedelta(microseconds=1), zone) < day


def test_skipped_and_repeated_times_of_delivery() -> None:
    new_york = load_timezone("America/New_York")
    assert instant(date(2026, 3, 8), time(2, 30), new_york) == utc("2026-03-08T07:00")  # 02:30 is skipped
    assert instant(date(2026, 11, 1), time(1, 30), new_york) == utc("2026-11-01T05:30")  # the first of two


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.sampled_from(WEEKDAYS))
def test_weeks_start_on_the_day_asked_for(day: date, first: str) -> None:
    start = start_of_week(day, first)
    assert WEEKDAYS[start.weekday()] == first
    assert timedelta(0) <= day - start < timedelta(days=7)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_keep_the_day_where_they_can(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected
