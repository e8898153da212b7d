"""Which windows Airflow's backfill makes of a past range; stops and `starts_on` do not bind it (timetable)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from promo_reports.domain.dates.calendar import start_of
from promo_reports.domain.dates.schedule import Delivery, Schedule


@dataclass(frozen=True)
class Backfill:
    """The deliveries of a range whose windows have ended, oldest first, and how many windows of it have not."""

    deliveries: tuple[Delivery, ...]
    unfinished: int

    @property
    def dates(self) -> tuple[datetime, datetime] | None:
        """What Airflow calls from and to date: the first and the last window's start, both included."""
        if not self.deliveries:
            return None
        return self.deliveries[0].window.start, self.deliveries[-1].window.start


def backfill(schedule: Schedule, first: datetime, last: datetime, now: datetime) -> Backfill:
    """Return the windows that start from `first` to `last`, both included, and ended before `now`."""
    inside = list(_windows(schedule, first, last))
    ended = tuple(each for each in inside if each.window.end < now)
    return Backfill(ended, len(inside) - len(ended))


def backfill_of_days(schedule: Schedule, first: date, last: date, now: datetime) -> Backfill:
    """Return the windows that start on the schedule's local days from `first` to `last`, both included."""
    return backfill(schedule, start_of(first, schedule.zone), start_of(last, schedule.zone), now)


def _windows(schedule: Schedule, first: datetime, last: datetime) -> Iterator[Delivery]:
    delivery = schedule.first_from(first)
    while delivery.window.start <= last:
        yield delivery
        delivery = schedule.after(delivery.window)
