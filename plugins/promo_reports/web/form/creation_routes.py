"""The route that creates a report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.concurrency import run_in_threadpool

from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn, require
from promo_reports.web.airflow.api import Airflow
from promo_reports.web.airflow.audit import write_down
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.exports.open_exports import check_open_exports, one_after_the_other
from promo_reports.web.exports.rows import Rows
from promo_reports.web.form.creation import NewReport, checked_report, keep
from promo_reports.web.form.info import may_create
from promo_reports.web.form.models import Created, DefinitionBody
from promo_reports.web.queries.exports import export_of
from promo_reports.web.reports.authorized_lookup import report_response
from promo_reports.web.reports.models import ReportDetail
from promo_reports.web.reports.pending_reports import created_reports
from promo_reports.web.times import now

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
    """Create a report: a one-time report is exported at once, a recurring one on its schedule."""
    made = await run_in_threadpool(_checked, caller, body.root, idempotency_key)
    if made.definition.recurring:
        report = await run_in_threadpool(_keep, caller, made)
        response.headers["Location"] = f"reports/{report.id}"
        return Created(message=MESSAGE, export=None, report=report)
    async with one_after_the_other([made.by]):
        await run_in_threadpool(_check_room, caller, made)
        await airflow.trigger(made.dag_id, run_id=made.run_id, conf=made.conf(), run_after=made.request.at)
    created = await run_in_threadpool(_started, caller, made)
    response.headers["Location"] = f"exports/{created.export.id if created.export else ''}"
    return created


def _checked(caller: Caller, data: dict[str, Any], key: str | None) -> NewReport:
    require(may_create(registry(), caller), "create reports")
    return checked_report(registry(), caller, data, key=key, at=now())


def _check_room(caller: Caller, made: NewReport) -> None:
    """Raise 429 above the limit of open exports, unless a repeated request has its export already."""
    with metadata_session() as session:
        if export_of(session, made.dag_id, made.run_id) is None:
            check_open_exports(session, made.by, caller)


def _keep(caller: Caller, made: NewReport) -> ReportDetail:
    kept = keep(registry(), caller, made)
    created_reports().changed()
    write_down("create", caller, report_dag_id(kept.id))
    with metadata_session() as session:
        return report_response(session, caller, kept.id)


def _started(caller: Caller, made: NewReport) -> Created:
    with metadata_session() as session:
        record = export_of(session, made.dag_id, made.run_id)
    if record is None:
        raise Refusal(
            503, "Airflow accepted the export, but does not list it yet.", "Look at the list before you repeat it."
        )
    return Created(message=MESSAGE, export=Rows.of(registry(), caller).row(record), report=None)
