"""Why an open export makes no progress, from Airflow's tables: the first reason that applies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from promo_reports.web.exports.failures import tried_again
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.queries.task_state_schema import showable
from promo_reports.web.times import now

SCHEDULER_SILENT = timedelta(minutes=2)
"""Age of the last heartbeat from which on it is reported; Airflow itself calls a scheduler unhealthy after 30 s."""
WORKER_AWAITED = timedelta(minutes=1)
"""Time in the executor's queue from which on it is reported."""


def waiting(record: ExportRecord, zone: ZoneInfo) -> str | None:
    """Return one sentence, with times in `zone`; None if it makes progress or the reason is unknown."""
    if not record.status.is_open:
        return None
    return next((said for each in _REASONS if (said := each(record, zone)) is not None), None)


def is_stranded(record: ExportRecord) -> bool:
    """Whether Airflow would not start the run if it were queued again, since its backfill is paused or cancelled."""
    return record.backfill is not None and record.backfill.is_paused


def _definition_gone(record: ExportRecord, zone: ZoneInfo) -> str | None:
    if record.dag is None or record.dag.is_stale:
        return "Its definition is not registered any more, so Airflow does not go on with it."
    return None


def _dag_paused(record: ExportRecord, zone: ZoneInfo) -> str | None:
    if record.dag is not None and record.dag.is_paused:
        return "It is paused in Airflow, and goes on when somebody resumes it there."
    return None


def _backfill_halted(record: ExportRecord, zone: ZoneInfo) -> str | None:
    """Only a queued run waits for its backfill."""
    if record.backfill is None or not record.backfill.is_paused or record.state != "queued":
        return None
    otherwise = "Cancel it and retry it to make it outside of the backfill."
    if record.backfill.cancelled:
        return f"Its backfill was cancelled in Airflow, which does not start it any more. {otherwise}"
    return f"Its backfill is paused in Airflow, and it goes on when somebody resumes that. {otherwise}"


def _of_the_future(record: ExportRecord, zone: ZoneInfo) -> str | None:
    if record.logical_date is not None and record.logical_date > now():
        return f"It is about {record.logical_date:%Y-%m-%d}, and Airflow does not start it before. Cancel it."
    if record.state == "queued" and record.run_after > now() + timedelta(seconds=1):  # `now` is in whole seconds
        return f"Airflow does not start it before {_local(record.run_after, zone)}, as whoever started it asked."
    return None


def _scheduler_away(record: ExportRecord, zone: ZoneInfo) -> str | None:
    if record.scheduler_seen is None or record.scheduler_seen + SCHEDULER_SILENT > now():
        return None
    return f"No scheduler of Airflow has been alive since {_local(record.scheduler_seen, zone)}. Tell whoever runs it."


def _tried_again(record: ExportRecord, zone: ZoneInfo) -> str | None:
    failed = tried_again(record.facts) if record.state == "running" else None
    return f"The last attempt failed and is retried: {failed.reason}" if failed else None


def _behind_others(record: ExportRecord, zone: ZoneInfo) -> str | None:
    before, limit = record.running_before, record.dag.max_active_runs if record.dag else None
    if record.backfill is not None:
        limit = record.backfill.max_active_runs
    if before is None or limit is None or before < limit:
        return None
    said = "another export of the same report is" if before == 1 else f"{before} exports of the same report are"
    return f"It waits: {said} being made."


def _pool_missing(record: ExportRecord, zone: ZoneInfo) -> str | None:
    missing = next((each.missing_pool for each in record.tasks if each.missing_pool is not None), None)
    if missing is None:
        return None
    return f"Airflow has no pool {missing!r}, and starts no task of it. Whoever runs Airflow has to create it."


def _pool_full(record: ExportRecord, zone: ZoneInfo) -> str | None:
    full = next((each.full_pool for each in record.tasks if each.full_pool is not None), None)
    return f"It waits for a slot of Airflow's pool {full!r}, whose slots are all taken." if full else None


def _worker_awaited(record: ExportRecord, zone: ZoneInfo) -> str | None:
    handed = [each.queued_at for each in record.tasks if each.state == "queued" and each.queued_at is not None]
    if not handed or min(handed) + WORKER_AWAITED > now():
        return None
    return f"It waits for a worker of Airflow since {_local(min(handed), zone)}: all are busy, or none is running."


def _local(moment: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a timezone; only its date at the ends of the calendar, which overflow in some timezones."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}" if showable(moment) else f"{moment:%Y-%m-%d}"


_REASONS: tuple[Callable[[ExportRecord, ZoneInfo], str | None], ...] = (
    _definition_gone,
    _dag_paused,
    _backfill_halted,
    _of_the_future,
    _scheduler_away,
    _tried_again,
    _behind_others,
    _pool_missing,
    _pool_full,
    _worker_awaited,
)
