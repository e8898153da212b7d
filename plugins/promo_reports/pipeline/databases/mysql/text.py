"""Rows of MySQL and MariaDB as they travel: as text, most of which is a CSV cell already.

A column whose text is what PostgreSQL's COPY would write passes as it came, and no Python value is made of it. Any
other goes value by value through `cells`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.databases.cells import cell_renderer
from promo_reports.pipeline.databases.columns import BYTES, Records, Row, are_decimals, batches
from promo_reports.pipeline.databases.local_times import Kept, LocalTimes
from promo_reports.pipeline.databases.mysql.column_types import (
    BIT,
    DECIMAL,
    DOUBLE,
    EXACT,
    INTEGERS,
    NUMBERS,
    STRINGS,
    TIMES,
    refuse_types,
)
from promo_reports.sql.cell_policies.transform import CellTransform

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BINARY = 63  # the character set of bytes that are no text
_ZEROFILL = 64  # a flag of columns whose numbers, of any type, begin with zeros

Values = Sequence["bytes | None"]
Cells = Sequence[bytes]
Minutes = Mapping[bytes, "tuple[bytes, bytes] | None"]


def sent_records(
    connection: Connection,
    text: str,
    values: Mapping[str, object],
    columns: Sequence[Column],
    zone: ZoneInfo,
    *,
    transform: CellTransform,
) -> Generator[list[bytes], None, None]:
    """Yield the CSV records of a query's rows in batches, from what MySQL Connector/Python's raw cursor gives.

    SQLAlchemy has no streaming cursor for this driver. Errors of the driver are raised as SQLAlchemy's, and
    `DataRefused` for what no file may carry.
    """
    with _raw_cursor(connection) as cursor:
        cursor.execute(text, values)
        records = record_renderer(cursor.description, columns, zone, transform=transform)
        yield from batches(cursor.fetchmany, records)


def sent_rows(connection: Connection, text: str, values: Mapping[str, object]) -> list[Sequence[object]]:
    """Return all rows of a query: texts as they were sent, floats for FLOAT and DOUBLE, bytes for what is no text."""
    with _raw_cursor(connection) as cursor:
        cursor.execute(text, values)
        sent = [_Sent(each) for each in cursor.description]
        return [
            tuple(None if value is None else each.value(value) for each, value in zip(sent, row, strict=True))
            for row in cursor.fetchall()
        ]


@contextlib.contextmanager
def _raw_cursor(connection: Connection) -> Generator[Any, None, None]:
    import sqlalchemy

    dialect = connection.dialect
    driver = dialect.loaded_dbapi
    try:
        cursor: Any = connection.connection.cursor(raw=True)
        yield cursor
        cursor.close()
    except driver.Error as error:
        lost = dialect.is_disconnect(error, None, None)
        raise sqlalchemy.exc.DBAPIError.instance(
            None, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        ) from None


def record_renderer(
    description: Sequence[Sequence[Any]], columns: Sequence[Column], zone: ZoneInfo, *, transform: CellTransform
) -> Records:
    """Return a function from rows of a raw cursor of that description to CSV records; it raises `DataRefused`."""
    refuse_types(description, columns)
    times = LocalTimes(zone)
    minutes = _minutes_of(times)
    renders = [
        _column_renderer(_Sent(each), column, times, minutes, transform=transform)
        for each, column in zip(description, columns, strict=True)
    ]

    def records(rows: Sequence[Row]) -> list[bytes]:
        cells = [render(values) for render, values in zip(renders, zip(*rows, strict=True), strict=True)]
        if len(cells) == 1:
            cells = [[b'"\\."' if cell == b"\\." else cell for cell in cells[0]]]  # it would end the data
        return [b",".join(row) + b"\n" for row in zip(*cells, strict=True)]

    return records


class _Sent:
    """How a column is sent."""

    def __init__(self, described: Sequence[Any]) -> None:
        self.type, flags, charset = described[1], described[7], described[8]
        self.binary = charset == _BINARY and self.type in STRINGS
        self.integer = self.type in INTEGERS and not flags & _ZEROFILL
        self.decimal = self.type == DECIMAL and not flags & _ZEROFILL

    def value(self, sent: bytes) -> object:
        """Return what `cells` takes."""
        if self.type == BIT:
            return int.from_bytes(sent, "big")
        if self.binary:
            return bytes(sent)
        return float(sent) if self.type == DOUBLE else sent.decode()


def _column_renderer(
    sent: _Sent, column: Column, times: LocalTimes, minutes: Minutes, *, transform: CellTransform
) -> Callable[[Values], Cells]:
    render = cell_renderer(column, times, transform=transform)
    beginnings = frozenset(letter.encode()[:1] for letter in transform.beginnings or ())
    scale = column.scale or 0

    def one(value: bytes) -> bytes:
        if column.type in NUMBERS and sent.type in EXACT:
            return render(Decimal(value.decode())).encode()
        return render(sent.value(value)).encode()

    kept = Kept(one)

    def each(values: Values) -> Cells:
        return [b"" if value is None else one(value) for value in values]

    def texts(values: Values) -> Cells:
        return BYTES.written(values) or each(values)

    def changed(text: bytes) -> bytes:
        return transform.written(text.decode()).encode()

    def changed_texts(values: Values) -> Cells:
        return BYTES.changed(values, beginnings, changed) or each(values)

    def as_sent(values: Values) -> Cells:
        return [b"" if value is None else value for value in values]

    def decimals(values: Values) -> Cells:
        return as_sent(values) if are_decimals([*filter(None, values)], scale) else each(values)

    def timestamps(values: Values) -> Cells:
        return BYTES.local(values, minutes) or each(values)

    def of_few_values(values: Values) -> Cells:
        return [b"" if value is None else kept[value] for value in values]

    if column.type is ColumnType.TEXT and not (sent.binary or sent.type == BIT):
        return texts if not transform.changes(column) else changed_texts if beginnings else each
    if column.type is ColumnType.INTEGER and sent.integer:
        return as_sent
    if column.type is ColumnType.DECIMAL and sent.decimal:
        return decimals
    if column.type is ColumnType.TIMESTAMP and sent.type in TIMES:
        return timestamps
    return of_few_values if column.type in (ColumnType.DATE, ColumnType.BOOLEAN) else each


def _minutes_of(times: LocalTimes) -> Minutes:
    """`LocalTimes.minutes` in bytes."""

    def minute(utc: bytes) -> tuple[bytes, bytes] | None:
        found = times.minute(utc.decode())
        return None if found is None else (found[0].encode(), found[1].encode())

    return Kept(minute)
