"""Routes of exports: the list, one export, retry and cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from promo_reports.domain.dag_ids import report_dag_id, report_type_of
from promo_reports.domain.definition import is_report_id
from promo_reports.domain.export_status import ExportStatus
from promo_reports.domain.report_type import PromotionType
from promo_reports.errors import Conflict
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn, require
from promo_reports.web.airflow.api import Airflow
from promo_reports.web.airflow.metadata import Metadata
from promo_reports.web.exports.authorized_lookup import authorized_export, export_response, readable_by
from promo_reports.web.exports.models import ExportDetail, ExportRow
from promo_reports.web.exports.open_exports import check_open_exports, one_after_the_other
from promo_reports.web.exports.retry import NOT_BEGUN, check_same_window, make_again, start_in_its_place
from promo_reports.web.exports.rows import Rows
from promo_reports.web.exports.run_marks import mark_cancelled
from promo_reports.web.exports.waiting_reasons import is_stranded
from promo_reports.web.models import Nothing, Page
from promo_reports.web.queries.airflow_tables import CANCELLED_BY
from promo_reports.web.queries.exports import export_of, list_exports
from promo_reports.web.queries.filters import ExportQuery, ExportSort, Order
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.query_params import CursorText, ExportId, Limit, Search
from promo_reports.web.request_locks import exclusive
from promo_reports.web.times import now

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
    """All exports, including those of recurring reports: the One Time tab, and a report's history."""
    question = ExportQuery(
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
    """One export with its configuration, files, destinations, and the reason if it failed."""
    return export_response(session, caller, export_id)


@router.post("/exports/{export_id}/cancel")
async def cancel(caller: SignedIn, airflow: Airflow, export_id: ExportId, body: Nothing) -> ExportDetail:
    """Cancel an open export; its tasks are terminated and remove their temporary files."""
    async with exclusive(f"cancel {export_id}"):
        record = await run_in_threadpool(_change, caller, export_id)
        if not record.status.is_open:
            raise Conflict("This export is not being made, so there is nothing to cancel.")
        at = now().astimezone(registry().account.zone)
        note = f"{CANCELLED_BY}{caller.name} on {at:%Y-%m-%d at %H:%M:%S} {at.tzinfo}"
        asked = datetime.now(UTC)
        await airflow.fail(record.dag_id, record.run_id, note)
        return await run_in_threadpool(_ended, caller, record, at, asked)


@router.post("/exports/{export_id}/retry")
async def retry(caller: SignedIn, airflow: Airflow, export_id: ExportId, body: Nothing) -> ExportDetail:
    """Retry a failed or cancelled export; if it is verified and still staged, only its delivery runs again.

    Concurrent requests get the same retry. If Airflow does not start runs of the export's backfill any more, a new run
    is started in its place: the response is that export, which has another id.
    """
    asked = await run_in_threadpool(_change, caller, export_id)
    async with one_after_the_other([caller.name, asked.created_by], f"retry {export_id}"):
        record = await run_in_threadpool(_change, caller, export_id)
        if record.status.is_open and record.clear_number:
            return await run_in_threadpool(_shown, caller, export_id)
        if not record.status.can_retry:
            raise Conflict("Only an export that failed or was cancelled can be retried.")
        refusal = await run_in_threadpool(_why_not_again, caller, record)
        if refusal is not None:
            raise Conflict(*refusal)
        if is_stranded(record):
            run_id, is_new = await start_in_its_place(airflow, record)
            instead = await run_in_threadpool(_of_run, record.dag_id, run_id)
            check_same_window(record, instead)
            if is_new or not instead.status.can_retry:
                return await run_in_threadpool(_shown, caller, instead.id)
            record = instead
        await run_in_threadpool(_check_room, caller, record)
        await make_again(airflow, record, registry().settings, now())
        return await run_in_threadpool(_begun, caller, record)


def _dag_of(report: str | None) -> str | None:
    """Return the DAG id of a report; for an invalid report id, a DAG id that none has."""
    return report_dag_id(report if is_report_id(report) else "") if report is not None else None


def _change(caller: Caller, export_id: int) -> ExportRecord:
    with metadata_session() as session:
        record = authorized_export(session, caller, export_id)
        require(caller.may_change_exports(record.dag_id), "retry or cancel this export")
        return record


def _why_not_again(caller: Caller, record: ExportRecord) -> tuple[str, str] | None:
    return Rows.of(registry(), caller).why_not_again(record)


def _ended(caller: Caller, before: ExportRecord, at: datetime, asked: datetime) -> ExportDetail:
    """Return the export after the request to Airflow; one that failed on its own before is not marked Cancelled."""
    with metadata_session() as session:
        record = authorized_export(session, caller, before.id)
        by_us = record.state == "failed" and record.ended_at is not None and record.ended_at >= asked
        if by_us and record.clear_number == before.clear_number:
            mark_cancelled(session, record, by=caller.name, at=at)
            session.flush()
        return export_response(session, caller, record.id)


def _of_run(dag_id: str, run_id: str) -> ExportRecord:
    with metadata_session() as session:
        record = export_of(session, dag_id, run_id)
    if record is None:  # another run of the DAG has its logical date
        raise NOT_BEGUN
    return record


def _begun(caller: Caller, before: ExportRecord) -> ExportDetail:
    """Return the export that runs again; raise `Conflict` if Airflow accepted the request and cleared nothing."""
    with metadata_session() as session:
        record = authorized_export(session, caller, before.id)
        if record.clear_number == before.clear_number:
            raise NOT_BEGUN
        return export_response(session, caller, record.id)


def _check_room(caller: Caller, record: ExportRecord) -> None:
    """Count a retried on-demand export towards the limit of the person who created it."""
    if report_type_of(record.dag_id) is not None:
        with metadata_session() as session:
            check_open_exports(session, record.created_by, caller)


def _shown(caller: Caller, export_id: int) -> ExportDetail:
    with metadata_session() as session:
        return export_response(session, caller, export_id)
