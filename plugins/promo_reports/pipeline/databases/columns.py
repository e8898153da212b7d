"""CSV records of some rows at a time, made column by column from Python values.

What all values of a column have in common is asked once, of their joined text, so that most cells are not looked at one
by one. A column for which the answer is no goes value by value through `cells`, which writes the same and refuses what
is not of its type. Texts are `str`, or UTF-8 as `bytes` where a driver gives what it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, AnyStr, Generic, cast
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.databases.cells import Render, cell_renderer
from promo_reports.pipeline.databases.local_times import Kept, LocalTimes
from promo_reports.sql.cell_policies.transform import CellTransform

ROWS_AT_A_TIME = 200
"""Rows that are fetched and rendered together; more would be slower: Python's garbage collector looks at each."""
Row = Sequence[Any]
Records = Callable[[Sequence[Row]], list[bytes]]
Fetch = Callable[[int], Sequence[Row]]
"""Returns so many of the next rows of an answer, none at its end."""

_FIRST_ROWS = 10
_BYTES_AT_A_TIME = 1 << 22
_Cells = Sequence[str]

_STRINGS = frozenset({str})
_INTEGERS = frozenset({int, type(None)})
_NUMBERS = frozenset({int, float, type(None)})
_EQUAL_WHERE_WRITTEN_ALIKE = (str, int, bool, date)  # Decimal and datetime are not
_MOST_DIGITS = 15  # that a binary floating-point number gives back as they were written
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_QUOTED_TEXT = re.compile(r'[",\n\r]')
_QUOTED_BYTES = re.compile(rb'[",\n\r]')
_LEADING_ZERO = re.compile(rb",-?0[0-9]")
_NO_SECOND = re.compile(rb":[6-9]")
_MINUTE, _SECOND = LocalTimes.MINUTE, len("YYYY-MM-DD HH:MM:SS")
_FRACTIONS = (b".000000\n", b".000\n")


class TextCells(Generic[AnyStr]):
    """The cells of columns whose values come as texts: `STRINGS` of `str`, `BYTES` of bytes."""

    def __init__(self, special: AnyStr, pattern: re.Pattern[AnyStr], zero: AnyStr, point: AnyStr) -> None:
        self._quote: AnyStr = special[:1]
        self._none: AnyStr = special[:0]
        self._empty: dict[AnyStr, AnyStr] = {self._none: self._quote * 2}
        # Of bytes these are integers, which are found several times as fast in bytes as bytes are.
        self._special: list[Any] = [*special]
        self._nul = self._special.pop()
        self._search: Callable[[AnyStr], object] = pattern.search
        self._zero: AnyStr = zero
        self._point: AnyStr = point

    def written(self, values: Sequence[AnyStr | None]) -> Sequence[AnyStr] | None:
        """Return the cells of texts as COPY writes them; None where a value is no such text, or holds a NUL."""
        none, empty, quote, doubled = self._none, self._empty, self._quote, self._quote * 2
        try:
            joined: Any = none.join(filter(None, values))
            if self._nul in joined:
                return None
            found = [each for each in self._special if each in joined]
            if not found:
                if all(values):
                    return cast("Sequence[AnyStr]", values)
                return [none if each is None else each or empty[each] for each in values]
            has_quotes = self._special[0] in found
            if len(found) > 2:
                quoted: Sequence[object] = [each and self._search(each) for each in values]
            elif len(found) == 2:
                one, other = found
                quoted = [each and (one in each or other in each) for each in values]
            else:
                quoted = [each and found[0] in each for each in values]
            return [
                quote.join((none, each.replace(quote, doubled) if has_quotes else each, none))
                if is_quoted and each
                else none
                if each is None
                else each or empty[each]
                for each, is_quoted in zip(values, quoted, strict=True)
            ]
        except (TypeError, KeyError):
            return None

    def changed(
        self, values: Sequence[AnyStr | None], beginnings: frozenset[AnyStr], change: Callable[[AnyStr], AnyStr]
    ) -> Sequence[AnyStr] | None:
        """Return the cells of texts that are changed where they begin with one of these; None as `written` does."""
        try:
            if not beginnings.isdisjoint(map(_FIRST, filter(None, values))):
                values = [change(each) if each and each[:1] in beginnings else each for each in values]
        except TypeError:
            return None
        return self.written(values)

    def local(
        self, values: Sequence[AnyStr | None], minutes: Mapping[AnyStr, tuple[AnyStr, AnyStr] | None]
    ) -> Sequence[AnyStr] | None:
        """Return the local times of `YYYY-MM-DD HH:MM:SS`, with or without a fraction; None where one needs a look."""
        none, zero, point = self._none, self._zero, self._point
        try:
            return [
                none
                if each is None
                else (local := minutes[each[:_MINUTE]])[0]  # type: ignore[index]
                + (each[_MINUTE:] if len(each) == _SECOND else each[_MINUTE:].rstrip(zero).rstrip(point))
                + local[1]  # type: ignore[index]
                for each in values
            ]
        except (TypeError, ValueError, OverflowError):
            return None


_FIRST = itemgetter(slice(0, 1))
STRINGS = TextCells('",\n\r\0', _QUOTED_TEXT, "0", ".")
BYTES = TextCells(b'",\n\r\0', _QUOTED_BYTES, b"0", b".")


def are_decimals(numbers: Sequence[bytes], scale: int) -> bool:
    """Return whether each is a number as PostgreSQL writes it, with `scale` digits behind a point, and none is -0."""
    text = b",%b," % b",".join(numbers)
    shape = text.translate(_DIGITS)
    fraction = b".%b," % (b"0" * scale)
    return (
        scale > 0
        and shape.count(b",") == len(numbers) + 1
        and shape.count(b".") == len(numbers) == shape.count(b"0" + fraction)
        and shape.count(b"-") == shape.count(b",-0")
        and not shape.translate(None, b"0.,-")
        and b"-0" + fraction not in text
        and not _LEADING_ZERO.search(text)
    )


def batches(fetch: Fetch, records: Records) -> Generator[list[bytes], None, None]:
    """Yield the records of all rows, `ROWS_AT_A_TIME` together, fewer where those before were long.

    Memory is that of some MiB where rows are alike; at most `ROWS_AT_A_TIME` long ones may follow short ones at once.
    """
    rows_at_a_time = _FIRST_ROWS
    while rows := fetch(rows_at_a_time):
        made = records(rows)
        rows_at_a_time = max(1, min(ROWS_AT_A_TIME, 2 * len(rows), _BYTES_AT_A_TIME // max(map(len, made))))
        del rows
        yield made


def record_renderer(columns: Sequence[Column], zone: ZoneInfo, *, transform: CellTransform) -> Records:
    """Return a function from rows of database values to their CSV records, `\\n` ended; it raises `DataRefused`."""
    times = LocalTimes(zone)
    renders = [_column_renderer(column, times, transform=transform) for column in columns]

    def records(rows: Sequence[Row]) -> list[bytes]:
        cells = [render(values) for render, values in zip(renders, zip(*rows, strict=True), strict=True)]
        if len(cells) == 1:
            cells = [['"\\."' if cell == "\\." else cell for cell in cells[0]]]  # alone on a line it would end the data
        return [f"{','.join(row)}\n".encode() for row in zip(*cells, strict=True)]

    return records


def _column_renderer(column: Column, times: LocalTimes, *, transform: CellTransform) -> Callable[[Row], _Cells]:
    render = cell_renderer(column, times, transform=transform)
    beginnings = transform.beginnings or frozenset()

    def each(values: Row) -> _Cells:
        return ["" if value is None else render(value) for value in values]

    def texts(values: Row) -> _Cells:
        return STRINGS.written(values) or each(values)

    def changed_texts(values: Row) -> _Cells:
        return STRINGS.changed(values, beginnings, transform.written) or each(values)

    def integers(values: Row) -> _Cells:
        if not _INTEGERS.issuperset(map(type, values)):
            return each(values)
        return ["" if value is None else str(value) for value in values]

    def decimals(values: Row) -> _Cells:
        return _decimals(values, column.scale or 0) or each(values)

    def timestamps(values: Row) -> _Cells:
        return (_are_times(values) and STRINGS.local(values, times.minutes)) or each(values)

    if column.type is ColumnType.TEXT:
        return texts if not transform.changes(column) else changed_texts if beginnings else each
    if column.type is ColumnType.INTEGER:
        return integers
    if column.type is ColumnType.DECIMAL:
        return decimals if column.scale is not None else each
    return timestamps if column.type is ColumnType.TIMESTAMP else _of_few_values(render)


def _of_few_values(render: Render) -> Callable[[Row], _Cells]:
    """Return what `render` makes of the values of a column, of which most come again and again."""
    kept: dict[type, Kept[Any, str]] = {kind: Kept(render) for kind in _EQUAL_WHERE_WRITTEN_ALIKE}

    def cell(value: object) -> str:
        known = kept.get(type(value))
        return render(value) if known is None else known[value]

    return lambda values: ["" if value is None else cell(value) for value in values]


def _decimals(values: Row, scale: int) -> _Cells | None:
    """Return the cells of numbers that have no more than `scale` digits behind the point; None where one has.

    A floating-point number that is the nearest one to so few digits is written with them.
    """
    if _NUMBERS.issuperset(map(type, values)):
        unit = 10**scale
        most = 10**_MOST_DIGITS // unit
        if [
            value
            for value in values
            if value is not None and not (-most < value < most and round(value * unit) / unit == value)
        ]:
            return None
        form = f".{scale}f"
        return ["" if value is None else format(value or 0, form) for value in values]  # PostgreSQL knows no -0
    try:
        if not are_decimals([value.encode() for value in values if value is not None], scale):
            return None
    except AttributeError:
        return None
    return ["" if value is None else value for value in values]


def _are_times(values: Row) -> bool:
    """Return whether all are texts of UTC, `YYYY-MM-DD HH:MM:SS`, some with 3 or 6 digits of a fraction, and no Z.

    That a calendar has the day, and the day the hour and minute, is not looked at.
    """
    times = [value for value in values if value is not None]
    try:
        text = "".join([f"{value}\n" for value in times]).encode() if _STRINGS.issuperset(map(type, times)) else b"-"
    except UnicodeEncodeError:
        return False
    shape = text.translate(_DIGITS)
    one_point_each = shape.count(b".") == shape.count(b":00.")
    for fraction in _FRACTIONS:
        shape = shape.replace(fraction, b"\n")
    return (
        one_point_each
        and shape == b"0000-00-00 00:00:00\n" * len(times)
        and not _NO_SECOND.search(text)
        and b" 24:" not in text
    )
