"""Retry an export: clear its deliveries if it is still staged, else the whole run, or start a run in its place."""

from __future__ import annotations

from datetime import datetime, timedelta

from promo_reports.domain.dates.window import Window
from promo_reports.domain.export_status import ExportStatus
from promo_reports.errors import Conflict, HandoverRefused, StagingError
from promo_reports.settings import Settings
from promo_reports.web.airflow.api import AirflowApi
from promo_reports.web.airflow.run_ids import AGAIN_RUN
from promo_reports.web.queries.airflow_tables import DELIVER, EXTRACT
from promo_reports.web.queries.records import ExportRecord, TaskRecord

STAGED_SURELY = timedelta(hours=1)
"""Margin before the staging area's retention within which a retry extracts again."""
_NOT_DONE = frozenset({"failed", "upstream_failed"})

NOT_BEGUN = Conflict("Airflow did not begin it again: nothing of its run can be cleared.", "Duplicate it.")


async def make_again(airflow: AirflowApi, record: ExportRecord, settings: Settings, now: datetime) -> None:
    """Clear the tasks that must run again: the deliveries if the staged export certainly exists, else all tasks."""
    if not is_staged(record, settings, now):
        await airflow.clear(record.dag_id, record.run_id)
        return
    # With `only_failed` Airflow clears no task in state success or skipped, even one that delivered nothing.
    only_failed = all(each.state in _NOT_DONE or _has_delivered(record, each) for each in _deliveries(record))
    await airflow.clear_tasks(record.dag_id, record.run_id, [DELIVER], only_failed=only_failed)


async def start_in_its_place(airflow: AirflowApi, record: ExportRecord) -> tuple[str, bool]:
    """Start a run of the same window as a run that Airflow does not start again (`waiting_reasons.is_stranded`).

    Return the run's id and whether it is new: an earlier Retry of the same export started a run of the same id.
    """
    start, end = record.data_interval_start, record.data_interval_end
    if start is None or end is None or not start < end:
        raise Conflict("Its backfill is paused or was cancelled in Airflow, and it has no window.", "Duplicate it.")
    run_id = f"{AGAIN_RUN}{record.id}"
    made = await airflow.trigger(
        record.dag_id, run_id=run_id, conf={}, run_after=record.run_after, window=Window(start, end)
    )
    return run_id, made is not None


def check_same_window(record: ExportRecord, instead: ExportRecord) -> None:
    """Raise `Conflict` if a run that has the id of a retry was started for another window."""
    windows = [(each.data_interval_start, each.data_interval_end) for each in (record, instead)]
    if windows[0] != windows[1]:
        raise Conflict(f"Another run of Airflow has the id of its retry, {instead.run_id!r}.", "Duplicate it.")


def is_staged(record: ExportRecord, settings: Settings, now: datetime) -> bool:
    """Return whether extract succeeded in this attempt and its staged export certainly exists.

    Its `facts` decide, and not its state alone: a task marked success has staged nothing. An export that was delivered
    everywhere is not staged any more.
    """
    extract = next((each for each in record.tasks if each.task_id == EXTRACT), None)
    if record.status is ExportStatus.CANCELLED or extract is None or extract.state != "success":
        return False
    deliveries = _deliveries(record)
    if not record.facts.extract.get("facts") or all(_has_delivered(record, each) for each in deliveries):
        return False
    left = (each.get("failure") or {} for each in record.facts.deliveries.values())
    if any(each.get("error") in (StagingError.__name__, HandoverRefused.__name__) for each in left):
        return False
    kept = timedelta(days=settings.staging_days) - STAGED_SURELY
    return extract.ended_at is not None and extract.ended_at > now - kept


def _deliveries(record: ExportRecord) -> list[TaskRecord]:
    """Return the mapped deliveries, of which there are none before extract has ended."""
    mapped = (each for each in record.tasks if each.task_id == DELIVER and each.map_index >= 0)
    return [each for each in mapped if each.state != "removed"]


def _has_delivered(record: ExportRecord, task: TaskRecord) -> bool:
    return task.state == "success" and bool(record.facts.deliveries.get(task.map_index, {}).get("delivered"))
