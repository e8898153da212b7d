"""When a recurring report is delivered, and the window each delivery covers.

Consecutive deliveries tile: each window starts where the one before it ended, in every timezone, DST days included
(reliability, P11). Daily: the previous local day. Weekly: the last complete calendar week before the delivery day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.calendar import WEEKDAYS, instant, local_date, start_of, start_of_week
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import Window

DEFAULT_DELIVERY_TIME = time(6, 0)


class Interval(StrEnum):
    """How often a recurring report is delivered."""

    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def label(self) -> str:
        """The word for it: `Weekly`."""
        return self.value.capitalize()

    @property
    def has_delivery_day(self) -> bool:
        """Whether a delivery day is chosen for it."""
        return self is Interval.WEEKLY


ONE_TIME: Final = "one_time"
"""The frequency of a report that is exported once; that of a recurring one is its interval."""


class Frequency(StrEnum):
    """How often a report is exported: once, or at an interval."""

    ONE_TIME = ONE_TIME
    DAILY = Interval.DAILY.value
    WEEKLY = Interval.WEEKLY.value

    @property
    def label(self) -> str:
        """The words for it: `One Time`."""
        return self.value.replace("_", " ").title()


@dataclass(frozen=True)
class Stop:
    """A time in which a report is stopped: `[stopped_at, resumed_at)`, for ever where `resumed_at` is None."""

    stopped_at: datetime
    resumed_at: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Return whether a delivery due at that instant is left out."""
        return self.stopped_at <= moment and (self.resumed_at is None or moment < self.resumed_at)


@dataclass(frozen=True)
class Delivery:
    """One delivery: due at an instant, for one window that has ended by then."""

    due: datetime
    window: Window


@dataclass(frozen=True)
class Schedule:
    """The rhythm of a recurring report in one timezone; `delivery_day` is None for daily ones."""

    interval: Interval
    timezone: str
    week_starts_on: str = "monday"
    delivery_day: str | None = None
    delivery_time: time = DEFAULT_DELIVERY_TIME

    @property
    def zone(self) -> ZoneInfo:
        """The timezone that days, weeks and the delivery time are counted in."""
        return load_timezone(self.timezone)

    @property
    def in_words(self) -> str:
        """The rhythm as people say it: `Every Monday at 06:00 America/New_York, the week before`."""
        at = f"at {self.delivery_time:%H:%M} {self.timezone}"
        if self.interval is Interval.WEEKLY:
            return f"Every {str(self.delivery_day).title()} {at}, the week before"
        return f"Every day {at}, the day before"

    def latest(self, at: datetime) -> Delivery:
        """Return the last delivery that is due at or before an instant."""
        return next(d for d in self._walk(local_date(at, self.zone) + timedelta(days=1), -1) if d.due <= at)

    def after(self, window: Window) -> Delivery:
        """Return the delivery of the first window that starts at or after another one's end."""
        return self.first_from(window.end)

    def first_from(self, start: datetime) -> Delivery:
        """Return the first delivery whose window starts at or after an instant."""
        day = local_date(start, self.zone)
        return next(d for d in self._walk(day - timedelta(days=7), 1) if d.window.start >= start)

    def first_due(self, at: datetime) -> Delivery:
        """Return the first delivery that is due at or after an instant."""
        return next(d for d in self._walk(local_date(at, self.zone) - timedelta(days=7), 1) if d.due >= at)

    def upcoming(self, at: datetime, count: int) -> list[Delivery]:
        """Return the next deliveries from an instant on, soonest first."""
        days = self._walk(local_date(at, self.zone) - timedelta(days=7), 1)
        return list(islice((d for d in days if d.due >= at), count))

    def _walk(self, day: date, step: int) -> Iterator[Delivery]:
        while True:
            delivery = self._on(day)
            if delivery is not None:
                yield delivery
            day += timedelta(days=step)

    def _on(self, day: date) -> Delivery | None:
        """Return the delivery of a local day; None where there is none, or the calendar skipped the day."""
        if self.interval is Interval.WEEKLY:
            if WEEKDAYS[day.weekday()] != self.delivery_day:
                return None
            last = start_of_week(day, self.week_starts_on)
            first = last - timedelta(days=7)
        else:
            first, last = day - timedelta(days=1), day
        start, end = start_of(first, self.zone), start_of(last, self.zone)
        if start >= end:
            return None
        return Delivery(max(instant(day, self.delivery_time, self.zone), end), Window(start, end))


@dataclass(frozen=True)
class Recurrence:
    """A schedule, the first instant at which a delivery may be due, and the times in which none goes out.

    What the scheduler runs (`RecurringTimetable`) and what the page, the API and the command line say of it.
    """

    schedule: Schedule
    starts_at: datetime | None = None
    stops: tuple[Stop, ...] = ()

    def following(self, last_end: datetime | None, now: datetime) -> Delivery | None:
        """Return the delivery after a run whose window ended at `last_end`; None while it is stopped.

        `last_end` is None where there has been no run: then it is the first one from `starts_at` on, or else the last
        one that was due by `now`.
        """
        if last_end is not None:
            delivery = self.schedule.first_from(last_end)
        elif self.starts_at is not None:
            delivery = self.schedule.first_due(self.starts_at)
        else:
            delivery = self.schedule.latest(now)
        if self.starts_at is not None and delivery.due < self.starts_at:
            delivery = self.schedule.first_due(self.starts_at)
        for stop in sorted(self.stops, key=lambda stop: stop.stopped_at):
            if stop.covers(delivery.due):
                if stop.resumed_at is None:
                    return None
                delivery = self.schedule.first_due(stop.resumed_at)
        return delivery

    def upcoming(self, first: Delivery | None, now: datetime) -> Iterator[Delivery]:
        """Return a delivery and those after it, soonest first, until it is stopped."""
        while first is not None:
            yield first
            first = self.following(first.window.end, now)


def uncovered(scheduled: Iterable[Window], others: Iterable[Window] = ()) -> list[Window]:
    """Return the times between consecutive scheduled windows that no window covers, oldest first.

    They come of a change of the schedule or its timezone, and of a stop. `others` are windows of other runs, such as a
    backfill's: what they cover is left out.
    """
    gaps: list[Window] = []
    covered: datetime | None = None
    for each in sorted(scheduled, key=lambda each: each.start):
        if covered is not None and covered < each.start:
            gaps.append(Window(covered, each.start))
        covered = max(covered or each.end, each.end)
    for other in others:
        gaps = [part for gap in gaps for part in _without(gap, other)]
    return gaps


def _without(gap: Window, other: Window) -> Iterator[Window]:
    """Yield the parts of a gap that lie outside of another window."""
    if other.end <= gap.start or gap.end <= other.start:
        yield gap
        return
    if gap.start < other.start:
        yield Window(gap.start, other.start)
    if other.end < gap.end:
        yield Window(other.end, gap.end)
