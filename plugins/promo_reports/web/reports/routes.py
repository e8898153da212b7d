"""Routes of recurring reports: the list, one report, stop, resume, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.export_status import ReportStatus
from promo_reports.domain.report_type import PromotionType
from promo_reports.errors import Conflict
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn, require
from promo_reports.web.airflow.audit import write_down
from promo_reports.web.airflow.metadata import Metadata
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.exports.authorized_lookup import readable_by
from promo_reports.web.models import ErrorCode, Nothing, Page
from promo_reports.web.queries.filters import Order, ReportQuery, ReportSort
from promo_reports.web.queries.reports import list_reports
from promo_reports.web.query_params import CursorText, Limit, Search
from promo_reports.web.reports.authorized_lookup import authorized_report, report_response, report_rows
from promo_reports.web.reports.models import (
    ReportDetail,
    ReportRow,
)
from promo_reports.web.reports.pending_reports import created_reports, pending
from promo_reports.web.times import now

router = APIRouter(tags=["reports"])


@router.get("/reports")
def reports(
    caller: SignedIn,
    session: Metadata,
    q: Search = "",
    status: Annotated[list[ReportStatus] | None, Query()] = None,
    promotion_type: Annotated[list[PromotionType] | None, Query()] = None,
    created_by: Annotated[list[str] | None, Query()] = None,
    frequency: Annotated[list[Interval] | None, Query()] = None,
    sort: ReportSort = ReportSort.CREATED_AT,
    order: Order = Order.DESCENDING,
    limit: Limit = 25,
    cursor: CursorText = None,
) -> Page[ReportRow]:
    """The recurring reports, in git and created on the page."""
    question = ReportQuery(
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
    stopped = created_reports().stopped()
    found = list_reports(
        session,
        question,
        readable_by(caller, session),
        stopped=[report_dag_id(each) for each in stopped],
        pending=pending().reports(session, caller.may_read),
    )
    rows = report_rows(session, caller, found.items)
    return Page(
        items=[rows.row(each) for each in found.items], next=found.next, previous=found.previous, total=found.total
    )


@router.get("/reports/{report_id}")
def report(caller: SignedIn, session: Metadata, report_id: str) -> ReportDetail:
    """One report with its configuration, its changes and its next deliveries."""
    return report_response(session, caller, report_id)


@router.put("/reports/{report_id}")
@router.patch("/reports/{report_id}")
def edit(caller: SignedIn, session: Metadata, report_id: str) -> Response:
    """Reports cannot be edited (product-spec, "Editing Recurring Report")."""
    authorized_report(session, caller, report_id)
    raise Refusal(
        405,
        "A report cannot be edited.",
        "Delete it, and create a new one: Duplicate takes its settings over.",
        code=ErrorCode.NOT_EDITABLE,
    )


@router.post("/reports/{report_id}/stop")
def stop(caller: SignedIn, report_id: str, body: Nothing) -> ReportDetail:
    """Stop a report: no further deliveries; open exports finish."""
    _may_change(caller, report_id)
    registry().stop(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "stop")


@router.post("/reports/{report_id}/resume")
def resume(caller: SignedIn, report_id: str, body: Nothing) -> ReportDetail:
    """Resume a report from now on; deliveries that were due while it was stopped are not made."""
    _may_change(caller, report_id)
    if registry().store.marks(report_id).deleted_at is not None:
        raise Conflict("A deleted report cannot be resumed.", "Duplicate it, and create a new one.")
    registry().resume(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "resume")


@router.delete("/reports/{report_id}")
def delete(caller: SignedIn, report_id: str) -> ReportDetail:
    """Delete a report: it stays listed as Stopped, and its exports under One Time."""
    _may_change(caller, report_id)
    registry().delete(report_id, at=now(), by=caller.name)
    return _changed(caller, report_id, "delete")


def _may_change(caller: Caller, report_id: str) -> None:
    with metadata_session() as session:
        authorized_report(session, caller, report_id)
    require(caller.may_change(report_dag_id(report_id)), "change this report")


def _changed(caller: Caller, report_id: str, event: str) -> ReportDetail:
    created_reports().changed()
    write_down(event, caller, report_dag_id(report_id))
    with metadata_session() as session:
        return report_response(session, caller, report_id)
