"""Python values as the CSV text that PostgreSQL's COPY would write, so that every database gives the same bytes.

NULL is nothing and the empty text is `""`; decimals are exact; timestamps carry the offset of the report's timezone.
A value that is not of its column's type is refused, never guessed. No message holds a value: they are people's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from math import isfinite, ulp
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.local_times import LocalTimes
from promo_reports.pipeline.decimals import at_scale
from promo_reports.sql.cell_policies.transform import UNCHANGED, CellTransform

_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::?00)?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BOOLEANS = {"1": "t", "0": "f", "true": "t", "false": "f", "t": "t", "f": "f"}

Render = Callable[[object], str]


def plain_text(column: Column, zone: ZoneInfo) -> Render:
    """Return a function from a database value to the text of its cell, as a CSV reader gives it back."""
    if column.type is ColumnType.TEXT:
        return lambda value: _as_text(column, value)
    return cell_renderer(column, LocalTimes(zone), transform=UNCHANGED)


def utc_text(value: object) -> str | None:
    """Return a UTC time as text that sorts by time, without offset and trailing zeros; None for no time."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or not _is_day(found[1][:10]):
        return None
    fraction = (found[2] or "").rstrip("0")
    return f"{found[1]}.{fraction}" if fraction else found[1]


@lru_cache(maxsize=10_000)
def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_number(text: str) -> bool:
    """Return whether a text is written as PostgreSQL writes a number: `+5`, `1e5` and ` 5` are none."""
    return _NUMBER.fullmatch(text) is not None


def cell_renderer(column: Column, times: LocalTimes, *, transform: CellTransform) -> Render:
    """Return a function from one database value to its CSV cell; never called with None, which is the empty cell."""
    if column.type is ColumnType.TEXT:
        if transform.changes(column):
            return lambda value: _quoted(transform.written(_as_text(column, value)))
        return lambda value: _quoted(_as_text(column, value))
    return {
        ColumnType.INTEGER: lambda value: _integer(column, value),
        ColumnType.DECIMAL: lambda value: _decimal(column, value),
        ColumnType.TIMESTAMP: lambda value: _timestamp(column, value, times),
        ColumnType.DATE: lambda value: _date(column, value),
        ColumnType.BOOLEAN: lambda value: _boolean(column, value),
    }[column.type]


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
    if isinstance(value, str):
        raise _not_declared(column, "text", "INTEGER")
    _check_exact(column, value, 0)
    if number != number.to_integral_value():
        raise _not_declared(column, "no whole number", "INTEGER")
    return format(number.to_integral_value(), "f")


def _decimal(column: Column, value: object) -> str:
    if column.total:
        _check_exact(column, value, column.scale or 0)
    text = str(value)
    found = _NUMBER.fullmatch(text)
    if found is not None and (text[0] != "-" or text.strip("-0.")):
        lacking = (column.scale or 0) - len(found[1] or "")
        if lacking == 0 or (lacking < 0 and (column.scale is None or not isinstance(value, float))):
            return text
    number = _number(column, value)
    digits = -int(number.as_tuple().exponent)
    if column.scale is not None and (isinstance(value, float) or digits < column.scale):
        number = at_scale(number, column.scale)
    return format(number if number else abs(number), "f")  # PostgreSQL knows no -0


def _number(column: Column, value: object) -> Decimal:
    """Return a number, or a text that is one: a database without exact decimals keeps them as text."""
    known = is_number(value) if isinstance(value, str) else isinstance(value, int | float | Decimal)
    if not known or isinstance(value, bool):
        raise _not_declared(column, "no number", "INTEGER" if column.type is ColumnType.INTEGER else "NUMERIC")
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise _refused(column, "NaN or Infinity")
    return number


def _check_exact(column: Column, value: object, scale: int) -> None:
    """Refuse a binary floating-point number whose neighbours are further away than the last digit at the scale."""
    if isinstance(value, float) and isfinite(value) and ulp(value) * 10**scale > 1:
        raise DataRefused(
            f"Column {column.name!r} holds a floating-point number that is too large for an exact sum.",
            "Store its numbers as integers (hundredths, as an example), or add up fewer of them.",
        )


def _date(column: Column, value: object) -> str:
    if isinstance(value, datetime):
        if value.time() != time():
            raise _not_declared(column, "a time of the day, too", "DATE")
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


def _timestamp(column: Column, value: object, times: LocalTimes) -> str:
    """Return the local time with its offset; naive times are UTC. Texts must all have one form."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        text = utc.isoformat(" ")
    else:
        text = str(value)
    found = _TIME.fullmatch(text)
    if found is None:
        raise _no_time(column)
    fraction = (found[2] or "").rstrip("0")
    try:
        local = times.minutes[text[: LocalTimes.MINUTE]]
        if local is None:
            return times.text(datetime.fromisoformat(f"{found[1]}.{fraction.ljust(6, '0')}"))
    except OverflowError:
        raise _refused(column, "a time before the year 1") from None
    except ValueError:
        raise _no_time(column) from None
    minute, offset = local
    return f"{minute}{text[16:19]}{'.' if fraction else ''}{fraction}{offset}"


def _no_time(column: Column) -> DataRefused:
    return _refused(column, "no time", "Write it in UTC as YYYY-MM-DD HH:MM:SS.ffffff.")


def _not_declared(column: Column, what: str, to: str) -> DataRefused:
    return DataRefused(
        f"Column {column.name!r} holds {what}, and is declared {column.type}.",
        f"Correct the data, or write CAST(... AS {to}) AS {column.name} in the report type's SQL, "
        f"of an expression in which every value can be cast.",
    )


def _refused(column: Column, what: str, fix: str = "") -> DataRefused:
    return DataRefused(f"Column {column.name!r} holds {what}.", fix or "Correct the data or the report type's SQL.")
