"""The manifest of a verified export, from what the database counted and the second reading found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from promo_reports.domain.manifest import ExportFile, Manifest, event_key
from promo_reports.domain.shape import Shape
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.verification.count import Counted
from promo_reports.pipeline.verification.second_reading import Reading


@dataclass(frozen=True)
class Made:
    """An export whose files have been written and read again; `taken_at` is the instant of its snapshot."""

    export: Export
    sql_sha256: str
    counted: Counted
    taken_at: datetime
    started: datetime
    finished: datetime


def build_manifest(made: Made, shape: Shape, file: ExportFile, reading: Reading, *, settle: timedelta) -> Manifest:
    """Return the manifest of the file of one shape.

    A window is `open` while less than `settle` has passed since its end (reliability, P2).
    """
    export, definition = made.export, made.export.definition
    manifest = Manifest(
        report_id=definition.id,
        report_name=definition.name,
        report_type=definition.report_type.id,
        promotion_type=definition.report_type.promotion_type.value,
        owner=definition.owner,
        filters=dict(definition.filters),
        timezone=definition.timezone,
        window=_window(made, settle),
        as_of=_local(export, export.as_of) if export.as_of else None,
        dag_id=export.dag_id,
        run_id=export.run_id,
        rows=reading.rows,
        source_rows=made.counted.totals.rows,
        files=(file,),
        totals={name: _plain(value) for name, value in reading.sums.items()},
        totals_by=_totals_by(made, reading),
        columns=tuple(
            {
                "name": c.name,
                "type": c.type.value,
                "unit": c.unit,
                "description": c.description,
                "pii": c.pii,
                **({"scale": c.scale} if c.scale is not None else {}),
                **({"mask": c.mask.key} if c.mask else {}),
            }
            for c in definition.report_type.columns
        ),
        csv_safety=shape.cells.key,
        cells_changed=sum(reading.cells_changed.values()),
        excluded_rows=made.counted.excluded,
        late_rows=_late(made),
        definition_sha256=definition.sha256,
        sql_sha256=made.sql_sha256,
        snapshot_at=_local(export, made.taken_at),
        started_at=_local(export, made.started),
        finished_at=_local(export, made.finished),
        window_key=export.window_key,
    )
    return replace(manifest, event_key=event_key(manifest))


def _window(made: Made, settle: timedelta) -> dict[str, Any] | None:
    window = made.export.window
    if window is None:
        return None
    return {
        "start": _local(made.export, window.start),
        "end": _local(made.export, window.end),
        "open": made.taken_at < window.end + settle,
    }


def _late(made: Made) -> dict[str, Any] | None:
    previous = made.export.previous
    if previous is None or made.counted.late is None:
        return None
    return {
        "window_start": _local(made.export, previous.window.start),
        "window_end": _local(made.export, previous.window.end),
        "since": _local(made.export, previous.snapshot_at),
        "rows": made.counted.late,
    }


def _totals_by(made: Made, reading: Reading) -> dict[str, Any] | None:
    column = made.export.definition.report_type.totals_by
    if column is None:
        return None
    values = {
        by: {"rows": group.rows, **{name: _plain(value) for name, value in group.sums.items()}}
        for by, group in sorted(reading.groups.items())
    }
    return {"column": column, "values": values}


def _local(export: Export, moment: datetime) -> str:
    return moment.astimezone(export.zone).isoformat()


def _plain(value: Decimal) -> str:
    return format(value, "f")
