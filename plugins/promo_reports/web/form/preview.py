"""The preview of the form: counts, totals and first rows of the export that a definition would make now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import Download
from promo_reports.domain.mask import LAST_FOUR, Mask
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.orchestration.connections import promo_source, with_hash_key
from promo_reports.pipeline.databases.source import SourceTotals
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.preview import Preview, preview
from promo_reports.pipeline.run_export import Run, one_time_export, scheduled_export
from promo_reports.settings import Settings
from promo_reports.sql.cell_policies.last_four import HIDDEN, last_four
from promo_reports.web.form.creation import window_of
from promo_reports.web.form.models import Group, Groups, PreviewColumn, PreviewShown, Sum
from promo_reports.web.limits import asking_the_promo_database
from promo_reports.web.times import local, window_shown

ROWS = 20
SECONDS = 30.0
"""Time limit of a preview, including connecting to the promo database."""


def is_seen_clear(definition: Definition) -> bool:
    """Return whether whoever may export a definition could read its personal data anyway: it can be downloaded."""
    return any(isinstance(each, Download) for each in definition.destinations)


def preview_shown(
    definition: Definition, settings: Settings, at: datetime, *, person: str, clear: bool
) -> PreviewShown:
    """Count and read the first rows; a recurring report shows the window of its last due delivery.

    Personal data that the definition leaves clear is masked unless it may be seen `clear`.
    503 where too many ask the promo database already, 429 where too many of these are the person's own requests.
    """
    export = export_now(definition, at)
    with asking_the_promo_database.one(person):
        source = promo_source(definition.report_type.connection)
        seen = preview(with_hash_key(export), source, settings, ROWS, seconds=SECONDS)
    report_type, totals = definition.report_type, seen.counted.totals
    masks = [_mask(each, clear=clear) for each in report_type.columns]
    return PreviewShown(
        columns=[
            PreviewColumn(name=each.name, type=each.type.value, mask=mask and mask.key)
            for each, mask in zip(report_type.columns, masks, strict=True)
        ],
        rows=[[_shown(*each) for each in zip(row, report_type.columns, masks, strict=True)] for row in seen.rows],
        counted=totals.rows,
        excluded=seen.counted.excluded,
        totals=_sums(report_type, totals.sums),
        groups=_groups(report_type, totals, clear=clear),
        window=window_shown(export.window, export.zone) if export.window else None,
        as_of=local(export.as_of, export.zone),
        file=_file(seen, settings.rows_per_file),
    )


def export_now(definition: Definition, at: datetime) -> Export:
    """Return the export that a one-time definition would make now, or the last due one of a recurring report."""
    if definition.schedule is None:
        window_of(definition, at)  # a wrong date range is an error of the request (422)
        return one_time_export(definition, Run("preview", "preview", at))
    due = definition.schedule.latest(at)
    run = Run("preview", "preview", at, due.window.start, due.window.end)
    return scheduled_export(definition, run)


def _sums(report_type: ReportType, sums: Mapping[str, Decimal]) -> list[Sum]:
    return [Sum(name=each.name, sum=f"{sums.get(each.name, 0):f}") for each in report_type.totals]


def _mask(column: Column, *, clear: bool) -> Mask | None:
    """Return the mask of a column as it is shown."""
    return LAST_FOUR if column.pii and column.mask is None and not clear else column.mask


def _shown(cell: str | None, column: Column, mask: Mask | None) -> str | None:
    """Return a cell that is masked as it is shown, or was before."""
    if cell is None or mask is column.mask:
        return cell
    return last_four(cell) if column.type is ColumnType.TEXT else HIDDEN


def _groups(report_type: ReportType, totals: SourceTotals, *, clear: bool) -> Groups | None:
    if report_type.totals_by is None or _mask(report_type.column(report_type.totals_by), clear=clear) is not None:
        return None
    items = [
        Group(value=value, rows=group.rows, sums=_sums(report_type, group.sums))
        for value, group in sorted(totals.groups.items())
    ]
    return Groups(by=report_type.totals_by, items=items)


def _file(seen: Preview, rows_per_file: int) -> str:
    files = -(-seen.counted.totals.rows // rows_per_file)
    return "one CSV" if files <= 1 else f"a ZIP of {files} CSVs"
