"""Map the failure records of an export's tasks, or their absence, to reasons for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from promo_reports.domain.export_status import ExportStatus
from promo_reports.errors import SourceUnavailable
from promo_reports.web.models import Failure
from promo_reports.web.queries.airflow_tables import DELIVER, EXTRACT
from promo_reports.web.queries.records import ExportRecord, TaskFacts, TaskRecord

_RETRY = "Retry it."
_LOG = "Retry it. If it fails again, the log of the run has the details."
SILENT = Failure(
    reason="A task ended without saying why: its process was killed, ran out of memory, its host was lost, or somebody "
    "marked it failed in Airflow.",
    fix=_LOG,
)
NEVER_BEGUN = Failure(
    reason="A task never began: Airflow could not start it, or somebody marked it failed there.", fix=_LOG
)
ENDED = Failure(reason="Somebody ended it in Airflow: its run was marked failed.", fix=_RETRY)
CALLED_OFF = Failure(
    reason="Its backfill was cancelled in Airflow before it began.", fix="Retry makes it outside of that backfill."
)
UNMADE = Failure(reason="Airflow calls a task a success that has made nothing: somebody marked it.", fix=_RETRY)
UNDELIVERED = Failure(
    reason="Airflow calls its run a success, but nothing was delivered: somebody marked it, or cleared a part of it.",
    fix=_RETRY,
)
PARTLY_DELIVERED = Failure(
    reason="Airflow calls its run a success, but not every destination has it: somebody marked it, or cleared a part "
    "of it.",
    fix=_RETRY,
)
MARKED = Failure(
    reason="Airflow calls its run failed, although it was delivered: somebody marked it, or ended it at that moment.",
    fix=_RETRY,
)


def failure_of(record: ExportRecord, zone: ZoneInfo) -> Failure | None:
    """Return the reason of a failed or cancelled export, with times in `zone`; None for any other export."""
    if record.status is ExportStatus.CANCELLED:
        return Failure(reason=_cancelled(record, zone), fix="Retry makes it after all.")
    if record.status is not ExportStatus.FAILED:
        return None
    left = failure_left(record.facts, record) or _silence(record)
    # The last attempt's message promises another one, which does not follow any more.
    return left.model_copy(update={"fix": left.fix.replace(SourceUnavailable.AGAIN, _RETRY)})


def _cancelled(record: ExportRecord, zone: ZoneInfo) -> str:
    marked = record.facts.cancelled.get(record.clear_number)
    if marked is not None:
        return f"Cancelled by {marked['by']} on {marked['at'].astimezone(zone):%Y-%m-%d at %H:%M:%S} {zone.key}."
    return f"{record.note}." if record.note else "Cancelled."


def _silence(record: ExportRecord) -> Failure:
    """Return the reason that the states of run and tasks imply when no task recorded a failure."""
    delivered = {number for number, each in record.facts.deliveries.items() if each.get("delivered")}
    if record.state == "success":
        return PARTLY_DELIVERED if delivered else UNDELIVERED
    states = {each.state for each in record.tasks}
    if "skipped" in states:  # no task of ours skips, and a run that is marked skips those that had not begun
        return ENDED
    if record.tasks and not states & {"failed", "upstream_failed"}:
        called_off = record.backfill is not None and record.backfill.cancelled
        return CALLED_OFF if called_off else MARKED if delivered and states == {"success"} else ENDED
    if record.tasks and "failed" not in states:
        return UNMADE
    if any(_never_began(each) for each in record.tasks):
        return NEVER_BEGUN
    return MARKED if delivered and not record.tasks else SILENT


def _never_began(task: TaskRecord) -> bool:
    """Return whether a failed task never ran: one marked failed before its start has equal start and end dates."""
    return task.state == "failed" and (task.started_at is None or task.started_at == task.ended_at)


def failure_left(facts: TaskFacts, record: ExportRecord | None = None) -> Failure | None:
    """Return the failure recorded by the last attempt of extract, or else of the first delivery that has one.

    For a run that has ended, `record`, a failure of an earlier attempt is ignored: it stays in the task state until the
    task starts again, and a task that is marked never does.
    """
    left = next((each for key, each in _failures(facts) if record is None or _of_this_attempt(record, *key)), None)
    return None if left is None else Failure(reason=left["reason"], fix=left.get("fix") or "")


def _failures(facts: TaskFacts) -> Iterator[tuple[tuple[str, int], Mapping[str, Any]]]:
    tasks = [((EXTRACT, -1), facts.extract), *(((DELIVER, number), each) for number, each in facts.deliveries.items())]
    return ((key, each["failure"]) for key, each in tasks if each.get("failure"))


def _of_this_attempt(record: ExportRecord, task_id: str, map_index: int) -> bool:
    task = next((each for each in record.tasks if (each.task_id, each.map_index) == (task_id, map_index)), None)
    if task is None:
        return True  # its task instance was deleted; the record is all that is left
    if task.state != "failed":
        return False
    at, cleared = record.facts.left_at.get((task_id, map_index, "failure")), record.queued_at
    ended_since = task.ended_at is not None and cleared is not None and task.ended_at > cleared
    return not (at is not None and cleared is not None and at < cleared and ended_since)


def tried_again(facts: TaskFacts) -> Failure | None:
    """Return why the last attempt of an open export failed, if a retry is scheduled; else None."""
    return failure_left(facts) if any(each.get("retryable") for _, each in _failures(facts)) else None
