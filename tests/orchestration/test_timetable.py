"""Timetables: data intervals are windows, consecutive runs tile, stops bind the scheduler and not a backfill."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.domain.dates.schedule import Interval, Schedule, Stop
from promo_reports.domain.dates.window import DateRange, DayRange, Preset, Window
from promo_reports.orchestration.timetable import OneTimeTimetable, RecurringTimetable

UNRESTRICTED = TimeRestriction(None, None, catchup=False)
NEW_YORK = ZoneInfo("America/New_York")
DAILY = Schedule(Interval.DAILY, "America/New_York")
MONDAYS = Schedule(Interval.WEEKLY, "America/New_York", "monday", "monday")


def scheduled(timetable: RecurringTimetable, count: int, last: DagRunInfo | None = None) -> list[DagRunInfo]:
    runs = []
    for _ in range(count):
        interval = last.data_interval if last else None
        last = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=UNRESTRICTED)
        if last is None:
            break
        runs.append(last)
    return runs


def run_of(start: datetime, end: datetime) -> DagRunInfo:
    interval = DataInterval(pendulum.instance(start), pendulum.instance(end))
    return DagRunInfo(run_after=pendulum.instance(end), data_interval=interval)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_daily_report_covers_the_local_day_before_also_when_it_has_25_hours() -> None:
    timetable = RecurringTimetable(DAILY, starts_at=at("2026-11-01T10:00:00+00:00"))
    first, second = scheduled(timetable, 2)
    assert first.run_after == at("2026-11-01T11:00:00+00:00"), "06:00 EST"
    assert first.data_interval == (at("2026-10-31T04:00:00+00:00"), at("2026-11-01T04:00:00+00:00"))
    assert second.data_interval == (at("2026-11-01T04:00:00+00:00"), at("2026-11-02T05:00:00+00:00"))


def test_a_weekly_report_covers_the_last_calendar_week_before_its_day() -> None:
    sundays = Schedule(Interval.WEEKLY, "America/New_York", "monday", "sunday", time(22))
    (run,) = scheduled(RecurringTimetable(sundays, starts_at=at("2026-11-20T00:00:00+00:00")), 1)
    assert run.run_after == at("2026-11-22T22:00:00-05:00")
    assert run.data_interval == (at("2026-11-09T00:00:00-05:00"), at("2026-11-16T00:00:00-05:00"))


def test_a_first_run_without_a_start_is_the_latest_delivery_that_is_due() -> None:
    (run,) = scheduled(RecurringTimetable(DAILY), 1)
    now = datetime.now(UTC)
    assert run.run_after <= now < run.run_after + timedelta(hours=25)


@settings(max_examples=50)
@given(
    zone=st.sampled_from(["America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana"]),
    day=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    weekly=st.booleans(),
)
def test_consecutive_runs_tile(zone: str, day: date, weekly: bool) -> None:
    schedule = Schedule(Interval.WEEKLY, zone, "sunday", "wednesday") if weekly else Schedule(Interval.DAILY, zone)
    start = datetime.combine(day, time(12), ZoneInfo(zone))
    runs = scheduled(RecurringTimetable(schedule, starts_at=start), 5)
    for run, following in itertools.pairwise(runs):
        assert run.data_interval is not None
        assert following.data_interval is not None
        assert run.data_interval.end == following.data_interval.start
        assert run.data_interval.end <= run.run_after


def test_runs_missed_in_an_outage_are_made_up_for() -> None:
    last = run_of(at("2026-11-01T04:00:00+00:00"), at("2026-11-02T05:00:00+00:00"))
    (run,) = scheduled(RecurringTimetable(DAILY), 1, last)
    assert run.data_interval is not None
    assert run.data_interval.start == at("2026-11-02T05:00:00+00:00")


def test_a_stopped_report_has_no_next_run_and_a_resumed_one_skips_what_was_due_meanwhile() -> None:
    stopped_at = at("2026-11-05T00:00:00+00:00")
    last = run_of(at("2026-11-03T05:00:00+00:00"), at("2026-11-04T05:00:00+00:00"))
    assert scheduled(RecurringTimetable(DAILY, stops=(Stop(stopped_at),)), 1, last) == []
    resumed = RecurringTimetable(DAILY, stops=(Stop(stopped_at, at("2026-11-08T12:00:00+00:00")),))
    (run,) = scheduled(resumed, 1, last)
    assert run.run_after == at("2026-11-09T11:00:00+00:00")


def test_stops_one_after_another_are_all_left_out() -> None:
    stops = (
        Stop(at("2026-11-05T00:00:00+00:00"), at("2026-11-06T00:00:00+00:00")),
        Stop(at("2026-11-06T01:00:00+00:00"), at("2026-11-07T00:00:00+00:00")),
    )
    last = run_of(at("2026-11-03T05:00:00+00:00"), at("2026-11-04T05:00:00+00:00"))
    (run,) = scheduled(RecurringTimetable(DAILY, stops=stops), 1, last)
    assert run.run_after == at("2026-11-07T11:00:00+00:00")


def test_a_backfill_makes_the_windows_that_start_within_its_dates_whatever_was_stopped() -> None:
    timetable = RecurringTimetable(
        MONDAYS, starts_at=at("2026-11-20T00:00:00+00:00"), stops=(Stop(at("2026-09-01T00:00:00+00:00")),)
    )
    restriction = TimeRestriction(pendulum.datetime(2026, 10, 20), pendulum.datetime(2026, 11, 2, 5), catchup=True)
    starts, last = [], None
    while info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction):
        last = info.data_interval
        assert last is not None
        starts.append(last.start.astimezone(NEW_YORK).date())
    assert starts == [date(2026, 10, 26), date(2026, 11, 2)]


def test_a_backfill_before_the_first_delivery_does_not_make_the_scheduler_catch_up() -> None:
    timetable = RecurringTimetable(DAILY, starts_at=at("2026-11-20T00:00:00+00:00"))
    backfilled = run_of(at("2026-01-01T05:00:00+00:00"), at("2026-01-02T05:00:00+00:00"))
    (run,) = scheduled(timetable, 1, backfilled)
    assert run.run_after == at("2026-11-20T11:00:00+00:00")


def test_a_run_started_by_hand_exports_the_last_window_that_was_due() -> None:
    interval = RecurringTimetable(MONDAYS).infer_manual_data_interval(run_after=pendulum.datetime(2026, 11, 18))
    assert interval == (at("2026-11-09T00:00:00-05:00"), at("2026-11-16T00:00:00-05:00"))


def test_a_recurring_timetable_survives_serialization() -> None:
    stops = (Stop(at("2026-11-05T00:00:00+00:00"), at("2026-11-06T00:00:00+00:00")), Stop(at("2026-12-01T00:00:00Z")))
    timetable = RecurringTimetable(MONDAYS, starts_at=at("2026-11-20T00:00:00+00:00"), stops=stops)
    again = RecurringTimetable.deserialize(json.loads(json.dumps(timetable.serialize())))
    assert (again.schedule, again.starts_at, again.stops) == (MONDAYS, timetable.starts_at, stops)
    assert again.summary == "Every Monday at 06:00 America/New_York, the week before"


RANGES: list[DateRange | None] = [
    None,
    Preset.PAST_MONTH,
    DayRange(date(2026, 1, 1), date(2026, 1, 31)),
    Window(at("2026-01-01T05:00:00+00:00"), at("2026-01-02T05:00:00+00:00")),
]


@pytest.mark.parametrize("chosen", RANGES)
def test_a_one_time_timetable_survives_serialization(chosen: DateRange | None) -> None:
    timetable = OneTimeTimetable(chosen, "Asia/Kolkata", "sunday")
    again = OneTimeTimetable.deserialize(json.loads(json.dumps(timetable.serialize())))
    assert (again.date_range, again.zone, again.week_starts_on) == (chosen, "Asia/Kolkata", "sunday")


def test_a_one_time_report_runs_once_with_its_window_as_data_interval() -> None:
    timetable = OneTimeTimetable(DayRange(date(2026, 1, 1), date(2026, 1, 31)), "America/New_York", "monday")
    run = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=UNRESTRICTED)
    assert run is not None
    assert run.data_interval == (at("2026-01-01T00:00:00-05:00"), at("2026-02-01T00:00:00-05:00"))
    again = timetable.next_dagrun_info(last_automated_data_interval=run.data_interval, restriction=UNRESTRICTED)
    assert again is None


def test_a_snapshot_has_the_moment_of_its_run_as_data_interval() -> None:
    moment = pendulum.datetime(2026, 11, 18, 12)
    interval = OneTimeTimetable(None, "America/New_York", "monday").infer_manual_data_interval(run_after=moment)
    assert interval == DataInterval.exact(moment)
