"""Cells of CSV blocks as Arrow arrays: an empty cell without quotes is NULL, decimals are exact, times are instants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa  # noqa: TID253 - imported when an export is read
import pyarrow.compute as pc  # noqa: TID253
import pyarrow.csv as pa_csv  # noqa: TID253

_BOM = b"\xef\xbb\xbf"
_TIME = re.compile(
    r"(\d{4,6})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?", re.ASCII
)
_LAST_YEAR = 290_000
"""Arrow counts microseconds in 64 bits, which end some years later."""


class Misfit(Exception):
    """A cell that the type of its column does not hold; `column` and `type` name these, and no message has the cell."""

    def __init__(self, column: str, type_: Any) -> None:
        super().__init__(column, type_)
        self.column, self.type = column, type_


class NotCsv(Exception):
    """Bytes that are no records of the columns."""


class CellParser:
    """Parses blocks of whole records whose columns are `names`, into the columns and types of a schema."""

    def __init__(self, names: Sequence[str], schema: Any) -> None:
        self._names, self._schema = list(names), schema
        self._typed = _conversion(schema, {field.name: field.type for field in schema})
        self._texts = _conversion(schema, {field.name: pa.string() for field in schema})

    def parse(self, block: bytes) -> Any:
        """Return a record batch; raise Misfit, or NotCsv."""
        try:
            table = self._read(block, self._typed)
        except pa.ArrowException:
            table = self._carefully(block)
        return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=self._schema)

    def _read(self, block: bytes, convert: Any) -> Any:
        return pa_csv.read_csv(
            # Arrow leaves out a byte order mark at the beginning, which is here the text of a cell.
            pa.py_buffer(_BOM + block if block.startswith(_BOM) else block),
            pa_csv.ReadOptions(use_threads=False, block_size=len(block) + len(_BOM) + 1, column_names=self._names),
            pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert,
        )

    def _carefully(self, block: bytes) -> Any:
        """Return a table of the cells that Arrow's own conversion does not take: times of long ago and far away."""
        try:
            texts = self._read(block, self._texts)
        except pa.ArrowInvalid:
            raise NotCsv from None
        arrays = [_cast(texts.column(field.name).combine_chunks(), field) for field in self._schema]
        return pa.table(arrays, schema=self._schema)


def _conversion(schema: Any, types: dict[str, Any]) -> Any:
    return pa_csv.ConvertOptions(
        include_columns=schema.names,
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )


def _cast(texts: Any, field: Any) -> Any:
    try:
        if pa.types.is_boolean(field.type):
            return _booleans(texts)
        if pa.types.is_timestamp(field.type) or pa.types.is_date(field.type):
            return _times(texts, field.type)
        return texts.cast(field.type)
    except (pa.ArrowException, ValueError):
        raise Misfit(field.name, field.type) from None


def _booleans(texts: Any) -> Any:
    if not pc.all(pc.is_in(texts, value_set=pa.array(["t", "f", None]))).as_py():
        raise ValueError
    return pc.equal(texts, "t")


def _times(texts: Any, type_: Any) -> Any:
    unit: Literal["D", "us"] = "D" if pa.types.is_date(type_) else "us"
    counted = np.array([_instant(text, unit) for text in texts.to_pylist()], f"datetime64[{unit}]")
    whole = pa.array(counted.astype(np.int64), mask=np.isnat(counted))
    if unit == "D":
        return whole.cast(pa.int32()).cast(pa.date32()).cast(type_)
    return whole.cast(pa.timestamp("us", type_.tz)).cast(type_)


def _instant(text: str | None, unit: Literal["D", "us"]) -> Any:
    """Return the UTC of a time as databases write it; ValueError for anything else."""
    if text is None:
        return np.datetime64("NaT", unit)
    found = _TIME.fullmatch(text)
    if found is None or (found[4] is None) != (unit == "D") or (unit == "us" and int(found[1]) > _LAST_YEAR):
        raise ValueError
    year = 1 - int(found[1]) if found[9] else int(found[1])
    moment = np.datetime64(f"{year:05d}-{found[2]}-{found[3]}{f'T{found[4]}' if found[4] else ''}", unit)
    if unit == "D":
        return moment
    hours, minutes, seconds = (int(each or 0) for each in found.group(6, 7, 8))
    offset = np.timedelta64(hours * 3600 + minutes * 60 + seconds, "s")
    return moment + offset if found[5] == "-" else moment - offset
