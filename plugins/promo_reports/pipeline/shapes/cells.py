"""Columns of a block with other cells, as Arrow arrays of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa  # noqa: TID253 - imported by the task alone
import pyarrow.compute as pc  # noqa: TID253

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.formats.parsed_block import ParsedBlock, texts_of

_DIGITS = 38


def with_cells(cells: Any, changed: Mapping[int, str]) -> Any:
    """Return a column with some of its cells replaced, by their rows, which are in order."""
    if not changed:
        return cells
    mask = np.zeros(len(cells), bool)
    mask[list(changed)] = True
    packed = pa.py_buffer(np.packbits(mask, bitorder="little"))
    marked = pa.Array.from_buffers(pa.bool_(), len(cells), [None, packed])
    return pc.replace_with_mask(cells, marked, texts_of(map(str.encode, changed.values())))


def values_of(block: ParsedBlock, place: int, column: Column) -> Any:
    """Return the cells of a column in the one form that every format has: decimals with the digits of their scale."""
    cells = block.array(place)
    if column.type is not ColumnType.DECIMAL or column.scale is None or block.has_scale(place, column.scale):
        return cells
    try:
        return cells.cast(pa.decimal128(_DIGITS, column.scale)).cast(pa.string())
    except pa.ArrowInvalid:  # more digits than the scale has, which a CSV may hold
        return cells
