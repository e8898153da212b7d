"""Python values as the CSV text that PostgreSQL's COPY would write, so that every database gives the same bytes.

NULL is nothing and the empty text is `""`; decimals are exact; timestamps carry the offset of the report's timezone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.sql.report_query import FORMULA_PATTERN

_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_FORMULA = re.compile(FORMULA_PATTERN)

Render = Callable[[object], str]


def record_renderer(
    columns: Sequence[Column], zone: ZoneInfo, *, spreadsheet: bool
) -> Callable[[Sequence[object]], bytes]:
    """A function from one row of database values to one CSV record, `\\n` ended."""
    renders = [_cell_renderer(column, zone, spreadsheet=spreadsheet) for column in columns]

    def record(row: Sequence[object]) -> bytes:
        cells = ["" if value is None else render(value) for render, value in zip(renders, row, strict=True)]
        return (",".join(cells) + "\n").encode()

    return record


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text cell."""
    return _FORMULA.search(text) is not None


def _cell_renderer(column: Column, zone: ZoneInfo, *, spreadsheet: bool) -> Render:
    if column.type is ColumnType.TEXT:
        return _escaped_text(column) if spreadsheet else _text(column)
    if column.type is ColumnType.TIMESTAMP:
        return lambda value: _timestamp(column, value, zone)
    return {
        ColumnType.INTEGER: lambda value: str(int(str(value))),
        ColumnType.DECIMAL: lambda value: _decimal(column, value),
        ColumnType.DATE: lambda value: value.isoformat() if isinstance(value, date) else str(value),
        ColumnType.BOOLEAN: lambda value: "t" if value else "f",
    }[column.type]


def _text(column: Column) -> Render:
    def render(value: object) -> str:
        text = value if isinstance(value, str) else str(value)
        if "\x00" in text:
            raise DataRefused(
                f"Column {column.name!r} holds a NUL character, which no CSV reader takes.",
                "Remove it in the source or in the report type's SQL.",
            )
        if not text or text == "\\." or _NEEDS_QUOTES.search(text):
            return '"' + text.replace('"', '""') + '"'
        return text

    return render


def _escaped_text(column: Column) -> Render:
    render = _text(column)
    return lambda value: render("'" + str(value) if is_formula(str(value)) else value)


def _decimal(column: Column, value: object) -> str:
    try:
        number = (
            value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else str(value))
        )
    except InvalidOperation:
        raise DataRefused(f"Column {column.name!r} holds {value!r}, which is no number.") from None
    if column.scale is not None and number.is_finite():
        number = number.quantize(Decimal(1).scaleb(-column.scale))
    return format(number, "f")


def _timestamp(column: Column, value: object, zone: ZoneInfo) -> str:
    """PostgreSQL's ISO output: `2026-11-16 06:00:00.25-05`, offsets without `:00`, naive values taken as UTC."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise DataRefused(f"Column {column.name!r} holds {value!r}, which is no time.") from None
    local = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(zone)
    text = f"{local:%Y-%m-%d %H:%M:%S}"
    if local.microsecond:
        text += f".{local.microsecond:06d}".rstrip("0")
    seconds = int(local.utcoffset().total_seconds())  # type: ignore[union-attr]
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    text += f"{sign}{hours:02d}"
    if minutes or seconds:
        text += f":{minutes:02d}"
    return text + (f":{seconds:02d}" if seconds else "")
