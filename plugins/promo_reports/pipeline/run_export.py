"""Make the export of a DAG run, whose window is the run's data interval (decisions, 3)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from promo_reports.domain.dates.window import Window, resolve
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.errors import InvalidInput, Problem
from promo_reports.pipeline.export import Export, Previous

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """The values of a DAG run that define its export; they are the same for a retry or a later clear."""

    dag_id: str
    run_id: str
    run_after: datetime
    interval_start: datetime | None = None
    interval_end: datetime | None = None

    @property
    def window(self) -> Window | None:
        """The data interval, where it has a length."""
        if self.interval_start is None or self.interval_end is None or self.interval_start >= self.interval_end:
            return None
        return Window(self.interval_start, self.interval_end)


def scheduled_export(definition: Definition, run: Run, previous: Previous | None = None) -> Export:
    """Return the export of a run of a definition's own DAG: scheduled, backfilled or started by hand.

    Raises `InvalidInput` for a run whose data interval, given by hand, is in the future or too long.
    """
    window = run.window
    if window is None and definition.schedule is not None:
        window = definition.schedule.latest(run.run_after).window
    if definition.report_type.date_range is DateRangeRule.NONE:
        as_of = window.end if window else run.run_after
        if as_of > run.run_after:
            raise _refused(run, f"{as_of:%Y-%m-%d %H:%M %Z}, the instant of the snapshot, is in the future")
        return Export(definition, None, as_of, run.dag_id, run.run_id)
    if window is None:
        return one_time_export(definition, run)
    if previous is not None and previous.window.end != window.start:
        previous = None
    return _checked(Export(definition, window, None, run.dag_id, run.run_id, previous), window, run)


def one_time_export(definition: Definition, run: Run) -> Export:
    """Return the export of a one-time run: its date range as of the moment that the run was asked for."""
    if definition.date_range is None:
        return Export(definition, None, run.run_after, run.dag_id, run.run_id)
    zone = definition.zone
    window = resolve(definition.date_range, run.run_after, zone, definition.week_starts_on)
    if window is None:
        raise _refused(run, f"the date range is not over at {run.run_after.astimezone(zone):%Y-%m-%d %H:%M %Z}")
    return _checked(Export(definition, window, None, run.dag_id, run.run_id), window, run)


def previous_export(snapshot: object) -> Previous | None:
    """Return the window that an earlier run left in XCom; None where there is none, or it cannot be read.

    Without it no late rows are counted.
    """
    if not snapshot:
        return None
    try:
        texts = (snapshot[key] for key in ("start", "end", "snapshot_at"))  # type: ignore[index]
        start, end, taken_at = (_instant(text) for text in texts)
        return Previous(Window(start, end), taken_at)
    except (KeyError, TypeError, ValueError) as wrong:
        log.warning("Late rows are not counted: what the run before has left is not a window (%s)", wrong)
        return None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return found


def _checked(export: Export, window: Window, run: Run) -> Export:
    report_type = export.definition.report_type
    months = report_type.max_months
    if months is not None and window.exceeds_months(months, export.zone):
        raise _refused(run, f"the window is longer than {months} months, the limit of {report_type.title}")
    if window.end > run.run_after:
        raise _refused(run, f"the window ends at {window.end.astimezone(export.zone):%Y-%m-%d %H:%M %Z}, in the future")
    return export


def _refused(run: Run, message: str) -> InvalidInput:
    return InvalidInput(f"Run {run.run_id}", [Problem(run.dag_id, "date_range", message)])
