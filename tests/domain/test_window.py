from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.calendar import WEEKDAYS, instant, local_date, start_of
from promo_reports.domain.window import DayRange, Preset, Window, resolve
from tests.domain.zones import zones_and_days

NEW_YORK = ZoneInfo("America/New_York")
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
    zone = ZoneInfo(chosen[0])
    now = instant(chosen[1], at, zone)
    window = resolve(preset, now, zone, week_starts_on)
    if window is None:  # yesterday, in the one place whose yesterday never was
        assert chosen[0] in {"Pacific/Apia", "Pacific/Fakaofo"}
        return
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


def test_a_window_starts_before_it_ends() -> None:
    with pytest.raises(ValueError, match="starts before it ends"):
        Window(WEDNESDAY, WEDNESDAY)


def test_key_is_the_same_in_every_timezone_and_sorts() -> None:
    window = days("2026-03-08", "2026-03-09")
    assert window.key() == "20260308T050000Z_20260309T040000Z"
    utc = Window(window.start.astimezone(UTC), window.end.astimezone(UTC))
    assert utc.key() == window.key() < days("2026-03-09", "2026-03-10").key()
