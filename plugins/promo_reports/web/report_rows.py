"""Recurring reports as rows of the list, and one with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from promo_reports.definitions.created import CreatedReports
from promo_reports.definitions.stop_marks import Marks
from promo_reports.domain.dag_ids import report_id_of, type_dag_id
from promo_reports.domain.definition import Definition, Origin
from promo_reports.domain.schedule import Delivery
from promo_reports.errors import InvalidInput
from promo_reports.orchestration.configuration import configuration
from promo_reports.web.duplicating import body_of
from promo_reports.web.export_rows import Rows, promotion_named
from promo_reports.web.lists.records import ReportRecord, ReportStatus
from promo_reports.web.models.exports import AirflowLinks
from promo_reports.web.models.reports import LastExport, Mark, ReportDetail, ReportRow, Stopped
from promo_reports.web.models.shared import Named, Row
from promo_reports.web.times import delivery_shown, local, now

UPCOMING = 5


@dataclass(frozen=True)
class ReportRows:
    """Makes rows for one caller; `stopped` are the marks of every stopped report."""

    rows: Rows
    created: CreatedReports
    stopped: Mapping[str, Marks]

    def row(self, record: ReportRecord) -> ReportRow:
        """One report."""
        report_id = report_id_of(record.dag_id) or ""
        stopped = self._stopped(record, report_id)
        created = self.created.created(report_id) if record.created else None
        report_type = self._report_type(record, report_id)
        return ReportRow(
            id=report_id,
            name=record.name,
            origin="page" if record.created else "git",
            report_type=report_type,
            promotion_type=promotion_named(record.promotion_type),
            status=record.status.value,
            stopped=stopped,
            pending=record.pending,
            created_by=created[1] if created else record.created_by,
            created_at=local(created[0] if created else record.created_at, self.rows.zone) or now(),
            frequency=record.frequency.value if record.frequency else "one_time",
            schedule=record.schedule,
            next_delivery=local(self._due(record, report_id), self.rows.zone) if stopped is None else None,
            last_export=LastExport(id=record.last_export.id, status=record.last_export.status.value)
            if record.last_export
            else None,
            actions=list(self._actions(record, stopped, report_type)),
        )

    def detail(self, record: ReportRecord, marks: Marks) -> ReportDetail:
        """One report; where its definition is gone or broken by now, what Airflow still knows of it."""
        row = self.row(record)
        registry = self.rows.registry
        try:
            definition = registry.definition(row.id)
        except InvalidInput:
            definition = None
        zone = ZoneInfo(definition.timezone) if definition else self.rows.zone
        shown = row.model_dump()
        if definition is None:
            shown["actions"] = [each for each in row.actions if each != "duplicate"]
        if definition is not None and row.stopped is None:
            due = definition.next_delivery(now())
            shown["next_delivery"] = local(due.due, zone) if due else None
        return ReportDetail(
            **shown,
            configuration=list(self._configuration(record, definition)),
            definition=body_of(definition, registry.account) if definition else None,
            history=list(_history(marks, zone)),
            upcoming=[delivery_shown(each, zone) for each in _upcoming(definition)] if row.stopped is None else [],
            airflow=AirflowLinks(dag=f"dags/{record.dag_id}")
            if not record.pending and self.rows.caller.may_change_exports(record.dag_id)
            else None,
        )

    def _configuration(self, record: ReportRecord, definition: Definition | None) -> Iterator[Row]:
        if definition is None:
            yield Row(key="name", label="Name", value=record.name)
            yield Row(key="frequency", label="Export Frequency", value=record.schedule)
            return
        for each in configuration(definition, self.rows.registry.account):
            yield Row(**each._asdict())
        if definition.origin is Origin.GIT:
            yield Row(key="source", label="Registered in git", value=definition.source)

    def _stopped(self, record: ReportRecord, report_id: str) -> Stopped | None:
        marks = self.stopped.get(report_id)
        if marks is not None and marks.stopped:
            return self._marked(marks)
        if record.status is ReportStatus.ACTIVE:
            return None
        how, reason = self._halted(record, report_id)
        return Stopped(how=how, since=None, by=None, reason=reason)

    def _marked(self, marks: Marks) -> Stopped:
        zone = self.rows.zone
        if marks.deleted_at is not None:
            said = "It was deleted. Exports that it made stay under One Time."
            return Stopped(how="deleted", since=local(marks.deleted_at, zone), by=marks.deleted_by, reason=said)
        last = marks.stops[-1]
        said = "It is stopped: nothing is delivered until somebody resumes it."
        return Stopped(how="stopped", since=local(last.stopped_at, zone), by=last.stopped_by, reason=said)

    def _halted(self, record: ReportRecord, report_id: str) -> tuple[str, str]:
        """Why Airflow does not run a report that nobody stopped on the page."""
        if record.dag is not None and not record.dag.is_stale:
            return "paused", "Its DAG is paused in Airflow; exports that are being made wait too. Resume it there."
        if not self.rows.registry.has(report_id):
            return "removed", "Its definition was removed. Exports that it made stay under One Time."
        try:
            self.rows.registry.definition(report_id)
        except InvalidInput as error:
            return "broken", f"Its definition cannot be used: {error.problems[0]}"
        return "broken", "Airflow has not read its definition again yet."

    def _due(self, record: ReportRecord, report_id: str) -> datetime | None:
        """When it is delivered next: Airflow says so, but for what it does not know yet."""
        if not record.pending:
            return record.due
        try:
            due = self.rows.registry.definition(report_id).next_delivery(now())
        except InvalidInput:
            return None
        return due.due if due else None

    def _report_type(self, record: ReportRecord, report_id: str) -> Named:
        if record.pending:
            return self._of_definition(report_id)
        for each in self.rows.types.values():
            if record.dag is not None and each.title in record.dag.tags:
                return Named(id=each.id, label=each.title)
        return Named(id="", label="")

    def _of_definition(self, report_id: str) -> Named:
        try:
            report_type = self.rows.registry.definition(report_id).report_type
        except InvalidInput:
            return Named(id="", label="")
        return Named(id=report_type.id, label=report_type.title)

    def _actions(self, record: ReportRecord, stopped: Stopped | None, report_type: Named) -> Iterator[str]:
        caller = self.rows.caller
        how = stopped.how if stopped else None
        if record.frequency is not None and caller.may_change(record.dag_id):
            if how is None or how == "paused":
                yield "stop"
            if how == "stopped":
                yield "resume"
            if record.created and how != "deleted":
                yield "delete"
        past = record.frequency is not None and not record.pending and how in (None, "stopped")
        if past and caller.may_export(record.dag_id):
            yield "backfill"
        if report_type.id and caller.may_export(type_dag_id(report_type.id)):
            yield "duplicate"


def _upcoming(definition: Definition | None) -> list[Delivery]:
    if definition is None or definition.schedule is None:
        return []
    first = definition.next_delivery(now())
    return definition.schedule.upcoming(first.due, UPCOMING) if first else []


def _history(marks: Marks, zone: ZoneInfo) -> Iterator[Mark]:
    for each in marks.stops:
        yield Mark(at=each.stopped_at.astimezone(zone), by=each.stopped_by, what="stopped")
        if each.resumed_at is not None:
            yield Mark(at=each.resumed_at.astimezone(zone), by=each.resumed_by or "", what="resumed")
    if marks.deleted_at is not None:
        yield Mark(at=marks.deleted_at.astimezone(zone), by=marks.deleted_by or "", what="deleted")
