"""The details of one export, from its run, the task state of its tasks and its definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from promo_reports.definitions.report.configuration import configuration, destination_words
from promo_reports.delivery.payload import map_index_title
from promo_reports.domain.cell_policy import CELL_POLICIES
from promo_reports.domain.dag_ids import report_id_of
from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import DOWNLOAD, KINDS
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.web.airflow.run_ids import PAGE_RUN
from promo_reports.web.definition_body import body_of
from promo_reports.web.exports.earlier_attempt import EarlierExport, earlier_export, earlier_manifest, manifest_in
from promo_reports.web.exports.models import (
    AirflowLinks,
    DestinationShown,
    ExportAction,
    ExportDetail,
    ExportStep,
    ExportTrigger,
    FileShown,
    MemberShown,
)
from promo_reports.web.exports.rows import Rows, delivered_to, has_files, window_of
from promo_reports.web.models import Failure, Row
from promo_reports.web.queries.airflow_tables import DELIVER, EXTRACT
from promo_reports.web.queries.records import ExportRecord, TaskFacts, TaskRecord
from promo_reports.web.times import local

_TRIGGERS = {"scheduled": ExportTrigger.SCHEDULE, "backfill": ExportTrigger.BACKFILL}


def export_detail(rows: Rows, record: ExportRecord, facts: TaskFacts, tasks: Sequence[TaskRecord]) -> ExportDetail:
    """Return the details; if the definition no longer exists or validates, they come from the manifest alone."""
    definition = rows.definition(record)
    earlier = earlier_export(record)
    manifest = earlier_manifest(earlier, facts) if earlier else None
    if earlier is None and has_files(record):
        manifest = manifest_in(facts.extract.get("manifest"))
    row = rows.row(record)
    if definition is None:
        # There is no definition to duplicate.
        row = row.model_copy(update={"actions": [each for each in row.actions if each is not ExportAction.DUPLICATE]})
    files, figures = _of_manifest(manifest, rows.zone, downloaded=_is_downloaded(record, earlier))
    return ExportDetail(
        **row.model_dump(),
        configuration=list(_configuration(rows, record, definition, manifest)),
        definition=body_of(definition, rows.registry.account, window_of(record)) if definition else None,
        ended_at=local(record.ended_at, rows.zone) if not record.status.is_open else None,
        attempt=record.clear_number + 1,
        step=_step(record, tasks),
        trigger=_trigger(record),
        destinations=_destinations(rows, definition, facts, tasks),
        files=files,
        facts=figures,
        manifest=f"promo-reports/api/exports/{record.id}/manifest" if row.download else None,
        airflow=_links(rows, record),
    )


def _of_manifest(manifest: Manifest | None, zone: ZoneInfo, *, downloaded: bool) -> tuple[list[FileShown], list[Row]]:
    """Return the manifest's files and figures; empty lists if its values are not of their types."""
    if manifest is None:
        return [], []
    try:
        return [_file(each) for each in manifest.files], list(_facts(manifest, zone, downloaded=downloaded))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return [], []


def _is_downloaded(record: ExportRecord, earlier: EarlierExport | None) -> bool:
    return earlier.is_downloadable if earlier else DOWNLOAD in delivered_to(record)


def _configuration(
    rows: Rows, record: ExportRecord, definition: Definition | None, manifest: Manifest | None
) -> Iterator[Row]:
    if definition is None:
        yield Row(key="name", label="Name", value=record.name)
        yield Row(key="report_type", label="Report Type", value=rows.report_type(record).label)
        yield Row(key="definition", label="Definition", value=f"The definition {_what_is_wrong(record, manifest)}.")
        return
    for each in configuration(definition, rows.registry.account):
        yield Row(**each._asdict())
    if manifest is not None and manifest.definition_sha256 != definition.sha256:
        said = "It was changed since; this export was made by the definition as it was."
        yield Row(key="changed", label="Definition", value=said)


def _what_is_wrong(record: ExportRecord, manifest: Manifest | None) -> str:
    if report_id_of(record.dag_id) is not None:
        return "is not registered any more"
    # A definition that was valid may break rules after an upgrade, or when its bucket or report type is removed.
    return (
        "breaks rules now; it did not when this was exported" if manifest else "breaks rules, so nothing was exported"
    )


def _step(record: ExportRecord, tasks: Sequence[TaskRecord]) -> ExportStep | None:
    if not record.status.is_open:
        return None
    states = {each.task_id: each.state for each in tasks}
    if states.get(EXTRACT) == "success":
        return ExportStep.DELIVER
    return ExportStep.EXTRACT if states.get(EXTRACT) == "running" else ExportStep.WAITING


def _trigger(record: ExportRecord) -> ExportTrigger:
    page = ExportTrigger.PAGE if record.run_id.startswith(PAGE_RUN) else ExportTrigger.MANUAL
    return _TRIGGERS.get(record.run_type, page)


def _destinations(
    rows: Rows, definition: Definition | None, facts: TaskFacts, tasks: Sequence[TaskRecord]
) -> list[DestinationShown]:
    """Return the destinations that extract passed to deliver; before that, those of the definition, in its order.

    The definition may have changed since the run: its destinations are then those of the next export.
    """
    registered = definition.destinations if definition else ()
    words = {DOWNLOAD: KINDS[DOWNLOAD].label}
    words |= {str(each): destination_words(each, rows.registry.account) for each in registered}
    words |= {map_index_title(title): said for title, said in words.items()}
    titles: dict[int, str] = {index: str(each) for index, each in enumerate(registered)}
    if any(each.task_id == EXTRACT and each.state == "success" for each in tasks):
        mapped = [each for each in tasks if each.task_id == DELIVER and each.state != "removed" and each.map_index >= 0]
        titles = {each.map_index: each.title or titles.get(each.map_index, "") for each in mapped} or titles
    for index, left in facts.deliveries.items():
        if left.get("delivered"):
            titles[index] = left["delivered"]["destination"]
    return [
        _destination(words.get(title, title), facts.deliveries.get(index, {}))
        for index, title in sorted(titles.items())
    ]


def _destination(title: str, task: Mapping[str, Any]) -> DestinationShown:
    """Return one destination with the task state of its delivery."""
    delivered, failure = task.get("delivered"), task.get("failure")
    address = str(delivered["manifest"]) if delivered else None
    return DestinationShown(
        title=title,
        delivered=delivered is not None,
        # The path of the download area is internal.
        manifest=address if address and not address.startswith(f"{KINDS[DOWNLOAD].scheme}:") else None,
        failure=Failure(reason=failure["reason"], fix=failure.get("fix") or "") if failure else None,
    )


def _file(file: ExportFile) -> FileShown:
    members = [
        MemberShown(name=each.name, rows=each.rows, bytes=each.bytes, first=each.first, last=each.last)
        for each in file.members
    ]
    return FileShown(
        name=file.name,
        rows=file.rows,
        bytes=file.bytes,
        first=file.first,
        last=file.last,
        sha256=file.sha256,
        members=members,
    )


def _facts(manifest: Manifest, zone: ZoneInfo, *, downloaded: bool) -> Iterator[Row]:
    """Yield the manifest's figures, which were reconciled between database and file."""
    yield Row(key="rows", label="Rows, counted by the database and in the file", value=f"{manifest.rows:,}")
    for name, total in manifest.totals.items():
        yield Row(key=f"totals.{name}", label=f"Total of {name}", value=f"{Decimal(str(total)):,f}")
    if manifest.excluded_rows:
        yield Row(
            key="excluded_rows", label="Rows without a time that any window holds", value=f"{manifest.excluded_rows:,}"
        )
    if manifest.late_rows:
        late = f"{manifest.late_rows['rows']:,}" if "rows" in manifest.late_rows else str(manifest.late_rows)
        yield Row(key="late_rows", label="Rows of the window before that were recorded after its export", value=late)
    policy = CELL_POLICIES.get(manifest.csv_safety)
    if policy is not None:
        yield Row(key="csv_safety", label="Text cells", value=policy.words(downloaded=downloaded))
    if manifest.cells_changed:
        label = policy.counted if policy is not None else "Text cells changed"
        yield Row(key="cells_changed", label=label, value=f"{manifest.cells_changed:,}")
    taken = datetime.fromisoformat(manifest.snapshot_at).astimezone(zone)
    yield Row(key="snapshot_at", label="Read from the database at", value=f"{taken:%Y-%m-%d %H:%M:%S} {zone.key}")
    yield Row(key="definition_sha256", label="sha256 of the definition", value=manifest.definition_sha256)
    yield Row(key="event_key", label="Key of the content", value=manifest.event_key)


def _links(rows: Rows, record: ExportRecord) -> AirflowLinks | None:
    if not rows.caller.may_change_exports(record.dag_id):
        return None
    dag = f"dags/{record.dag_id}"
    return AirflowLinks(run=f"{dag}/runs/{record.run_id}", dag=dag)
