"""One export or one report as it is answered, by whichever route: with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from promo_reports.definitions.project import registry
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.errors import InvalidInput
from promo_reports.web.airflow.access import Caller
from promo_reports.web.exports.detail import export_detail
from promo_reports.web.exports.models import ExportDetail
from promo_reports.web.exports.rows import Rows
from promo_reports.web.project import created_reports
from promo_reports.web.queries.dags import dag_processor_reports
from promo_reports.web.queries.records import ReportRecord
from promo_reports.web.queries.reports import report_windows
from promo_reports.web.queries.task_facts import facts_of_export, tasks_of_run
from promo_reports.web.reports.models import ReportDetail
from promo_reports.web.reports.rows import ReportRows
from promo_reports.web.times import now
from promo_reports.web.visible import visible_export, visible_report


def export_shown(session: Session, caller: Caller, export_id: int) -> ExportDetail:
    """One export, or 404."""
    record = visible_export(session, caller, export_id)
    return export_detail(
        Rows.of(registry(), caller),
        record,
        facts_of_export(session, record.id),
        tasks_of_run(session, record.dag_id, record.run_id),
    )


def report_rows(session: Session, caller: Caller, records: Iterable[ReportRecord]) -> ReportRows:
    """What makes rows of these reports; the dag-processor is asked about only where one waits for it."""
    created = created_reports()
    waiting = any(each.dag is None or each.dag.is_stale for each in records)
    registering = not waiting or dag_processor_reports(session, now())
    return ReportRows(Rows.of(registry(), caller), created, created.stopped(), registering)


def report_shown(session: Session, caller: Caller, report_id: str) -> ReportDetail:
    """One report, or 404."""
    record = visible_report(session, caller, report_id)
    rows = report_rows(session, caller, [record])
    try:
        marks = registry().store.marks(report_id)
    except InvalidInput:  # somebody broke their file: the rest of the report is there all the same
        marks = Marks()
    return rows.detail(record, marks, report_windows(session, record.dag_id))
