"""Reports: create one, the list of recurring ones, one of them, stop, resume, delete, past windows."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool

from promo_reports.definitions.stop_marks import Marks
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import PromotionType
from promo_reports.errors import Conflict, InvalidInput
from promo_reports.orchestration.backfill import Backfill as Plan
from promo_reports.orchestration.backfill import backfill_of_days
from promo_reports.orchestration.dag_ids import report_dag_id
from promo_reports.orchestration.project import registry
from promo_reports.web.access import Caller, SignedIn, require
from promo_reports.web.airflow_api import Airflow
from promo_reports.web.answers import Refusal, not_found
from promo_reports.web.audit import write_down
from promo_reports.web.creation import Order as Ordered
from promo_reports.web.creation import keep
from promo_reports.web.creation import order as ordered
from promo_reports.web.export_rows import Rows
from promo_reports.web.form_info import may_create
from promo_reports.web.lists.exports import export_of
from promo_reports.web.lists.questions import Order, ReportQuestion, ReportSort
from promo_reports.web.lists.records import Frequency, ReportStatus
from promo_reports.web.lists.reports import list_reports
from promo_reports.web.models.form import DefinitionBody
from promo_reports.web.models.reports import (
    Backfill,
    BackfillStarted,
    Created,
    Days,
    Nothing,
    PastWindows,
    ReportDetail,
    ReportRow,
)
from promo_reports.web.models.shared import Page
from promo_reports.web.past_windows import Past
from promo_reports.web.project import Metadata, created_reports, metadata
from promo_reports.web.report_rows import ReportRows
from promo_reports.web.routes.exports import CursorText, Limit, Search
from promo_reports.web.times import now
from promo_reports.web.visible import pending_reports, readable_by, visible_report

MOST_DAYS = 400
"""Local days that one backfill may span: more than a year of daily windows."""
MESSAGE = "Report export created"

router = APIRouter(tags=["reports"])


@router.post("/reports", status_code=201)
async def create(
    caller: SignedIn,
    airflow: Airflow,
    body: DefinitionBody,
    response: Response,
    idempotency_key: Annotated[str | None, Header(description="the same key never makes two reports")] = None,
) -> Created:
    """Create a report: one-time ones are exported at once, recurring ones on their schedule."""
    made = await run_in_threadpool(_order, caller, body.root, idempotency_key)
    if made.definition.recurring:
        report = await run_in_threadpool(_keep, caller, made)
        response.headers["Location"] = f"reports/{report.id}"
        return Created(message=MESSAGE, export=None, report=report)
    await airflow.trigger(made.dag_id, run_id=made.run_id, conf=made.conf(), run_after=made.request.at)
    created = await run_in_threadpool(_started, caller, made)
    response.headers["Location"] = f"exports/{created.export.id if created.export else ''}"
    return created


@router.get("/reports")
def reports(
    caller: SignedIn,
    session: Metadata,
    q: Search = "",
    status: Annotated[list[ReportStatus] | None, Query()] = None,
    promotion_type: Annotated[list[PromotionType] | None, Query()] = None,
    created_by: Annotated[list[str] | None, Query()] = None,
    frequency: Annotated[list[Frequency] | None, Query()] = None,
    sort: ReportSort = ReportSort.CREATED_AT,
    order: Order = Order.DESCENDING,
    limit: Limit = 25,
    cursor: CursorText = None,
) -> Page[ReportRow]:
    """The recurring reports, those in git and those created on the page."""
    question = ReportQuestion(
        search=q,
        statuses=frozenset(status or ()),
        promotion_types=frozenset(promotion_type or ()),
        created_by=frozenset(created_by or ()),
        frequencies=frozenset(frequency or ()),
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
    )
    created = created_reports()
    stopped = created.stopped()
    pending = [each for each in pending_reports(session, registry(), created) if caller.may_read(each.dag_id)]
    found = list_reports(
        session,
        question,
        readable_by(caller, session),
        stopped=[report_dag_id(each) for each in stopped],
        pending=pending,
    )
    rows = ReportRows(Rows.of(registry(), caller), created, stopped)
    return Page(
        items=[rows.row(each) for each in found.items], next=found.next, previous=found.previous, total=found.total
    )


@router.get("/reports/{report_id}")
def report(caller: SignedIn, session: Metadata, report_id: str) -> ReportDetail:
    """One report: its configuration, what was done to it, and its next deliveries."""
    created = created_reports()
    record = visible_report(session, caller, report_id, registry(), created)
    rows = ReportRows(Rows.of(registry(), caller), created, created.stopped())
    try:
        marks = registry().store.marks(report_id)
    except InvalidInput:  # somebody broke their file: the rest of the report is there all the same
        marks = Marks()
    return rows.detail(record, marks)


@router.put("/reports/{report_id}")
@router.patch("/reports/{report_id}")
def edit(caller: SignedIn, session: Metadata, report_id: str) -> Response:
    """Reports cannot be edited (product-spec, "Editing Recurring Report")."""
    visible_report(session, caller, report_id, registry(), created_reports())
    raise Refusal(
        405,
        "A report cannot be edited.",
        "Delete it, and create a new one: Duplicate takes its settings over.",
        code="not_editable",
    )


@router.post("/reports/{report_id}/stop")
def stop(caller: SignedIn, report_id: str, body: Nothing) -> ReportDetail:
    """Deliver it no further; exports that are being made finish."""
    _may_change(caller, report_id)
    registry().stop(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "stop")


@router.post("/reports/{report_id}/resume")
def resume(caller: SignedIn, report_id: str, body: Nothing) -> ReportDetail:
    """Deliver it again from now on; what was due meanwhile is not made up for."""
    _may_change(caller, report_id)
    if registry().store.marks(report_id).deleted_at is not None:
        raise Conflict("A deleted report cannot be resumed.", "Duplicate it, and create a new one.")
    registry().resume(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "resume")


@router.delete("/reports/{report_id}")
def delete(caller: SignedIn, report_id: str) -> ReportDetail:
    """Stop it for ever. It stays listed as Stopped, and its exports under One Time."""
    _may_change(caller, report_id)
    registry().delete(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "delete")


@router.post("/reports/{report_id}/windows")
def windows(caller: SignedIn, session: Metadata, report_id: str, body: Days) -> PastWindows:
    """The windows that a backfill of some days would make, and which of them were exported already."""
    definition, planned = _plan(caller, report_id, body)
    return Past.of(session, report_dag_id(report_id), planned).shown(ZoneInfo(definition.timezone))


@router.post("/reports/{report_id}/backfill", status_code=202)
async def backfill(caller: SignedIn, airflow: Airflow, report_id: str, body: Backfill) -> BackfillStarted:
    """Export past windows; those that were exported are left out unless `again`."""
    planned, many = await run_in_threadpool(_to_make, caller, report_id, body)
    if planned.dates is None:
        raise Refusal(422, "No window of these days has ended.", problems=[("first", "no window has ended since")])
    if not many:
        raise Conflict(
            "All windows of these days were exported already.", "Choose to export them again, or other days."
        )
    await airflow.backfill(report_dag_id(report_id), *planned.dates, again=body.again)
    return BackfillStarted(message=f"{many} past window{'s' if many != 1 else ''} asked for", windows=many)


def _order(caller: Caller, data: dict[str, Any], key: str | None) -> Ordered:
    require(may_create(registry(), caller), "create reports")
    return ordered(registry(), caller, data, key=key, at=now())


def _started(caller: Caller, made: Ordered) -> Created:
    with metadata() as session:
        record = export_of(session, made.dag_id, made.run_id)
    if record is None:
        raise Refusal(
            503, "Airflow took the export, but does not show it yet.", "Look at the list before you repeat it."
        )
    return Created(message=MESSAGE, export=Rows.of(registry(), caller).row(record), report=None)


def _keep(caller: Caller, made: Ordered) -> ReportDetail:
    kept = keep(registry(), caller, made)
    return _changed(caller, kept.id, "create")


def _may_change(caller: Caller, report_id: str) -> None:
    with metadata() as session:
        visible_report(session, caller, report_id, registry(), created_reports())
    require(caller.may_change(report_dag_id(report_id)), "change this report")


def _changed(caller: Caller, report_id: str, event: str) -> ReportDetail:
    write_down(event, caller, report_dag_id(report_id))
    with metadata() as session:
        return report(caller, session, report_id)


def _plan(caller: Caller, report_id: str, days: Days) -> tuple[Definition, Plan]:
    with metadata() as session:
        visible_report(session, caller, report_id, registry(), created_reports())
    require(caller.may_export(report_dag_id(report_id)), "export past windows of this report")
    definition = registry().definition(report_id)
    if definition.schedule is None:
        raise not_found("recurring report")
    if days.first > days.last:
        raise Refusal(422, "The first day is after the last.", problems=[("first", "is after the last day")])
    if days.last - days.first > timedelta(days=MOST_DAYS):
        raise Refusal(422, "These are too many days.", problems=[("last", f"at most {MOST_DAYS} days at one time")])
    return definition, backfill_of_days(definition.schedule, days.first, days.last, now())


def _to_make(caller: Caller, report_id: str, body: Backfill) -> tuple[Plan, int]:
    _, planned = _plan(caller, report_id, body)
    with metadata() as session:
        return planned, Past.of(session, report_dag_id(report_id), planned).to_make(again=body.again)
