"""What a caller may see: nothing of a report whose DAG he may not read, not even that it is there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from promo_reports.definitions.created import CreatedReports
from promo_reports.definitions.registry import Registry
from promo_reports.domain.definition import is_report_id
from promo_reports.errors import InvalidInput
from promo_reports.orchestration.dag_ids import report_dag_id, report_id_of
from promo_reports.web.access import Caller
from promo_reports.web.answers import not_found
from promo_reports.web.lists.dags import known_dag_ids, our_dag_ids
from promo_reports.web.lists.exports import one_export
from promo_reports.web.lists.questions import EVERYTHING, Readable
from promo_reports.web.lists.records import ExportRecord, Frequency, PendingReport, ReportRecord
from promo_reports.web.lists.reports import one_report, pending_record

LARGEST_ID = 2**31 - 1
"""What Airflow's column holds."""


def readable_by(caller: Caller, session: Session) -> Readable:
    """The DAGs whose exports a caller may list."""
    ours = our_dag_ids(session)
    seen = caller.readable(ours)
    return EVERYTHING if len(seen) == len(ours) else Readable(seen)


def visible_export(session: Session, caller: Caller, export_id: int) -> ExportRecord:
    """One export, or 404: unknown and forbidden look the same."""
    record = one_export(session, export_id) if export_id <= LARGEST_ID else None
    if record is None or not caller.may_read(record.dag_id):
        raise not_found("export")
    return record


def visible_report(
    session: Session, caller: Caller, report_id: str, registry: Registry, created: CreatedReports
) -> ReportRecord:
    """One report, or 404; one that was created a moment ago is there before Airflow has its DAG."""
    dag_id = report_dag_id(report_id)
    if not is_report_id(report_id) or not caller.may_read(dag_id):
        raise not_found("report")
    stopped = report_id in created.stopped()
    record = one_report(session, dag_id, stopped=stopped)
    if record is not None:
        return record
    for each in pending_reports(session, registry, created):
        if each.dag_id == dag_id:
            return pending_record(each, {dag_id} if stopped else ())
    raise not_found("report")


def pending_reports(session: Session, registry: Registry, created: CreatedReports) -> list[PendingReport]:
    """Created reports that Airflow does not know yet: it reads them within seconds of their creation."""
    dag_ids = {report_dag_id(each) for each in created.ids()}
    missing = dag_ids - known_dag_ids(session, dag_ids) if dag_ids else set()
    found = []
    for dag_id in sorted(missing):
        report_id = report_id_of(dag_id) or ""
        made = created.created(report_id)
        try:
            definition = registry.definition(report_id)
        except InvalidInput:
            continue
        if made is None or definition.schedule is None:
            continue
        found.append(
            PendingReport(
                dag_id=dag_id,
                name=definition.name,
                promotion_type=definition.report_type.promotion_type,
                frequency=Frequency(definition.frequency),
                created=True,
                created_by=made[1],
                created_at=made[0],
                schedule=definition.schedule.in_words,
            )
        )
    return found
