"""Make the verified files of an export in the staging area: one snapshot, counted, copied, read again, cut, sealed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from promo_reports.domain.cell_policy import CellPolicy
from promo_reports.domain.shape import Shape
from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.source import Source, in_terms_of
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.filters import known_filters
from promo_reports.pipeline.formats.file_code import loaded_beside
from promo_reports.pipeline.shapes.cut import Cutting
from promo_reports.pipeline.shapes.master import Copying
from promo_reports.pipeline.shapes.plan import CopyPlan, copy_plans, format_for
from promo_reports.pipeline.shapes.verified_file import VerifiedFile
from promo_reports.pipeline.staging.area import Attempt, StagingArea
from promo_reports.pipeline.verification.build_manifest import Made, build_manifest
from promo_reports.pipeline.verification.count import count
from promo_reports.settings import Settings
from promo_reports.sql.report_query import load_report_query

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
    definition = export.definition
    report_type, shapes = definition.report_type, definition.shapes
    plans = copy_plans(shapes)
    query = load_report_query(report_type, settings.sql)
    with area.attempt(export) as attempt, ExitStack() as stack:
        limits = TimeLimits.of(settings)
        row_security = report_type.allow_row_security
        with open_snapshot(source, export.zone, limits, row_security=row_security) as snapshot:
            with loaded_beside([each.master.format for each in plans]):
                export = replace(export, filters=known_filters(snapshot, definition, settings.sql))
                query = in_terms_of(snapshot, query, export.parameters)
                with _timed("Counted and summed"):
                    counted = count(snapshot, query, export, _policies(plans))
            rows = counted.totals.rows
            for shape in shapes:
                format_for(shape, rows, settings.rows_per_file)
            copying = Copying(export, snapshot, query, counted, settings)
            told = _shares(progress, rows, len(plans))
            with _timed("Copied"):
                copies = [copying.copy(plan, attempt, stack, share) for plan, share in zip(plans, told, strict=True)]
        files: dict[Shape, VerifiedFile] = {}
        for copied in copies:
            with _timed("Read again"):
                master = copied.verified(export, counted)
            cutting = Cutting(export, master, copied.plan.master, counted, settings.rows_per_file)
            files |= {shape: _cut(cutting, shape, attempt) for shape in copied.plan.shapes}
            if master not in files.values():
                master.path.unlink()
        made = Made(export, query.sha256, counted, snapshot.taken_at, started, now())
        settle = timedelta(minutes=settings.settle_minutes)
        manifests = {
            shape: build_manifest(made, shape, file.described, file.reading, settle=settle)
            for shape, file in files.items()
        }
        return attempt.seal(
            tuple(StagedDelivery(each.destination, manifests[each.shape]) for each in definition.deliveries)
        )


def _shares(progress: Progress | None, rows: int, copies: int) -> list[Callable[[int], object] | None]:
    """Return what each of several copies tells its rows to, which are a share of the rows that are told."""
    if progress is None:
        return [None] * copies
    progress(0, rows)
    return [partial(_tell, progress, rows, copies, before) for before in range(copies)]


def _tell(progress: Progress, rows: int, copies: int, before: int, written: int) -> None:
    progress((before * rows + written) // copies, rows)


def _policies(plans: Sequence[CopyPlan]) -> tuple[CellPolicy, ...]:
    return tuple(dict.fromkeys(policy for each in plans for policy in (each.master.cells, *each.other_cells)))


def _cut(cutting: Cutting, shape: Shape, attempt: Attempt) -> VerifiedFile:
    with _timed(f"The file of the shape {shape}"):
        return cutting.file_of(shape, attempt)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """Log how long a step of the export took."""
    begun = time.perf_counter()
    yield
    log.info("%s in %.2f s", what, time.perf_counter() - begun)
