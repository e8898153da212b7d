"""Types of columns as MySQL and MariaDB send them, and which of them a declared column may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused

# Types of the protocol, as a cursor's description has them.
INTEGERS = frozenset({1, 2, 3, 8, 9})
DECIMAL = 246
FLOAT, DOUBLE = 4, 5
TIMES = frozenset({7, 12})
BIT = 16
STRINGS = frozenset({15, 242, 249, 250, 251, 252, 253, 254, 255})  # VECTOR and GEOMETRY, too

EXACT = INTEGERS | {DECIMAL, 13}  # YEAR, too
NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.DECIMAL})

_TIME, _DATE, _JSON = 11, 10, 245


def refuse_types(description: Sequence[Sequence[Any]], columns: Sequence[Column]) -> None:
    """Raise `DataRefused` for a column whose type cannot deliver what is declared, with the cast that can."""
    for described, column in zip(description, columns, strict=False):
        sent = described[1]
        if sent == FLOAT:
            raise _refused(column, "FLOAT, of which the server sends six digits", _cast(column))
        if column.type in NUMBERS and sent in STRINGS | {_JSON}:
            raise _refused(column, f"text, and declared {column.type}", _cast(column))
        if column.type in NUMBERS and sent in TIMES | {_TIME, _DATE}:
            raise _refused(column, f"a date or time, and declared {column.type}", "Declare it as what it is.")
        if sent == DOUBLE and column.total:
            raise _refused(column, "DOUBLE, whose sums are not exact", _cast(column))
        if sent == DOUBLE and column.type is ColumnType.INTEGER:
            raise _refused(column, "DOUBLE, and declared integer", _cast(column))
        if sent == DOUBLE and column.type is ColumnType.DECIMAL and column.scale is None:
            raise _refused(
                column, "DOUBLE, whose digits are not exact", f"Declare its scale, or cast it. {_cast(column)}"
            )


def _cast(column: Column) -> str:
    decimal = f"DECIMAL(38, {10 if column.scale is None else column.scale})"
    to = {ColumnType.INTEGER: "SIGNED", ColumnType.DECIMAL: decimal}.get(column.type, "DOUBLE")
    return f"In the report type's SQL, write CAST(... AS {to}) AS {column.name}."


def _refused(column: Column, what: str, fix: str) -> DataRefused:
    return DataRefused(f"Column {column.name!r} is {what}.", fix)
