"""Make a verified file in the staging area: one snapshot, counted, copied, split, read again, sealed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from promo_reports.domain.file_format import CSV, FileFormat
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DataRefused
from promo_reports.object_stores.staged_export import StagedExport
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.source import SharedSnapshot, Snapshot, Source, SourceTotals, in_terms_of
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.filters import known_filters
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.file_code import loaded_beside
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.ranges import MemberRange, member_ranges
from promo_reports.pipeline.row_copier import RowCopier
from promo_reports.pipeline.staging.area import StagingArea
from promo_reports.pipeline.verification.build_manifest import Made, build_manifest
from promo_reports.pipeline.verification.count import count
from promo_reports.pipeline.verification.second_reading import Reading, SecondReading
from promo_reports.pipeline.verification.verify import check_window, reconcile
from promo_reports.settings import Settings
from promo_reports.sql.report_query import ReportQuery, load_report_query

Progress = Callable[[int, int], object]

log = logging.getLogger(__name__)


def extract(
    export: Export,
    source: Source,
    area: StagingArea,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    progress: Progress | None = None,
) -> StagedExport:
    """Make and verify one export, and stage it in `area`; `progress` gets rows written and rows counted.

    It is called when the rows have been counted, and then on the thread that reads them.
    Raises `SourceRefused`/`SourceUnavailable`, `DataRefused`, `ReconciliationError` or `StagingError`; whatever is
    raised, nothing of the attempt stays behind.
    """
    started = now()
    report_type = export.definition.report_type
    query = load_report_query(report_type, settings.sql)
    with area.attempt(export) as attempt, ExitStack() as stack:
        limits = TimeLimits.of(settings)
        row_security = report_type.allow_row_security
        with open_snapshot(source, export.zone, limits, row_security=row_security) as snapshot:
            with loaded_beside(export.definition.format):
                export = replace(export, filters=known_filters(snapshot, export.definition, settings.sql))
                query = in_terms_of(snapshot, query, export.parameters)
                with _timed("Counted and summed"):
                    counted = count(snapshot, query, export)
            artifact = Artifact(
                attempt.directory,
                export.stem,
                Heading(report_type.columns, export.zone),
                _format(export, counted.totals.rows, settings.rows_per_file),
            )
            expected = counted.totals.rows
            if progress:
                progress(0, expected)
            told = (lambda rows: progress(rows, expected)) if progress else None
            copier = RowCopier(export, artifact, settings.rows_per_file, told)
            stack.callback(artifact.written.abandon)  # for a signal that comes while the reading begins
            again = stack.enter_context(
                SecondReading(artifact.written, artifact.format, artifact.heading, report_type, export.transform)
            )
            with _timed("Copied"), attempt.explained(lambda: artifact.size_of(expected)):
                sent = _copy(copier, snapshot, query, counted.totals, settings)
        with _timed("Read again"):
            reading = again.result(artifact.spans)
        reconcile(reading, counted.totals, sent, artifact.parts)
        check_window(reading, report_type, export.window)
        file = _named_by_content(artifact, reading)
        made = Made(export, query.sha256, counted, reading, file, snapshot.taken_at, started, now())
        manifest = build_manifest(made, timedelta(minutes=settings.settle_minutes))
        return attempt.seal(manifest, export.definition.destinations)


def _format(export: Export, rows: int, rows_per_file: int) -> FileFormat:
    asked = export.definition.format
    found = asked.for_rows(rows, rows_per_file)
    if found is None:
        raise DataRefused(
            f"The export has {rows:,} rows, and a file of the format {asked.label} has at most {rows_per_file:,}.",
            f"Choose the format {CSV.label}, or a shorter date range.",
        )
    return found


def _copy(copier: RowCopier, snapshot: Snapshot, query: ReportQuery, totals: SourceTotals, settings: Settings) -> int:
    export, several = copier.export, settings.connections_per_export > 1 and copier.has_members
    if several and isinstance(snapshot, SharedSnapshot):
        ranges = _ranges(snapshot, query, export, totals, settings.rows_per_file)
        if ranges:
            return copier.ranges(snapshot, ranges, settings.connections_per_export)
    return copier.whole(snapshot, query.rows(export.parameters, export.transform, changed=totals.cells_changed))


def _ranges(
    snapshot: SharedSnapshot, query: ReportQuery, export: Export, totals: SourceTotals, rows_per_file: int
) -> list[MemberRange]:
    """Return the ranges that several connections copy, none where one must copy all; the log says why."""
    beyond = snapshot.beyond_snapshot(query.rows(export.parameters))
    if beyond is not None:
        log.info("One connection: the query reads %s, which may differ from connection to connection", beyond)
        return []
    ranges = member_ranges(snapshot, query, export, totals, rows_per_file)
    if not ranges:
        log.info("One connection: the total order has NULL, is none at the border of a file, or begins with no window")
    return ranges


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """Log how long a step of the export took."""
    begun = time.perf_counter()
    yield
    log.info("%s in %.2f s", what, time.perf_counter() - begun)


def _named_by_content(artifact: Artifact, reading: Reading) -> ExportFile:
    """Rename the file by its hash, so that a re-run's publication never overwrites another content."""
    path, suffix = artifact.path, artifact.format.suffix
    name = f"{path.name.removesuffix(suffix)}-{reading.sha256[:8]}{suffix}"
    path.rename(path.with_name(name))
    return ExportFile(
        name=name,
        rows=reading.rows,
        bytes=reading.bytes,
        sha256=reading.sha256,
        first=reading.parts[0].first,
        last=reading.parts[-1].last,
        members=reading.parts if artifact.format.member_suffix is not None else (),
    )
