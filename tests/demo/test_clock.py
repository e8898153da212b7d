"""Moving a year by whole weeks of local time, daylight saving included."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd  # noqa: TID253
import pytest

from include.demo.data import source
from include.demo.data.clock import DemoClock

NEW_YORK = ZoneInfo("America/New_York")


def local(instants: np.ndarray) -> pd.Series:
    return pd.Series(pd.to_datetime(instants, unit="us", utc=True)).dt.tz_convert(NEW_YORK).dt.tz_localize(None)


def moved(clock: DemoClock, utc: str) -> str:
    instant = datetime.datetime.fromisoformat(utc).replace(tzinfo=datetime.UTC)
    result = clock.move(np.array([int(instant.timestamp()) * 1_000_000], np.int64))[0]
    return datetime.datetime.fromtimestamp(result / 1e6, NEW_YORK).isoformat()


@pytest.mark.parametrize("day", range(14))
def test_the_data_ends_within_the_week_before_today(day: int) -> None:
    today = datetime.date(2026, 11, 16) + datetime.timedelta(days=day)
    clock = DemoClock.moved_to(today)
    last = local(clock.move(np.array([1_514_779_280_000_000], np.int64)))[0]
    assert last.time() == datetime.time(23, 1, 20)
    assert last.strftime("%A") == "Sunday"
    assert 1 <= (today - last.date()).days <= 7


def test_the_year_keeps_its_wall_clock_and_weekdays() -> None:
    instants = np.unique(source.purchases().purchased_at)
    clock = DemoClock.moved_to(datetime.date(2026, 11, 23))
    assert clock.shift_weeks == 464
    before, after = local(instants), local(clock.move(instants))
    shift = after - before
    weeks = pd.Timedelta(weeks=464)
    # In 2026 the clocks change on other dates, so some minutes do not exist: they go one hour forward.
    skipped = shift != weeks
    assert set(shift[skipped]) <= {weeks + pd.Timedelta(hours=1)}
    assert skipped.sum() < 60
    assert set(before[skipped].dt.hour) <= {2}


def test_a_moved_gap_goes_forward_and_a_moved_fold_is_the_first() -> None:
    # 52 weeks after Sunday 2017-03-12 is Sunday 2018-03-11, when 02:30 does not exist. Sunday 2017-03-05 has it.
    clock = DemoClock(datetime.date(2019, 1, 1), 53)
    assert moved(clock, "2017-03-05 07:30:00") == "2018-03-11T03:30:00-04:00"
    # 2017-10-29 01:30 exists once, 2018-11-04 01:30 twice.
    assert moved(clock, "2017-10-29 05:30:00") == "2018-11-04T01:30:00-04:00"
    # And 2017-11-05 has 01:30 twice; 2018-11-11 once.
    assert moved(clock, "2017-11-05 05:30:00") == "2018-11-11T01:30:00-05:00"
    assert moved(clock, "2017-11-05 06:30:00") == "2018-11-11T01:30:00-05:00"


def test_unmoved_is_untouched() -> None:
    instants = np.array([1_483_271_606_000_000, 1_509_863_400_000_000], np.int64)
    assert DemoClock.unmoved().move(instants) is instants
    assert DemoClock.unmoved().today == datetime.date(2018, 1, 1)


def test_local_days_move_to_local_midnights() -> None:
    clock = DemoClock(datetime.date(2019, 1, 1), 53)
    (start,) = clock.move_days([datetime.date(2017, 10, 30)])
    assert datetime.datetime.fromtimestamp(start / 1e6, NEW_YORK).isoformat() == "2018-11-05T00:00:00-05:00"
