"""List rows of exports, made of Airflow's runs, with the actions that the caller may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from promo_reports.definitions.inputs.fields import FIRST_YEAR, LAST_YEAR
from promo_reports.definitions.registry import Registry
from promo_reports.domain.dag_ids import report_id_of, report_type_of, type_dag_id
from promo_reports.domain.dates.schedule import ONE_TIME, Frequency
from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import Definition, Origin
from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.domain.report_type import PromotionType, ReportType
from promo_reports.errors import InvalidInput
from promo_reports.web.airflow.access import Caller
from promo_reports.web.airflow.run_ids import PAGE_RUN
from promo_reports.web.exports.earlier_attempt import EarlierExport, earlier_export
from promo_reports.web.exports.failures import failure_of
from promo_reports.web.exports.models import (
    DownloadShown,
    ExportAction,
    ExportOrigin,
    ExportRow,
    ProgressShown,
    RegisteredReport,
)
from promo_reports.web.exports.waiting_reasons import waiting
from promo_reports.web.models import Failure, Named, WindowShown
from promo_reports.web.queries.airflow_tables import frequency_of
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.times import local, now, window_shown


@dataclass(frozen=True)
class Rows:
    """Makes rows for one caller; report types are loaded once for all rows."""

    registry: Registry
    caller: Caller
    types: Mapping[str, ReportType]

    @classmethod
    def of(cls, registry: Registry, caller: Caller) -> Rows:
        """Return the rows of a caller."""
        return cls(registry, caller, _types(registry))

    @property
    def zone(self) -> ZoneInfo:
        """Return the account's timezone, in which all times are answered."""
        return self.registry.account.zone

    def row(self, record: ExportRecord) -> ExportRow:
        """Return one export."""
        # An export that is verified but not delivered has no files to offer.
        earlier = earlier_export(record)
        facts = earlier.figures if earlier else facts_of(record) if has_files(record) else {}
        ended = not record.status.is_open
        # One look at the definition, which is checked whole, serves the reason and the actions.
        instead = self.why_not_again(record) if record.status.can_retry else None
        return ExportRow(
            id=record.id,
            name=record.name,
            report=self._report(record),
            origin=_origin(record),
            report_type=self.report_type(record),
            promotion_type=promotion_named(record.promotion_type),
            status=record.status,
            waiting=waiting(record, self.zone),
            created_by=record.created_by,
            created_at=record.created_at.astimezone(self.zone),
            window=self._window(record),
            as_of=local(facts.get("as_of"), self.zone),
            rows=facts.get("rows"),
            bytes=facts.get("bytes"),
            started_at=local(record.started_at, self.zone),
            seconds=_seconds(record) if ended else None,
            progress=_progress(record),
            failure=self._failure(record, instead),
            download=self._download(record, earlier),
            earlier=earlier is not None,
            actions=self._actions(record, instead),
        )

    def report_type(self, record: ExportRecord) -> Named:
        """Return the report type, from the DAG id or, for a report's DAG, from the title among its tags."""
        known = report_type_of(record.dag_id)
        if known is not None:
            return Named(id=known, label=self.types[known].title if known in self.types else known)
        for each in self.types.values():
            if each.title in tags_of(record):
                return Named(id=each.id, label=each.title)
        return Named(id="", label="")

    def definition(self, record: ExportRecord) -> Definition | None:
        """Return the current definition of an export; None if it does not exist or is invalid."""
        report_id = report_id_of(record.dag_id)
        try:
            if report_id is not None:
                return self.registry.definition(report_id)
            return self.registry.from_conf(
                record.conf,
                run_id=record.run_id,
                at=record.run_after,
                report_type=report_type_of(record.dag_id) or "",
            )
        except InvalidInput:
            return None

    def why_not_again(self, record: ExportRecord) -> tuple[str, str] | None:
        """Return why an export that has ended cannot be retried and what to do instead; None if it can.

        The definition of a report may be corrected at any time; the conf of a run cannot.
        """
        if record.dag is None or record.dag.is_stale:
            return "Airflow does not have its DAG any more, so that it cannot be made again.", "Duplicate it."
        if report_id_of(record.dag_id) is None and self.definition(record) is None:
            return "Its definition breaks rules, so that it would fail again.", "Create it anew with other values."
        return None

    def _failure(self, record: ExportRecord, instead: tuple[str, str] | None) -> Failure | None:
        failure = failure_of(record, self.zone)
        if failure is None or instead is None or not failure.fix.startswith("Retry"):
            return failure
        return failure.model_copy(update={"fix": instead[1]})

    def _report(self, record: ExportRecord) -> RegisteredReport | None:
        report_id = report_id_of(record.dag_id)
        if report_id is None:
            return None
        return RegisteredReport(id=report_id, frequency=Frequency(frequency_of(tags_of(record)) or ONE_TIME))

    def _window(self, record: ExportRecord) -> WindowShown | None:
        earlier = earlier_export(record)
        window = window_of(record)
        unsettled = bool(((earlier.figures if earlier else facts_of(record)).get("window") or {}).get("open"))
        return window_shown(window, self.zone, unsettled=unsettled) if window else None

    def _download(self, record: ExportRecord, earlier: EarlierExport | None) -> DownloadShown | None:
        at = earlier.at if earlier else record.ended_at
        if earlier is not None:
            file, there = earlier.figures.get("file"), earlier.is_downloadable
        else:
            file = facts_of(record).get("file")
            there = record.status.can_download and DOWNLOAD in delivered_to(record)
        kept = timedelta(days=self.registry.settings.retention_days)
        if not there or not file or (at is not None and at + kept < now()):
            return None
        url = f"promo-reports/api/exports/{record.id}/download"
        return DownloadShown(url=url, name=file["name"], bytes=file["bytes"])

    def _actions(self, record: ExportRecord, instead: tuple[str, str] | None) -> list[ExportAction]:
        actions = []
        if self.caller.may_change_exports(record.dag_id):
            if record.status.is_open:
                actions.append(ExportAction.CANCEL)
            elif record.status.can_retry and instead is None:
                actions.append(ExportAction.RETRY)
        report_type = self.report_type(record).id
        if report_type and self.caller.may_export(type_dag_id(report_type)):
            actions.append(ExportAction.DUPLICATE)
        return actions


def promotion_named(promotion_type: PromotionType | None) -> Named:
    """Return id and label of a promotion type; empty texts if the DAG has no tag of one."""
    if promotion_type is None:
        return Named(id="", label="")
    return Named(id=promotion_type.value, label=promotion_type.label)


def tags_of(record: ExportRecord) -> tuple[str, ...]:
    """Return the tags of an export's DAG."""
    return record.dag.tags if record.dag else ()


def facts_of(record: ExportRecord) -> Mapping[str, Any]:
    """Return the `facts` that extract stored of a verified export: rows, bytes, window and file; empty before that."""
    return record.facts.extract.get("facts") or {}


def has_files(record: ExportRecord) -> bool:
    """Return whether the newest attempt has ended and delivered files."""
    return not record.status.is_open and bool(delivered_to(record))


def delivered_to(record: ExportRecord) -> set[str]:
    """Return the destinations to which the newest attempt has delivered."""
    return {each["destination"] for each in record.facts.delivered}


def window_of(record: ExportRecord) -> Window | None:
    """Return the window: extract's `facts`, else the data interval, or the absolute range of an on-demand conf.

    On-demand exports ignore the data interval of their run.
    """
    earlier = earlier_export(record)
    left = (facts_of(record) or (earlier.figures if earlier else {})).get("window") or {}
    chosen = record.conf.get("date_range")
    asked = chosen if isinstance(chosen, dict) else {}
    if report_type_of(record.dag_id) is None:
        given = record.data_interval_start, record.data_interval_end
    else:
        given = _moment(asked.get("start")), _moment(asked.get("end"))
    bounds = ((left.get("start"), left.get("end")), given)
    windows = (_window(start, end) for start, end in bounds)
    return next((each for each in windows if each is not None), None)


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    """Return the window of two instants; None if it is empty or outside of the years that every timezone can show."""
    if start is None or end is None or not start < end:
        return None
    return Window(start, end) if start.year >= FIRST_YEAR and end.year <= LAST_YEAR else None


def _types(registry: Registry) -> dict[str, ReportType]:
    found = {}
    for source in registry.report_type_sources():
        try:
            found[source.key] = registry.report_type(source.key)
        except InvalidInput:
            continue
    return found


def _origin(record: ExportRecord) -> ExportOrigin:
    if report_id_of(record.dag_id) is not None:
        return ExportOrigin.PAGE if Origin.CREATED.value in tags_of(record) else ExportOrigin.GIT
    return ExportOrigin.PAGE if record.run_id.startswith(PAGE_RUN) else ExportOrigin.API


def _progress(record: ExportRecord) -> ProgressShown | None:
    left = record.facts.extract.get("progress")
    if record.state != "running" or not left:
        return None
    return ProgressShown(written=left["written"], counted=left["counted"])


def _seconds(record: ExportRecord) -> float | None:
    if record.started_at is None or record.ended_at is None:
        return None
    return max(0.0, (record.ended_at - record.started_at).total_seconds())


def _moment(text: object) -> datetime | None:
    """Return the instant of an ISO 8601 text with an offset; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
