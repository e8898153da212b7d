"""What a caller may see: nothing of a report whose DAG he may not read, not even that it is there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.definition import is_report_id
from promo_reports.web.airflow.access import Caller
from promo_reports.web.answers import not_found
from promo_reports.web.project import created_reports, pending
from promo_reports.web.queries.dags import our_dag_ids
from promo_reports.web.queries.exports import one_export
from promo_reports.web.queries.questions import EVERYTHING, Readable
from promo_reports.web.queries.records import ExportRecord, ReportRecord
from promo_reports.web.queries.reports import one_report, pending_record


def readable_by(caller: Caller, session: Session) -> Readable:
    """The DAGs whose exports a caller may list."""
    ours = our_dag_ids(session)
    seen = caller.readable(ours)
    return EVERYTHING if len(seen) == len(ours) else Readable(seen)


def visible_export(session: Session, caller: Caller, export_id: int) -> ExportRecord:
    """One export, or 404: unknown and forbidden look the same."""
    record = one_export(session, export_id)
    if record is None or not caller.may_read(record.dag_id):
        raise not_found("export")
    return record


def visible_report(session: Session, caller: Caller, report_id: str) -> ReportRecord:
    """One report, or 404; one that was created a moment ago is there before Airflow has its DAG."""
    dag_id = report_dag_id(report_id)
    if not is_report_id(report_id) or not caller.may_read(dag_id):
        raise not_found("report")
    stopped = report_id in created_reports().stopped()
    record = one_report(session, dag_id, stopped=stopped)
    if record is not None:
        return record
    for each in pending().reports(session, lambda each: each == dag_id):
        return pending_record(each, {dag_id} if stopped else ())
    # Airflow may have read it between the two questions.
    record = one_report(session, dag_id, stopped=stopped)
    if record is None:
        raise not_found("report")
    return record
