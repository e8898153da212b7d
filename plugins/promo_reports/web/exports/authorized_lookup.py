"""Look up exports for a caller; those that they may not read are reported as not found."""

from __future__ import annotations

from sqlalchemy.orm import Session

from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller
from promo_reports.web.error_handlers import not_found
from promo_reports.web.exports.detail import export_detail
from promo_reports.web.exports.models import ExportDetail
from promo_reports.web.exports.rows import Rows
from promo_reports.web.queries.dags import our_dag_ids
from promo_reports.web.queries.exports import one_export
from promo_reports.web.queries.filters import EVERYTHING, Readable
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.queries.task_facts import facts_of_export, tasks_of_run


def readable_by(caller: Caller, session: Session) -> Readable:
    """Return the DAGs whose exports a caller may list."""
    ours = our_dag_ids(session)
    allowed = caller.readable(ours)
    return EVERYTHING if len(allowed) == len(ours) else Readable(allowed)


def authorized_export(session: Session, caller: Caller, export_id: int) -> ExportRecord:
    """Return one export; raise the same 404 for one that is unknown and one that the caller may not read."""
    record = one_export(session, export_id)
    if record is None or not caller.may_read(record.dag_id):
        raise not_found("export")
    return record


def export_response(session: Session, caller: Caller, export_id: int) -> ExportDetail:
    """Return the response of the routes that answer with one export; 404 as `authorized_export`."""
    record = authorized_export(session, caller, export_id)
    return export_detail(
        Rows.of(registry(), caller),
        record,
        facts_of_export(session, record.id),
        tasks_of_run(session, record.dag_id, record.run_id),
    )
