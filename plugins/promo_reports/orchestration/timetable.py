"""Airflow timetables whose data interval is exactly the report's window (decisions, 3).

The scheduler passes no restriction, because the DAGs have no start date; a backfill passes one. Stops and the first
delivery therefore bind the scheduler only, and a backfill may create any past window.
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
    """Return a window as Airflow's data interval."""
    return DataInterval(pendulum.instance(window.start), pendulum.instance(window.end))


class RecurringTimetable(Timetable):
    """Daily or weekly deliveries whose windows are contiguous, also after an outage, except across stops."""

    def __init__(self, schedule: Schedule, *, starts_at: datetime | None = None, stops: tuple[Stop, ...] = ()) -> None:
        self.schedule, self.starts_at, self.stops = schedule, starts_at, stops
        self.description = schedule.in_words

    @property
    def summary(self) -> str:
        """Schedule as Airflow's DAG list shows it."""
        return self.description

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the run after the last one: within a backfill's dates, or outside of stops for the scheduler."""
        last = last_automated_data_interval
        if restriction.earliest is not None:
            delivery = self.schedule.first_from(last.end if last else restriction.earliest)
            late = restriction.latest is not None and delivery.window.start > restriction.latest
            return None if late else _run(delivery)
        recurrence = Recurrence(self.schedule, self.starts_at, self.stops)
        following = recurrence.following(last.end if last else None, datetime.now(UTC))
        return _run(following) if following is not None else None

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """Return the last window that was due at `run_after`, for a run triggered by hand."""
        with _in_the_calendar(run_after):
            return data_interval(self.schedule.latest(run_after).window)

    def serialize(self) -> dict[str, Any]:
        """Return the arguments from which the scheduler restores the timetable."""
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
        """Restore the timetable from the result of `serialize`."""
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
    """One run, when the definition is first registered; its window is resolved then (decisions, 2).

    `has_run` is set if its run was deleted in Airflow together with the DAG: it is not repeated.
    """

    def __init__(self, date_range: DateRange | None, zone: str, week_starts_on: str, *, has_run: bool = False) -> None:
        self.date_range, self.zone, self.week_starts_on, self.has_run = date_range, zone, week_starts_on, has_run
        self.description = "Once, when it is registered"

    @property
    def summary(self) -> str:
        """Schedule as Airflow's DAG list shows it."""
        return self.description

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the one run, or None if it was created before."""
        if last_automated_data_interval is not None or self.has_run:
            return None
        now = pendulum.instance(datetime.now(UTC).replace(microsecond=0))
        return DagRunInfo(run_after=now, data_interval=self._interval(now))

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """Return the window as of `run_after`, for a run triggered by hand."""
        with _in_the_calendar(run_after):
            return self._interval(run_after)

    def serialize(self) -> dict[str, Any]:
        """Return the arguments from which the scheduler restores the timetable."""
        chosen = date_range_values(self.date_range) if self.date_range is not None else None
        ran = {"has_run": True} if self.has_run else {}
        return {"date_range": chosen, "zone": self.zone, "week_starts_on": self.week_starts_on, **ran}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> OneTimeTimetable:
        """Restore the timetable from the result of `serialize`."""
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
    """Raise `ValueError` for an instant whose windows are beyond the calendar; Airflow's API answers it with 400."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(f"No window can be told as of {moment:%Y-%m-%d}.") from error


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
