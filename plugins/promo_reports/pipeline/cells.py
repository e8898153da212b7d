"""Python values as the CSV text that PostgreSQL's COPY would write, so that every database gives the same bytes.

NULL is nothing and the empty text is `""`; decimals are exact; timestamps carry the offset of the report's timezone.
A value that is not of its column's type is refused, never guessed. No message holds a value: they are people's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.exact import at_scale
from promo_reports.sql.report_query import FORMULA_PATTERN

_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_FORMULA = re.compile(FORMULA_PATTERN)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::?00)?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BOOLEANS = {"1": "t", "0": "f", "true": "t", "false": "f", "t": "t", "f": "f"}
_SAME_CALENDAR = 400  # years after which weekdays, leap years and therefore clock changes repeat

Render = Callable[[object], str]


def record_renderer(
    columns: Sequence[Column], zone: ZoneInfo, *, spreadsheet: bool
) -> Callable[[Sequence[object]], bytes]:
    """A function from one row of database values to one CSV record, `\\n` ended; it raises `DataRefused`."""
    renders = [_cell_renderer(column, zone, spreadsheet=spreadsheet) for column in columns]
    alone = len(columns) == 1

    def record(row: Sequence[object]) -> bytes:
        cells = ["" if value is None else render(value) for render, value in zip(renders, row, strict=True)]
        if alone and cells[0] == "\\.":  # on a line of its own it would end the data, so PostgreSQL quotes it
            return b'"\\."\n'
        return (",".join(cells) + "\n").encode()

    return record


def plain_text(column: Column, zone: ZoneInfo) -> Render:
    """A function from a database value to the text of its cell, as a CSV reader gives it back."""
    if column.type is ColumnType.TEXT:
        return lambda value: _as_text(column, value)
    return _cell_renderer(column, zone, spreadsheet=False)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text cell; an escaped cell still matches."""
    return _FORMULA.search(text) is not None


def _cell_renderer(column: Column, zone: ZoneInfo, *, spreadsheet: bool) -> Render:
    if column.type is ColumnType.TEXT:
        return _safe_text(column) if spreadsheet else lambda value: _quoted(_as_text(column, value))
    return {
        ColumnType.INTEGER: lambda value: _integer(column, value),
        ColumnType.DECIMAL: lambda value: _decimal(column, value),
        ColumnType.TIMESTAMP: lambda value: _timestamp(column, value, zone),
        ColumnType.DATE: lambda value: _date(column, value),
        ColumnType.BOOLEAN: lambda value: _boolean(column, value),
    }[column.type]


def _safe_text(column: Column) -> Render:
    def render(value: object) -> str:
        text = _as_text(column, value)
        return _quoted("'" + text if is_formula(text) else text)

    return render


def _as_text(column: Column, value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    text = value if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise DataRefused(
            f"Column {column.name!r} holds a NUL character, which no CSV reader takes.",
            "Remove it in the source or in the report type's SQL.",
        )
    return text


def _quoted(text: str) -> str:
    if not text or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _integer(column: Column, value: object) -> str:
    if isinstance(value, int):
        return str(int(value))
    number = _number(column, value)
    if number != number.to_integral_value():
        raise _refused(column, "no whole number")
    return format(number.to_integral_value(), "f")


def _decimal(column: Column, value: object) -> str:
    number = _number(column, value)
    digits = -int(number.as_tuple().exponent)
    if column.scale is not None and (isinstance(value, float) or digits < column.scale):
        number = at_scale(number, column.scale)
    return format(number if number else abs(number), "f")  # PostgreSQL knows no -0


def _number(column: Column, value: object) -> Decimal:
    try:
        number = (
            value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else str(value))
        )
    except InvalidOperation:
        raise _refused(column, "no number") from None
    if not number.is_finite():
        raise _refused(column, "NaN or Infinity")
    return number


def _date(column: Column, value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    try:
        if _DATE.fullmatch(str(value)):
            return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        pass
    raise _refused(column, "no date", "Write it as YYYY-MM-DD.")


def _boolean(column: Column, value: object) -> str:
    text = _BOOLEANS.get(str(int(value)) if isinstance(value, bool) else str(value).lower())
    if text is None:
        raise _refused(column, "no boolean", "Write it as 1 or 0.")
    return text


def _timestamp(column: Column, value: object, zone: ZoneInfo) -> str:
    """PostgreSQL's ISO output: `2026-11-16 06:00:00.25-05`, offsets without `:00`, naive values taken as UTC."""
    moment = value if isinstance(value, datetime) else _parsed(column, value)
    utc = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    year = ""
    try:
        local = utc.astimezone(zone)
    except OverflowError:  # 9999-12-31, "never", is in the year 10000 east of Greenwich
        if utc.year == 1:
            raise _refused(column, "a time before the year 1") from None
        local = utc.replace(year=utc.year - _SAME_CALENDAR).astimezone(zone)
        year = str(local.year + _SAME_CALENDAR)
    text = local.replace(tzinfo=None).isoformat(" ")
    if local.microsecond:
        text = text.rstrip("0")
    return (year + text[4:] if year else text) + _offset(local)


def _offset(local: datetime) -> str:
    seconds = int(local.utcoffset().total_seconds())  # type: ignore[union-attr]
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = f"{sign}{hours:02d}"
    if minutes or seconds:
        text += f":{minutes:02d}"
    return text + (f":{seconds:02d}" if seconds else "")


def _parsed(column: Column, value: object) -> datetime:
    """A time kept as text, which a window can only compare where all of them are written alike."""
    found = _TIME.fullmatch(str(value))
    if found is not None:
        second, fraction = found.groups()
        try:
            return datetime.fromisoformat(f"{second}.{(fraction or '').ljust(6, '0')}")
        except ValueError:
            pass
    raise _refused(column, "no time", "Write it in UTC as YYYY-MM-DD HH:MM:SS.ffffff.")


def _refused(column: Column, what: str, fix: str = "") -> DataRefused:
    return DataRefused(f"Column {column.name!r} holds {what}.", fix or "Correct the data or the report type's SQL.")
