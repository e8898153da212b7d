"""List rows and details of recurring reports, with the actions that the caller may take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from promo_reports.definitions.report.configuration import configuration
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.definitions.store.store_cache import CreatedReports
from promo_reports.domain.dag_ids import report_id_of, type_dag_id
from promo_reports.domain.dates.schedule import ONE_TIME, Delivery, Frequency, uncovered
from promo_reports.domain.definition import Definition, Origin
from promo_reports.domain.export_status import ReportStatus
from promo_reports.errors import InvalidInput
from promo_reports.web.definition_body import body_of
from promo_reports.web.exports.models import AirflowLinks
from promo_reports.web.exports.rows import Rows, promotion_named
from promo_reports.web.models import Named, Row
from promo_reports.web.queries.records import ReportRecord, ReportWindows
from promo_reports.web.reports.models import (
    LastExport,
    Mark,
    ReportAction,
    ReportChange,
    ReportDetail,
    ReportOrigin,
    ReportRow,
    Stopped,
    StoppedBy,
)
from promo_reports.web.times import delivery_shown, local, now, window_shown

UPCOMING = 5
_EXPORTS_STAY = f"Exports that it made stay under {Frequency.ONE_TIME.label}."


@dataclass(frozen=True)
class ReportRows:
    """Makes rows for one caller; `stopped` has the stop marks of every stopped report.

    `registering`: whether a dag-processor runs, which registers new definitions within seconds.
    """

    rows: Rows
    created: CreatedReports
    stopped: Mapping[str, Marks]
    registering: bool = True

    def row(self, record: ReportRecord) -> ReportRow:
        """Return one report."""
        report_id = report_id_of(record.dag_id) or ""
        stopped = self._stopped(record, report_id)
        created = self.created.created(report_id) if record.created else None
        report_type = self._report_type(record, report_id)
        return ReportRow(
            id=report_id,
            name=record.name,
            origin=ReportOrigin.PAGE if record.created else ReportOrigin.GIT,
            report_type=report_type,
            promotion_type=promotion_named(record.promotion_type),
            status=record.status,
            stopped=stopped,
            pending=record.pending,
            pending_reason=self._not_registered(record) if record.pending else None,
            created_by=created[1] if created else record.created_by,
            created_at=local(created[0] if created else record.created_at, self.rows.zone) or now(),
            frequency=Frequency(record.frequency or ONE_TIME),
            schedule=record.schedule,
            next_delivery=local(self._due(record, report_id), self.rows.zone) if stopped is None else None,
            last_export=LastExport(id=record.last_export.id, status=record.last_export.status)
            if record.last_export
            else None,
            actions=list(self._actions(record, stopped, report_type)),
        )

    def detail(self, record: ReportRecord, marks: Marks, windows: ReportWindows) -> ReportDetail:
        """Return the details; if the definition does not exist or is invalid, what Airflow has of it."""
        row = self.row(record)
        registry = self.rows.registry
        try:
            definition = registry.definition(row.id)
        except InvalidInput:
            definition = None
        zone = definition.zone if definition else self.rows.zone
        shown = row.model_dump()
        if definition is None:
            shown["actions"] = [each for each in row.actions if each is not ReportAction.DUPLICATE]
        upcoming = list(islice(_upcoming(record, definition, windows), UPCOMING)) if row.stopped is None else []
        shown["next_delivery"] = local(upcoming[0].due, zone) if upcoming else None
        gaps = uncovered([*windows.scheduled, *(each.window for each in upcoming[:1])], windows.others)
        return ReportDetail(
            **shown,
            configuration=list(self._configuration(record, definition)),
            definition=body_of(definition, registry.account) if definition else None,
            history=list(_history(marks, zone)),
            upcoming=[delivery_shown(each, zone) for each in upcoming],
            uncovered=[window_shown(each, zone) for each in gaps],
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
            said = f"It was deleted. {_EXPORTS_STAY}"
            return Stopped(how=StoppedBy.DELETED, since=local(marks.deleted_at, zone), by=marks.deleted_by, reason=said)
        last = marks.stops[-1]
        said = "It is stopped: nothing is delivered until somebody resumes it."
        return Stopped(how=StoppedBy.STOPPED, since=local(last.stopped_at, zone), by=last.stopped_by, reason=said)

    def _halted(self, record: ReportRecord, report_id: str) -> tuple[StoppedBy, str]:
        """Return why a report that is not stopped on the page does not run."""
        if record.dag is not None and not record.dag.is_stale:
            said = "Its DAG is paused in Airflow; exports that are being made wait too. Resume it there."
            return StoppedBy.PAUSED, said
        if not self.rows.registry.has(report_id):
            return StoppedBy.REMOVED, f"Its definition was removed. {_EXPORTS_STAY}"
        try:
            self.rows.registry.definition(report_id)
        except InvalidInput as error:
            return StoppedBy.BROKEN, f"Its definition cannot be used: {error.problems[0]}"
        return StoppedBy.BROKEN, f"Airflow has not read its definition again yet.{self._when()}"

    def _not_registered(self, record: ReportRecord) -> str:
        """Return why Airflow does not have a report's DAG."""
        if record.deletion is None:
            return f"Airflow has not registered it yet.{self._when()}"
        at = local(record.deletion.at, self.rows.zone)
        by = f" by {record.deletion.by}" if record.deletion.by else ""
        return (
            f"Its DAG was deleted in Airflow{by} on {at:%Y-%m-%d at %H:%M}, and the history of its exports with it. "
            f"It is registered again.{self._when()}"
        )

    def _when(self) -> str:
        if self.registering:
            return " That takes some seconds."
        return " Airflow's dag-processor does not run: nothing is registered or changed until it does."

    def _due(self, record: ReportRecord, report_id: str) -> datetime | None:
        """Return the next delivery: Airflow's, or the schedule's for a report whose DAG it does not have."""
        if not record.pending:
            return record.due
        try:
            definition = self.rows.registry.definition(report_id)
        except InvalidInput:
            return None
        first = next(_upcoming(record, definition, ReportWindows()), None)
        return first.due if first else None

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

    def _actions(self, record: ReportRecord, stopped: Stopped | None, report_type: Named) -> Iterator[ReportAction]:
        caller = self.rows.caller
        how = stopped.how if stopped else None
        if record.frequency is not None and caller.may_change(record.dag_id):
            if how in (None, StoppedBy.PAUSED):
                yield ReportAction.STOP
            if how is StoppedBy.STOPPED:
                yield ReportAction.RESUME
            if record.created and how is not StoppedBy.DELETED:
                yield ReportAction.DELETE
        past = record.frequency is not None and not record.pending and how in (None, StoppedBy.STOPPED)
        if past and caller.may_export(record.dag_id):
            yield ReportAction.BACKFILL
        if report_type.id and caller.may_export(type_dag_id(report_type.id)):
            yield ReportAction.DUPLICATE


def _upcoming(record: ReportRecord, definition: Definition | None, windows: ReportWindows) -> Iterator[Delivery]:
    """Return the upcoming deliveries; the first is the scheduler's, which continues from the last run's window.

    If the scheduler has none, or one of a schedule that was changed since, it is the one that the scheduler will have
    after Airflow has parsed the definition.
    """
    recurrence = definition.recurrence if definition else None
    if recurrence is None:
        return iter(())
    if record.deletion is not None:
        starts = max(record.deletion.at, recurrence.starts_at or record.deletion.at)
        recurrence = replace(recurrence, starts_at=starts)
    if record.due and record.next_window and record.schedule == recurrence.schedule.in_words:
        first: Delivery | None = Delivery(record.due, record.next_window)
    else:
        first = recurrence.following(windows.last_end, now())
    return recurrence.upcoming(first, now())


def _history(marks: Marks, zone: ZoneInfo) -> Iterator[Mark]:
    for each in marks.stops:
        yield Mark(at=each.stopped_at.astimezone(zone), by=each.stopped_by, what=ReportChange.STOPPED)
        if each.resumed_at is not None:
            yield Mark(at=each.resumed_at.astimezone(zone), by=each.resumed_by or "", what=ReportChange.RESUMED)
    if marks.deleted_at is not None:
        yield Mark(at=marks.deleted_at.astimezone(zone), by=marks.deleted_by or "", what=ReportChange.DELETED)
