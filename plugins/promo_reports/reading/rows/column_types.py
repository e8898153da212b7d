"""The Arrow schema of an export, from the columns of its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa  # noqa: TID253 - imported when an export is read

from promo_reports.domain.manifest import Manifest
from promo_reports.domain.report_type import ColumnType
from promo_reports.errors import ReadRefused

METADATA = b"promo_reports.manifest"
"""The key of the schema's metadata under which the manifest stands, byte by byte as it was delivered."""
DIGITS = 38
"""Digits of a decimal: what 128 bits hold, and what polars and DuckDB take."""
UNKNOWN_SCALE = 18
"""Digits after the point of a decimal column of which the manifest tells none."""


def schema_of(
    manifest: Manifest, content: bytes, *, columns: Iterable[str] | None, types: Mapping[str, Any] | None
) -> Any:
    """Return the schema of the columns that are asked for, in their order; all of them without `columns`.

    `types` has Arrow types in the place of those of the manifest. ReadRefused for a column that there is not.
    """
    known = {each["name"]: each for each in manifest.columns}
    chosen = list(known) if columns is None else list(columns)
    given = dict(types or {})
    if lacking := [name for name in (*chosen, *given) if name not in known]:
        raise ReadRefused(f"There is no column {lacking[0]!r} in the export.", f"It has {', '.join(known)}.")
    if not chosen:
        raise ReadRefused("No column is asked for.", f"The export has {', '.join(known)}.")
    try:
        fields = [pa.field(name, given.get(name) or _type_of(known[name], manifest)) for name in chosen]
    except TypeError as wrong:
        raise ReadRefused(f"types are to be Arrow types ({wrong}).", "Give pyarrow.string(), as an example.") from None
    return pa.schema(fields, {METADATA: content})


def _type_of(column: Mapping[str, Any], manifest: Manifest) -> Any:
    match column["type"]:
        case ColumnType.INTEGER:
            return pa.int64()
        case ColumnType.DECIMAL:
            return pa.decimal128(DIGITS, _scale_of(column, manifest))
        case ColumnType.TIMESTAMP:
            return pa.timestamp("us", manifest.timezone)
        case ColumnType.DATE:
            return pa.date32()
        case ColumnType.BOOLEAN:
            return pa.bool_()
        case _:
            return pa.string()


def _scale_of(column: Mapping[str, Any], manifest: Manifest) -> int:
    """Return the digits after the point: those of the report type, and as many as the total has.

    A total is exact, so it has as many as the cell that has most of them.
    """
    declared, total = column.get("scale"), manifest.totals.get(column["name"])
    if declared is None and total is None:
        return UNKNOWN_SCALE
    return max(declared or 0, len((total or "").partition(".")[2]))
