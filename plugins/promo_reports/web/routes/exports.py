"""Exports: the list, one of them, retry and cancel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from promo_reports.domain.definition import is_report_id
from promo_reports.domain.report_type import PromotionType
from promo_reports.errors import Conflict, StagingError
from promo_reports.orchestration.dag_ids import report_dag_id
from promo_reports.orchestration.project import registry
from promo_reports.web.access import Caller, SignedIn, require
from promo_reports.web.airflow_api import Airflow
from promo_reports.web.export_rows import Rows
from promo_reports.web.lists.exports import list_exports
from promo_reports.web.lists.questions import ExportQuestion, ExportSort, Order
from promo_reports.web.lists.records import ExportRecord, ExportStatus, TaskRecord
from promo_reports.web.lists.tables import CANCELLED_BY, DELIVER, EXTRACT
from promo_reports.web.lists.task_facts import tasks_of_run
from promo_reports.web.models.exports import ExportDetail, ExportRow
from promo_reports.web.models.reports import Nothing
from promo_reports.web.models.shared import Page
from promo_reports.web.project import Metadata, metadata
from promo_reports.web.routes.asked import CursorText, ExportId, Limit, Search
from promo_reports.web.shown import export_shown
from promo_reports.web.times import now
from promo_reports.web.visible import readable_by, visible_export

STAGED_SURELY = timedelta(hours=1)
"""How long before the staging area is swept a delivery is still tried again without a new extract."""

router = APIRouter(tags=["exports"])


@router.get("/exports")
def exports(
    caller: SignedIn,
    session: Metadata,
    q: Search = "",
    status: Annotated[list[ExportStatus] | None, Query()] = None,
    promotion_type: Annotated[list[PromotionType] | None, Query()] = None,
    created_by: Annotated[list[str] | None, Query()] = None,
    report: Annotated[str | None, Query(description="id of one report: its history")] = None,
    sort: ExportSort = ExportSort.CREATED_AT,
    order: Order = Order.DESCENDING,
    limit: Limit = 25,
    cursor: CursorText = None,
) -> Page[ExportRow]:
    """All exports, those of recurring reports too: what the One Time tab shows, and a report's history."""
    question = ExportQuestion(
        search=q,
        statuses=frozenset(status or ()),
        promotion_types=frozenset(promotion_type or ()),
        created_by=frozenset(created_by or ()),
        dag_id=_dag_of(report),
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
    )
    found = list_exports(session, question, readable_by(caller, session))
    rows = Rows.of(registry(), caller)
    return Page(
        items=[rows.row(each) for each in found.items], next=found.next, previous=found.previous, total=found.total
    )


@router.get("/exports/{export_id}")
def export(caller: SignedIn, session: Metadata, export_id: ExportId) -> ExportDetail:
    """One export: its configuration, files, destinations, and why it failed."""
    return export_shown(session, caller, export_id)


@router.post("/exports/{export_id}/cancel")
async def cancel(caller: SignedIn, airflow: Airflow, export_id: ExportId, body: Nothing) -> ExportDetail:
    """End an export that is being made; its tasks are told to stop and tidy up."""
    record, _ = await run_in_threadpool(_change, caller, export_id)
    if record.status is not ExportStatus.CREATING:
        raise Conflict("This export is not being made, so there is nothing to cancel.")
    # With its instant: Airflow keeps the time of a note only where its text is another one.
    at = now().astimezone(ZoneInfo(registry().account.timezone))
    note = f"{CANCELLED_BY}{caller.name} on {at:%Y-%m-%d at %H:%M:%S} {at.tzinfo}"
    await airflow.fail(record.dag_id, record.run_id, note)
    return await run_in_threadpool(_shown, caller, export_id)


@router.post("/exports/{export_id}/retry")
async def retry(caller: SignedIn, airflow: Airflow, export_id: ExportId, body: Nothing) -> ExportDetail:
    """Make a failed or cancelled export again; what is verified and still staged is only delivered again."""
    record, tasks = await run_in_threadpool(_change, caller, export_id)
    if record.status not in (ExportStatus.FAILED, ExportStatus.CANCELLED):
        raise Conflict("Only an export that failed or was cancelled can be retried.")
    if _is_staged(record, tasks):
        failed = any(each.task_id == DELIVER and each.state == "failed" for each in tasks)
        await airflow.clear_tasks(record.dag_id, record.run_id, [DELIVER], only_failed=failed)
    else:
        await airflow.clear(record.dag_id, record.run_id)
    return await run_in_threadpool(_shown, caller, export_id)


def _dag_of(report: str | None) -> str | None:
    """The DAG of a report's id; one that no report can have is that of none."""
    return report_dag_id(report if is_report_id(report) else "") if report is not None else None


def _change(caller: Caller, export_id: int) -> tuple[ExportRecord, tuple[TaskRecord, ...]]:
    with metadata() as session:
        record = visible_export(session, caller, export_id)
        require(caller.may_change_exports(record.dag_id), "retry or cancel this export")
        return record, tasks_of_run(session, record.dag_id, record.run_id)


def _shown(caller: Caller, export_id: int) -> ExportDetail:
    with metadata() as session:
        return export_shown(session, caller, export_id)


def _is_staged(record: ExportRecord, tasks: tuple[TaskRecord, ...]) -> bool:
    """Whether extract has done its work and what it made is surely there still."""
    extract = next((each for each in tasks if each.task_id == EXTRACT), None)
    if record.status is ExportStatus.CANCELLED or extract is None or extract.state != "success":
        return False
    left = (each.get("failure") or {} for each in record.facts.deliveries.values())
    if any(each.get("error") == StagingError.__name__ for each in left):
        return False
    kept = timedelta(days=registry().settings.staging_days) - STAGED_SURELY
    return extract.ended_at is not None and extract.ended_at > datetime.now(UTC) - kept
