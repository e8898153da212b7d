"""Look up recurring reports for a caller; those that they may not read are reported as not found."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.definition import is_report_id
from promo_reports.errors import InvalidInput
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller
from promo_reports.web.error_handlers import not_found
from promo_reports.web.exports.rows import Rows
from promo_reports.web.queries.dags import dag_processor_reports
from promo_reports.web.queries.records import ReportRecord
from promo_reports.web.queries.reports import one_report, pending_record, report_windows
from promo_reports.web.reports.models import ReportDetail
from promo_reports.web.reports.pending_reports import created_reports, pending
from promo_reports.web.reports.rows import ReportRows
from promo_reports.web.times import now


def authorized_report(session: Session, caller: Caller, report_id: str) -> ReportRecord:
    """Return one report, or raise 404; one that was just created is found before Airflow has its DAG."""
    dag_id = report_dag_id(report_id)
    if not is_report_id(report_id) or not caller.may_read(dag_id):
        raise not_found("report")
    stopped = report_id in created_reports().stopped()
    record = one_report(session, dag_id, stopped=stopped)
    if record is not None:
        return record
    for each in pending().reports(session, lambda each: each == dag_id):
        return pending_record(each, {dag_id} if stopped else ())
    # Airflow may have registered the DAG between the two queries.
    record = one_report(session, dag_id, stopped=stopped)
    if record is None:
        raise not_found("report")
    return record


def report_rows(session: Session, caller: Caller, records: Iterable[ReportRecord]) -> ReportRows:
    """Return what makes rows of these reports; the dag-processor's heartbeat is read only if one waits for it."""
    created = created_reports()
    waiting = any(each.dag is None or each.dag.is_stale for each in records)
    registering = not waiting or dag_processor_reports(session, now())
    return ReportRows(Rows.of(registry(), caller), created, created.stopped(), registering)


def report_response(session: Session, caller: Caller, report_id: str) -> ReportDetail:
    """Return the response of the routes that answer with one report; 404 as `authorized_report`."""
    record = authorized_report(session, caller, report_id)
    rows = report_rows(session, caller, [record])
    try:
        marks = registry().store.marks(report_id)
    except InvalidInput:  # its file was edited by hand and is broken; the report itself can still be shown
        marks = Marks()
    return rows.detail(record, marks, report_windows(session, record.dag_id))
