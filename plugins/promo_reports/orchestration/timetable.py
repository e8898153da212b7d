"""Airflow timetables whose data interval is exactly the report's window (decisions, 3).

Airflow's scheduler asks with no restriction, because our DAGs have no start date; its backfill asks with one. That is
how stops and the first delivery bind the scheduler alone, and a backfill may make any past window.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from promo_reports.domain.dates.schedule import Delivery, Interval, Recurrence, Schedule, Stop
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import DateRange, Window, date_range_from, date_range_values, resolve


def data_interval(window: Window) -> DataInterval:
    """A window as Airflow's data interval."""
    return DataInterval(pendulum.instance(window.start), pendulum.instance(window.end))


class RecurringTimetable(Timetable):
    """Daily or weekly deliveries; consecutive runs tile, also after an outage, but not over a time of being stopped."""

    def __init__(self, schedule: Schedule, *, starts_at: datetime | None = None, stops: tuple[Stop, ...] = ()) -> None:
        self.schedule, self.starts_at, self.stops = schedule, starts_at, stops
        self.description = schedule.in_words

    @property
    def summary(self) -> str:
        """What Airflow's DAG list shows as the schedule."""
        return self.description

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run after the last one: for a backfill within its dates, for the scheduler outside of stops."""
        last = last_automated_data_interval
        if restriction.earliest is not None:
            delivery = self.schedule.first_from(last.end if last else restriction.earliest)
            late = restriction.latest is not None and delivery.window.start > restriction.latest
            return None if late else _run(delivery)
        recurrence = Recurrence(self.schedule, self.starts_at, self.stops)
        following = recurrence.following(last.end if last else None, datetime.now(UTC))
        return _run(following) if following is not None else None

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A run started by hand exports the last window that had been due by then."""
        with _in_the_calendar(run_after):
            return data_interval(self.schedule.latest(run_after).window)

    def serialize(self) -> dict[str, Any]:
        """What the scheduler needs to make the timetable again."""
        schedule = self.schedule
        return {
            "interval": schedule.interval.value,
            "timezone": schedule.timezone,
            "week_starts_on": schedule.week_starts_on,
            "delivery_day": schedule.delivery_day,
            "delivery_time": schedule.delivery_time.isoformat(),
            "starts_at": _text(self.starts_at),
            "stops": [[_text(stop.stopped_at), _text(stop.resumed_at)] for stop in self.stops],
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RecurringTimetable:
        """Make the timetable from what `serialize` gave."""
        schedule = Schedule(
            Interval(data["interval"]),
            data["timezone"],
            data["week_starts_on"],
            data["delivery_day"],
            time.fromisoformat(data["delivery_time"]),
        )
        stops = tuple(Stop(datetime.fromisoformat(stopped), _moment(resumed)) for stopped, resumed in data["stops"])
        return cls(schedule, starts_at=_moment(data["starts_at"]), stops=stops)


class OneTimeTimetable(Timetable):
    """One run, when the definition is first registered; its window is resolved at that moment (decisions, 2).

    `has_run` is for one whose run was deleted in Airflow together with its DAG: it is not made again.
    """

    def __init__(self, date_range: DateRange | None, zone: str, week_starts_on: str, *, has_run: bool = False) -> None:
        self.date_range, self.zone, self.week_starts_on, self.has_run = date_range, zone, week_starts_on, has_run
        self.description = "Once, when it is registered"

    @property
    def summary(self) -> str:
        """What Airflow's DAG list shows as the schedule."""
        return self.description

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The one run, unless there has been one."""
        if last_automated_data_interval is not None or self.has_run:
            return None
        now = pendulum.instance(datetime.now(UTC).replace(microsecond=0))
        return DagRunInfo(run_after=now, data_interval=self._interval(now))

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """The window as of the moment that a run is started by hand."""
        with _in_the_calendar(run_after):
            return self._interval(run_after)

    def serialize(self) -> dict[str, Any]:
        """What the scheduler needs to make the timetable again."""
        chosen = date_range_values(self.date_range) if self.date_range is not None else None
        ran = {"has_run": True} if self.has_run else {}
        return {"date_range": chosen, "zone": self.zone, "week_starts_on": self.week_starts_on, **ran}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> OneTimeTimetable:
        """Make the timetable from what `serialize` gave."""
        chosen = date_range_from(data["date_range"]) if data["date_range"] is not None else None
        return cls(chosen, data["zone"], data["week_starts_on"], has_run=data.get("has_run", False))

    def _interval(self, at: pendulum.DateTime) -> DataInterval:
        window = None
        if self.date_range is not None:
            window = resolve(self.date_range, at, load_timezone(self.zone), self.week_starts_on)
        return data_interval(window) if window else DataInterval.exact(at)


def _run(delivery: Delivery) -> DagRunInfo:
    return DagRunInfo(run_after=pendulum.instance(delivery.due), data_interval=data_interval(delivery.window))


@contextmanager
def _in_the_calendar(moment: datetime) -> Iterator[None]:
    """Refuse an instant whose windows lie beyond the calendar; Airflow's API answers a `ValueError` with 400."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(f"No window can be told as of {moment:%Y-%m-%d}.") from error


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
