from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.dates.calendar import WEEKDAYS, local_date, start_of
from promo_reports.domain.dates.schedule import Delivery, Interval, Recurrence, Schedule, Stop, uncovered
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import Window
from tests.support.zones import changes, days_around, distinct_zones, zones_and_days

MONDAY_REPORT = Schedule(Interval.WEEKLY, "America/New_York", "monday", "monday")
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, date]:
    """Any schedule, with a day that is often beside a change of its clock."""
    name, day = draw(zones_and_days())
    interval = draw(st.sampled_from(Interval))
    delivery_day = draw(st.sampled_from(WEEKDAYS)) if interval is Interval.WEEKLY else None
    return Schedule(interval, name, draw(st.sampled_from(WEEKDAYS)), delivery_day, draw(times)), day


def assert_tile(deliveries: list[Delivery]) -> None:
    for earlier, later in pairwise(deliveries):
        assert earlier.window.end == later.window.start
        assert earlier.due < later.due
        assert later.window.end <= later.due


@given(schedules())
def test_consecutive_deliveries_tile(chosen: tuple[Schedule, date]) -> None:
    schedule, day = chosen
    assert_tile(schedule.upcoming(start_of(day, schedule.zone) - timedelta(days=2), 6))


@pytest.mark.parametrize("zone", distinct_zones())
def test_daily_and_weekly_deliveries_tile_around_every_change_of_every_clock(zone: str) -> None:
    for change in changes(zone):
        days = days_around(change, load_timezone(zone), reach=2)
        for at in (time(0), time(2, 30), time(23, 59)):
            daily = [each for day in days if (each := Schedule(Interval.DAILY, zone, delivery_time=at)._on(day))]
            assert_tile(daily)
    for change in changes(zone)[:6]:
        start = change - timedelta(days=10)
        assert_tile(Schedule(Interval.WEEKLY, zone, "sunday", "tuesday").upcoming(start, 4))


@given(schedules())
def test_a_daily_window_is_one_local_day_and_a_weekly_one_seven(chosen: tuple[Schedule, date]) -> None:
    schedule, day = chosen
    delivery = schedule.first_due(start_of(day, schedule.zone))
    start, end = delivery.window.start, delivery.window.end
    first = local_date(start, schedule.zone)
    length = 1 if schedule.interval is Interval.DAILY else 7
    assert start == start_of(first, schedule.zone)
    assert end == start_of(first + timedelta(days=length), schedule.zone)
    if schedule.interval is Interval.WEEKLY:
        assert WEEKDAYS[first.weekday()] == schedule.week_starts_on


@given(schedules(), st.integers(-200_000, 200_000))
def test_latest_first_due_and_after_agree(chosen: tuple[Schedule, date], seconds: int) -> None:
    schedule, day = chosen
    at = start_of(day, schedule.zone) + timedelta(seconds=seconds)
    latest, coming = schedule.latest(at), schedule.first_due(at)
    assert latest.due <= at <= coming.due
    assert schedule.latest(latest.due) == schedule.first_due(latest.due) == latest
    if coming != latest:
        assert schedule.after(latest.window) == coming
    assert schedule.first_from(latest.window.start) == latest
    assert schedule.first_from(latest.window.start + timedelta(microseconds=1)) == schedule.after(latest.window)
    assert schedule.upcoming(at, 1) == [coming]


def test_daily_report_covers_yesterday_and_comes_at_six() -> None:
    daily = Schedule(Interval.DAILY, "America/New_York")
    delivery = daily.latest(datetime(2026, 3, 9, 12, tzinfo=UTC))
    assert delivery.due == datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert delivery.window == Window(datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC))  # 23 h


@pytest.mark.parametrize("delivery_day", WEEKDAYS)
def test_weekly_report_covers_the_last_complete_week_before_any_delivery_day(delivery_day: str) -> None:
    schedule = Schedule(Interval.WEEKLY, "UTC", "monday", delivery_day)
    delivery = schedule.first_due(datetime(2026, 7, 13, tzinfo=UTC))  # a Monday
    assert WEEKDAYS[delivery.due.weekday()] == delivery_day
    assert delivery.window.days(load_timezone("UTC")) == (date(2026, 7, 6), date(2026, 7, 12))


def test_weeks_with_a_change_of_clock_are_an_hour_shorter_or_longer() -> None:
    spring = MONDAY_REPORT.latest(datetime(2026, 3, 9, 12, tzinfo=UTC)).window
    autumn = MONDAY_REPORT.latest(datetime(2026, 11, 2, 12, tzinfo=UTC)).window
    assert (spring.end - spring.start, autumn.end - autumn.start) == (timedelta(hours=167), timedelta(hours=169))


def test_the_day_that_samoa_skipped_has_no_delivery_of_its_own() -> None:
    daily = Schedule(Interval.DAILY, "Pacific/Apia")
    deliveries = daily.upcoming(datetime(2011, 12, 29, 20, tzinfo=UTC), 4)
    covered = [each.window.days(daily.zone)[0] for each in deliveries]
    assert covered == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1), date(2012, 1, 2)]
    assert_tile(deliveries)


def test_a_delivery_time_that_is_skipped_is_due_when_the_clock_is_put_forward() -> None:
    daily = Schedule(Interval.DAILY, "America/New_York", delivery_time=time(2, 30))
    assert daily.first_due(datetime(2026, 3, 8, 5, tzinfo=UTC)).due == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_stops_cover_from_the_stop_up_to_the_resumption() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    stop = Stop(at, at + timedelta(days=1))
    assert [stop.covers(each) for each in (at - tick, at, at + timedelta(days=1) - tick, at + timedelta(days=1))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert Stop(at).covers(at + timedelta(days=40_000))
    assert not Stop(at, at).covers(at)


DAILY_REPORT = Schedule(Interval.DAILY, "America/New_York")
NOVEMBER = [start_of(date(2026, 11, day), DAILY_REPORT.zone) for day in range(1, 30)]


def november(first: int, last: int) -> Window:
    """The local days from first to last, both included."""
    return Window(NOVEMBER[first - 1], NOVEMBER[last])


@pytest.mark.parametrize(
    ("changed", "start"),
    [
        (MONDAY_REPORT, 23),
        (replace(MONDAY_REPORT, delivery_day="friday"), 23),
        (replace(MONDAY_REPORT, week_starts_on="sunday"), 22),
        (DAILY_REPORT, 19),
        (replace(DAILY_REPORT, delivery_time=time(23)), 19),
    ],
)
def test_a_changed_schedule_goes_on_from_the_last_window(changed: Schedule, start: int) -> None:
    """The last window was the 18th, of a daily report: days up to it are not delivered again."""
    found = Recurrence(changed).following(NOVEMBER[18], NOVEMBER[18])
    assert found is not None
    assert found.window.start == NOVEMBER[start - 1]


@given(schedules(), schedules())
def test_after_any_change_nothing_is_delivered_twice_and_the_gap_is_what_lies_between(
    before: tuple[Schedule, date], after: tuple[Schedule, date]
) -> None:
    last = before[0].latest(start_of(before[1], before[0].zone)).window
    following = Recurrence(after[0]).following(last.end, last.end)
    assert following is not None
    assert following.window.start >= last.end
    gaps = uncovered([following.window, last])
    assert gaps == ([Window(last.end, following.window.start)] if last.end < following.window.start else [])


def test_what_other_runs_cover_is_no_gap() -> None:
    scheduled = [november(1, 2), november(10, 10), november(12, 12)]
    assert uncovered(scheduled) == [november(3, 9), november(11, 11)]
    assert uncovered(scheduled, [november(5, 6)]) == [november(3, 4), november(7, 9), november(11, 11)]
    assert uncovered(scheduled, [november(2, 4), november(8, 11)]) == [november(5, 7)]
    assert uncovered(scheduled, [november(1, 20)]) == []
    assert uncovered([]) == uncovered([november(4, 4)], [november(1, 1)]) == []


def test_deliveries_to_come_end_where_it_is_stopped() -> None:
    recurrence = Recurrence(DAILY_REPORT, None, (Stop(NOVEMBER[21]),))
    first = recurrence.following(NOVEMBER[18], NOVEMBER[18])
    assert [
        each.window.start.astimezone(DAILY_REPORT.zone).day for each in recurrence.upcoming(first, NOVEMBER[18])
    ] == [
        19,
        20,
    ]


def test_every_interval_has_a_label_and_says_whether_a_day_is_chosen() -> None:
    assert [(each.label, each.has_delivery_day) for each in Interval] == [("Daily", False), ("Weekly", True)]
