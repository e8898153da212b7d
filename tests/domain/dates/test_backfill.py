"""The windows of a past range: those that start within it, and of them those that have ended."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from promo_reports.domain.dates.backfill import Backfill, backfill, backfill_of_days
from promo_reports.domain.dates.schedule import Interval, Schedule

NEW_YORK = Schedule(Interval.DAILY, "America/New_York", delivery_time=time(6))
WEEKLY = Schedule(Interval.WEEKLY, "America/New_York", "monday", "wednesday", time(6))
NOW = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


def days(found: Backfill, schedule: Schedule = NEW_YORK) -> list[str]:
    return [f"{each.window.start.astimezone(schedule.zone):%Y-%m-%d}" for each in found.deliveries]


def test_both_days_are_included() -> None:
    found = backfill_of_days(NEW_YORK, date(2026, 10, 31), date(2026, 11, 2), NOW)
    assert days(found) == ["2026-10-31", "2026-11-01", "2026-11-02"]
    assert found.unfinished == 0
    assert [(each.window.end - each.window.start) / timedelta(hours=1) for each in found.deliveries] == [24, 25, 24]
    assert found.deliveries[0].due.isoformat() == "2026-11-01T11:00:00+00:00"


def test_airflow_makes_the_same_windows_of_the_two_dates() -> None:
    found = backfill_of_days(NEW_YORK, date(2026, 10, 31), date(2026, 11, 2), NOW)
    assert found.dates == (found.deliveries[0].window.start, found.deliveries[2].window.start)
    assert backfill(NEW_YORK, *found.dates, NOW) == found


def test_weeks_that_start_within_the_days() -> None:
    found = backfill_of_days(WEEKLY, date(2026, 10, 27), date(2026, 11, 9), NOW)
    assert days(found, WEEKLY) == ["2026-11-02", "2026-11-09"]


@pytest.mark.parametrize(("seconds", "ended"), [(0, 1), (1, 2)])
def test_a_window_has_ended_before_now_and_not_with_it(seconds: int, ended: int) -> None:
    end = datetime.fromisoformat("2026-11-22T05:00:00+00:00")
    found = backfill_of_days(NEW_YORK, date(2026, 11, 20), date(2026, 11, 21), end + timedelta(seconds=seconds))
    assert (len(found.deliveries), found.unfinished) == (ended, 2 - ended)


def test_nothing_has_ended_or_starts() -> None:
    found = backfill_of_days(NEW_YORK, date(2026, 12, 1), date(2026, 12, 2), NOW)
    assert (found.deliveries, found.unfinished, found.dates) == ((), 2, None)
    assert backfill_of_days(WEEKLY, date(2026, 11, 10), date(2026, 11, 11), NOW) == Backfill((), 0)


def test_a_day_that_the_calendar_skipped() -> None:
    apia = Schedule(Interval.DAILY, "Pacific/Apia", delivery_time=time(6))
    found = backfill_of_days(apia, date(2011, 12, 29), date(2011, 12, 31), NOW)
    assert days(found, apia) == ["2011-12-29", "2011-12-31"]
