"""Routes of past windows: what a backfill would export, and starting it."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.dates.backfill import Backfill as Plan
from promo_reports.domain.dates.backfill import backfill_of_days
from promo_reports.domain.definition import Definition
from promo_reports.errors import Conflict
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn, require
from promo_reports.web.airflow.api import Airflow
from promo_reports.web.airflow.metadata import Metadata
from promo_reports.web.error_handlers import Refusal, not_found
from promo_reports.web.queries.exports import backfill_is_paused
from promo_reports.web.reports.authorized_lookup import authorized_report
from promo_reports.web.reports.models import Backfill, BackfillStarted, Days, PastWindows
from promo_reports.web.reports.past_windows import Past
from promo_reports.web.times import now

MOST_DAYS = 400
"""Local days that one backfill may span."""

_EXPORTED = ("All windows of these days were exported already.", "Choose to export them again, or other days.")
_UNDER_WAY = ("All windows of these days are being exported now.", "Wait until they have ended.")
_PAUSED = (
    "A backfill of this report is paused in Airflow, which makes no other one meanwhile.",
    "Resume or cancel it there, and ask for these days again.",
)

router = APIRouter(tags=["reports"])


@router.post("/reports/{report_id}/windows")
def windows(caller: SignedIn, session: Metadata, report_id: str, body: Days) -> PastWindows:
    """The windows that a backfill of some days would make, and which of them were exported already."""
    definition, planned = _plan(caller, report_id, body)
    return Past.of(session, report_dag_id(report_id), planned).shown(definition.zone)


@router.post("/reports/{report_id}/backfill", status_code=202)
async def backfill(caller: SignedIn, airflow: Airflow, report_id: str, body: Backfill) -> BackfillStarted:
    """Export past windows; those that were exported are left out unless `again`."""
    planned, many = await run_in_threadpool(_to_make, caller, report_id, body)
    if planned.dates is None:
        raise Refusal(422, "No window of these days has ended.", problems=[("first", "no window has ended since")])
    if not many:
        raise Conflict(*(_UNDER_WAY if body.again else _EXPORTED))
    await airflow.backfill(report_dag_id(report_id), *planned.dates, again=body.again)
    return BackfillStarted(message=f"Export of {many} past window{'s' if many != 1 else ''} started", windows=many)


def _plan(caller: Caller, report_id: str, days: Days) -> tuple[Definition, Plan]:
    with metadata_session() as session:
        authorized_report(session, caller, report_id)
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
    with metadata_session() as session:
        if backfill_is_paused(session, report_dag_id(report_id)):
            raise Conflict(*_PAUSED)
        return planned, Past.of(session, report_dag_id(report_id), planned).to_make(again=body.again)
