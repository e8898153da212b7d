from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.dates.calendar import WEEKDAYS, add_months, instant, local_date, start_of
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import (
    DateRange,
    DayRange,
    Preset,
    Window,
    date_range_from,
    date_range_values,
    instant_key,
    resolve,
)
from promo_reports.domain.layout import is_window_key
from tests.support.zones import zones_and_days

NEW_YORK = load_timezone("America/New_York")
WEDNESDAY = datetime(2026, 7, 15, 10, 30, tzinfo=NEW_YORK)


def days(first: str, end: str) -> Window:
    return Window(start_of(date.fromisoformat(first), NEW_YORK), start_of(date.fromisoformat(end), NEW_YORK))


@pytest.mark.parametrize(
    ("chosen", "first", "end"),
    [
        (Preset.YESTERDAY, "2026-07-14", "2026-07-15"),
        (Preset.PAST_7_DAYS, "2026-07-08", "2026-07-15"),
        (Preset.PAST_WEEK, "2026-07-06", "2026-07-13"),
        (Preset.PAST_2_WEEKS, "2026-06-29", "2026-07-13"),
        (Preset.PAST_3_WEEKS, "2026-06-22", "2026-07-13"),
        (Preset.PAST_MONTH, "2026-06-01", "2026-07-01"),
        (Preset.PAST_2_MONTHS, "2026-05-01", "2026-07-01"),
        (Preset.PAST_3_MONTHS, "2026-04-01", "2026-07-01"),
        (DayRange(date(2026, 2, 1), date(2026, 2, 28)), "2026-02-01", "2026-03-01"),
        (DayRange(date(2026, 7, 14), date(2026, 7, 14)), "2026-07-14", "2026-07-15"),
    ],
)
def test_what_each_range_means_on_wednesday_15_july(chosen: Preset | DayRange, first: str, end: str) -> None:
    assert resolve(chosen, WEDNESDAY, NEW_YORK, "monday") == days(first, end)


def test_weeks_follow_the_account() -> None:
    assert resolve(Preset.PAST_WEEK, WEDNESDAY, NEW_YORK, "sunday") == days("2026-07-05", "2026-07-12")
    assert resolve(Preset.PAST_WEEK, WEDNESDAY, NEW_YORK, "wednesday") == days("2026-07-08", "2026-07-15")


def test_today_ends_now() -> None:
    today = Window(start_of(date(2026, 7, 15), NEW_YORK), WEDNESDAY)
    assert resolve(Preset.TODAY, WEDNESDAY, NEW_YORK, "monday") == today
    assert resolve(DayRange(date(2026, 7, 15), date(2026, 7, 15)), WEDNESDAY, NEW_YORK, "monday") == today
    midnight = start_of(date(2026, 7, 15), NEW_YORK)
    assert resolve(Preset.TODAY, midnight, NEW_YORK, "monday") is None


def test_what_lies_ahead_has_no_window() -> None:
    tomorrow = DayRange(date(2026, 7, 16), date(2026, 7, 17))
    assert resolve(tomorrow, WEDNESDAY, NEW_YORK, "monday") is None
    ahead = Window(WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(seconds=1))
    assert resolve(ahead, WEDNESDAY, NEW_YORK, "monday") is None
    past = Window(WEDNESDAY - timedelta(hours=1), WEDNESDAY)
    assert resolve(past, WEDNESDAY, NEW_YORK, "monday") is past


@given(
    zones_and_days(),
    st.times(),
    st.sampled_from([preset for preset in Preset if preset is not Preset.TODAY]),
    st.sampled_from(WEEKDAYS),
)
def test_presets_are_whole_days_in_the_past(
    chosen: tuple[str, date], at: time, preset: Preset, week_starts_on: str
) -> None:
    zone = load_timezone(chosen[0])
    now = instant(chosen[1], at, zone)
    window = resolve(preset, now, zone, week_starts_on)
    assert window is not None
    today = local_date(now, zone)
    assert window.end <= now
    first, last = window.days(zone)
    assert window.start == start_of(first, zone)
    assert window.end == start_of(last + timedelta(days=1), zone)
    assert last < today
    if "week" in preset.value:
        assert WEEKDAYS[first.weekday()] == week_starts_on
    if "month" in preset.value:
        assert (first.day, window.end.astimezone(zone).date().day) == (1, 1)
        assert preset.months == (today.year - first.year) * 12 + today.month - first.month
    assert not window.exceeds_months(max(preset.months, 1), zone)


@pytest.mark.parametrize(
    ("first", "end", "months", "exceeds"),
    [
        ("2026-01-01", "2026-04-01", 3, False),
        ("2026-01-01", "2026-04-02", 3, True),
        ("2026-01-15", "2026-04-15", 3, False),
        ("2026-01-15", "2026-04-16", 3, True),
        ("2026-01-31", "2026-04-30", 3, False),
        ("2026-01-31", "2026-05-01", 3, True),
        ("2026-11-30", "2027-02-28", 3, False),
        ("2026-11-30", "2027-03-01", 3, True),
        ("2024-02-29", "2025-02-28", 12, False),
        ("2026-02-01", "2026-03-01", 1, False),
        ("2026-02-01", "2026-03-02", 1, True),
    ],
)
def test_months_are_calendar_months(first: str, end: str, months: int, exceeds: bool) -> None:
    assert days(first, end).exceeds_months(months, NEW_YORK) is exceeds


def test_a_second_over_three_months_is_over() -> None:
    window = days("2026-01-01", "2026-04-01")
    assert Window(window.start, window.end + timedelta(seconds=1)).exceeds_months(3, NEW_YORK)
    noon = timedelta(hours=12)
    assert not Window(window.start + noon, window.end + noon).exceeds_months(3, NEW_YORK)


@pytest.mark.parametrize(
    ("zone", "start", "end", "months", "exceeds"),
    [
        # The clock was put forward in between: 06:00 to 06:00 is three months, with an hour less of them.
        ("America/New_York", "2026-03-08T06:00-04:00", "2026-06-08T06:00-04:00", 3, False),
        ("America/New_York", "2026-03-08T06:00-04:00", "2026-06-08T06:00:00.000001-04:00", 3, True),
        ("America/New_York", "2026-02-08T06:00-05:00", "2026-05-08T06:00-04:00", 3, False),
        ("America/New_York", "2026-11-01T06:00-05:00", "2027-02-01T06:00-05:00", 3, False),
        ("America/New_York", "2026-11-01T06:00-05:00", "2027-02-01T06:00:01-05:00", 3, True),
        # Offsets other than the account's are the same instants.
        ("America/New_York", "2026-03-08T15:30+05:30", "2026-06-08T10:00Z", 3, False),
        ("America/New_York", "2026-03-08T15:30+05:30", "2026-06-08T10:01Z", 3, True),
        # 01:30 comes twice on 1 November: the second one is the limit, in whichever of the two the window began.
        ("America/New_York", "2026-08-01T01:30-04:00", "2026-11-01T01:30-05:00", 3, False),
        ("America/New_York", "2026-08-01T01:30-04:00", "2026-11-01T01:31-05:00", 3, True),
        ("America/New_York", "2026-11-01T01:30-05:00", "2027-02-01T01:30-05:00", 3, False),
        # 02:30 is skipped on 8 March: the limit is when the clock was put forward.
        ("America/New_York", "2025-12-08T02:30-05:00", "2026-03-08T03:00-04:00", 3, False),
        ("America/New_York", "2025-12-08T02:30-05:00", "2026-03-08T03:01-04:00", 3, True),
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", "2026-07-05T12:00+10:30", 3, False),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", "2027-01-04T12:00+11:00", 3, False),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", "2027-01-04T12:30+11:00", 3, True),
        ("Africa/Cairo", "2026-04-24T06:00+03:00", "2026-07-24T06:00+03:00", 3, False),  # a day without 00:00
        ("Africa/Cairo", "2026-01-24T00:00+02:00", "2026-04-24T01:00+03:00", 3, False),
        ("Africa/Cairo", "2026-01-24T00:00+02:00", "2026-04-24T01:01+03:00", 3, True),
        ("America/Havana", "2018-11-04T00:00-05:00", "2019-02-04T00:00-05:00", 3, False),
        ("Asia/Kolkata", "2026-11-30T12:00+05:30", "2027-02-28T12:00+05:30", 3, False),
        ("Asia/Kolkata", "2026-11-30T12:00+05:30", "2027-02-28T12:01+05:30", 3, True),
        ("Asia/Kolkata", "2023-11-30T12:00+05:30", "2024-02-29T12:00+05:30", 3, False),
        ("Asia/Kolkata", "2024-02-29T12:00+05:30", "2024-05-29T12:00+05:30", 3, False),
        ("Asia/Kolkata", "2024-02-29T12:00+05:30", "2024-05-29T12:01+05:30", 3, True),
        ("Pacific/Apia", "2011-09-30T12:00-11:00", "2011-12-31T00:00+14:00", 3, False),  # 30 December never was
        ("Pacific/Apia", "2011-09-30T12:00-11:00", "2011-12-31T00:01+14:00", 3, True),
    ],
)
def test_months_of_instants_are_counted_on_the_clock(
    zone: str, start: str, end: str, months: int, exceeds: bool
) -> None:
    window = Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert window.exceeds_months(months, load_timezone(zone)) is exceeds


@given(zones_and_days(), st.times(), st.integers(1, 12))
def test_the_same_clock_time_so_many_months_later_is_never_too_long(
    chosen: tuple[str, date], at: time, months: int
) -> None:
    zone = load_timezone(chosen[0])
    start, end = instant(chosen[1], at, zone), instant(add_months(chosen[1], months), at, zone)
    assert not Window(start, end).exceeds_months(months, zone)
    assert Window(start, end + timedelta(days=1, hours=2)).exceeds_months(months, zone)


@pytest.mark.parametrize(
    ("at", "preset", "first", "last", "count"),
    [
        ("2012-01-02T12:00+14:00", Preset.PAST_7_DAYS, "2011-12-25", "2012-01-01", 7),
        ("2011-12-31T12:00+14:00", Preset.YESTERDAY, "2011-12-29", "2011-12-29", 1),
        ("2012-01-03T12:00+14:00", Preset.PAST_WEEK, "2011-12-26", "2012-01-01", 6),
        ("2012-01-09T12:00+14:00", Preset.PAST_7_DAYS, "2012-01-02", "2012-01-08", 7),
    ],
)
def test_a_day_that_the_calendar_skipped_is_not_counted(
    at: str, preset: Preset, first: str, last: str, count: int
) -> None:
    zone = load_timezone("Pacific/Apia")
    window = resolve(preset, datetime.fromisoformat(at), zone, "monday")
    assert window is not None
    assert (*(f"{day}" for day in window.days(zone)), window.count_days(zone)) == (first, last, count)


def test_a_window_starts_before_it_ends() -> None:
    with pytest.raises(ValueError, match="starts before it ends"):
        Window(WEDNESDAY, WEDNESDAY)


def test_key_is_the_same_in_every_timezone_and_sorts() -> None:
    window = days("2026-03-08", "2026-03-09")
    assert window.key() == "20260308T050000Z_20260309T040000Z"
    utc = Window(window.start.astimezone(UTC), window.end.astimezone(UTC))
    assert utc.key() == window.key() < days("2026-03-09", "2026-03-10").key()


def test_key_keeps_fractions_of_a_second() -> None:
    start = datetime(2026, 3, 8, 5, tzinfo=UTC)
    times = [start + timedelta(milliseconds=500 * each) for each in range(4)]
    halves = [Window(*ends) for ends in pairwise(times)]
    keys = [each.key() for each in halves]
    assert keys[0] == "20260308T050000Z_20260308T050000.500000Z"
    assert len(set(keys)) == 3
    assert all(is_window_key(key) for key in keys)
    assert is_window_key(f"as_of_{instant_key(halves[0].end)}")
    assert instant_key(start) == "20260308T050000Z"


@pytest.mark.parametrize(
    ("chosen", "values"),
    [
        *((preset, preset.value) for preset in Preset),
        (DayRange(date(2026, 2, 1), date(2026, 2, 28)), {"first": "2026-02-01", "last": "2026-02-28"}),
        (
            Window(datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 3, 2, 5, tzinfo=UTC)),
            {"start": "2026-03-01T05:00:00+00:00", "end": "2026-03-02T05:00:00+00:00"},
        ),
    ],
)
def test_a_date_range_is_read_back_from_its_values(chosen: DateRange, values: str | dict[str, str]) -> None:
    assert date_range_values(chosen) == values
    assert date_range_from(values) == chosen


def test_the_values_of_a_window_have_the_offset_that_is_asked_for() -> None:
    window = Window(datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC))
    values = date_range_values(window, NEW_YORK)
    assert values == {"start": "2026-03-08T00:00:00-05:00", "end": "2026-03-09T00:00:00-04:00"}
    assert date_range_from(values) == window


@pytest.mark.parametrize("values", ["next_week", {}, {"first": "2026-02-01"}, {"start": "x", "end": "y"}])
def test_what_is_no_date_range_is_refused(values: str | dict[str, str]) -> None:
    with pytest.raises((ValueError, KeyError)):
        date_range_from(values)
