"""The demo's clock: every local time moves by one whole number of weeks, so that presets and schedules find rows.

Whole weeks keep the weekday, and moving *local* time keeps the wall clock: a purchase of Saturday 18:05 in New York
stays one, whatever daylight saving does to its new date.
"""

from __future__ import annotations

import dataclasses
import datetime
import zoneinfo
from typing import TYPE_CHECKING

import numpy as np

from include.demo.data import source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from include.demo.data.source import Integers

ZONE = zoneinfo.ZoneInfo(source.TIMEZONE)
HOUR = 3_600_000_000
"""Microseconds; New York's offset changes on whole hours only."""
WEEK = 7 * 24 * HOUR
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: local wall clock


@dataclasses.dataclass(frozen=True)
class DemoClock:
    """Where the demo's "now" is and how far the data set moves to end just before it."""

    today: datetime.date
    """A local day; the demo's rows end before it begins."""
    shift_weeks: int

    @classmethod
    def moved_to(cls, today: datetime.date) -> DemoClock:
        """Let the data end within the last seven days before `today`, on a Sunday as it does in the data set."""
        return cls(today, (today - source.DAY_AFTER_LAST).days // 7)

    @classmethod
    def unmoved(cls) -> DemoClock:
        """Leave the data in 2017 and let today be the day after its last."""
        return cls(source.DAY_AFTER_LAST, 0)

    def move(self, instants: Integers) -> Integers:
        """Move UTC microseconds by whole weeks of local time.

        A time that its new day skips in spring goes one hour forward; one that occurs twice in autumn is the first.
        """
        if not self.shift_weeks:
            return instants
        return local_to_utc(utc_to_local(instants) + self.shift_weeks * WEEK)

    def move_local(self, local: Sequence[datetime.datetime]) -> Integers:
        """Move naive local times of the data set's year; returns UTC microseconds."""
        since_1970 = [(moment - _EPOCH) // datetime.timedelta(microseconds=1) for moment in local]
        return local_to_utc(np.array(since_1970, np.int64) + self.shift_weeks * WEEK)

    def move_days(self, days: Sequence[datetime.date]) -> Integers:
        """Move the first instants of local days of the data set's year."""
        return self.move_local([datetime.datetime.combine(day, datetime.time.min) for day in days])


def utc_to_local(instants: Integers) -> Integers:
    """Turn UTC microseconds into microseconds of New York's wall clock."""
    hours, position = np.unique(instants // HOUR, return_inverse=True)
    offsets = [_offset(datetime.datetime.fromtimestamp(int(hour) * 3600, ZONE)) for hour in hours]
    return instants + np.array(offsets, np.int64)[position]


def local_to_utc(local: Integers) -> Integers:
    """Turn microseconds of New York's wall clock into UTC; `fold=0` is what moves a gap forward and picks the first."""
    hours, position = np.unique(local // HOUR, return_inverse=True)
    clock = [(_EPOCH + datetime.timedelta(hours=int(hour))).replace(tzinfo=ZONE) for hour in hours]
    return local - np.array([_offset(hour) for hour in clock], np.int64)[position]


def midnight(day: datetime.date) -> datetime.datetime:
    """Give the first moment of a local day, not moved."""
    return datetime.datetime.combine(day, datetime.time.min, ZONE)


def _offset(moment: datetime.datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None  # noqa: S101  ZONE always has one
    return offset // datetime.timedelta(microseconds=1)
