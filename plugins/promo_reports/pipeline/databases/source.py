"""The promo database as the pipeline sees it: one read-only snapshot that counts, sums and streams rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import TracebackType
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from promo_reports.domain.report_type import Column, ReportType
from promo_reports.errors import DataRefused, SqlTemplateError
from promo_reports.pipeline.decimals import at_scale, exact_sum
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.expressions import Expressions
from promo_reports.sql.report_query import ReportQuery
from promo_reports.sql.template import Parameters, WindowPredicates

RecordSink = Callable[[bytes], None]


@dataclass(frozen=True)
class Source:
    """Where a promo database is: the Airflow connection's id, and its URL, which is never printed."""

    connection: str
    url: str = field(repr=False)

    @property
    def dialect(self) -> str:
        """The URL's scheme without its driver: `postgresql`, `sqlite`, `mysql` (MariaDB too) ..."""
        scheme = urlsplit(self.url).scheme.partition("+")[0]
        return {"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme)


@dataclass(frozen=True)
class GroupTotals:
    """Rows and exact sums of one value of `totals_by` (the empty text for NULL, or where there is no such column)."""

    rows: int
    sums: Mapping[str, Decimal]


@dataclass(frozen=True)
class SourceTotals:
    """What the database says an export holds, before a row of it is read.

    `cells_changed` are those of each column that has any, None where the database cannot count them. `masked` are the
    cells of each masked column that are not NULL.
    """

    rows: int
    sums: Mapping[str, Decimal]
    groups: Mapping[str, GroupTotals]
    cells_changed: Mapping[str, int] | None
    masked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """A value that the options query of a filter answers: as it is bound again, and as it is written.

    `former` is its text in earlier releases, where that was another one.
    """

    value: object
    text: str
    title: str
    former: str | None = None


class Snapshot(Protocol):
    """One consistent, read-only state of a promo database; queries of one snapshot never disagree (decisions, 7).

    `predicates` are what `window.covers` stands for in it. `taken_at` is never after the snapshot, so
    that a row recorded since then may be counted as late although it was seen, but is never missed.
    """

    predicates: WindowPredicates
    taken_at: datetime

    def __enter__(self) -> Snapshot: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def expressions(self, rows: BoundQuery, report_type: ReportType) -> Expressions:
        """Return the SQL of this database for the columns of a query of rows, which may depend on their types.

        Raises `DataRefused` where the query does not mean what the report type says, before a row is read: a column is
        of another type than is declared, or the window is compared with what is no instant.
        """
        ...

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """Return all rows of a small answer (totals, borders of ranges)."""
        ...

    def options(self, query: BoundQuery) -> list[Option]:
        """Return the result of a filter's options query (value, title), without NULL values."""
        ...

    def text_of(self, column: Column) -> Callable[[object], str]:
        """Return a function from a value of a small answer to the text of its cell, as a CSV reader gives it back."""
        ...

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, transform: CellTransform) -> int:
        """Send each row as one CSV record (PostgreSQL's COPY text, `\\n` ended) and return how many were sent.

        What the sink raises ends the copy and is raised here; it may be called on another thread.
        """
        ...


@runtime_checkable
class SharedSnapshot(Snapshot, Protocol):
    """A snapshot that several connections can read at the same time."""

    def __enter__(self) -> SharedSnapshot: ...

    def beside(self) -> SharedSnapshot:
        """Return the same snapshot on another connection, which must be entered before this one is left."""
        ...

    def beyond_snapshot(self, query: BoundQuery) -> str | None:
        """Return what a query reads outside of the snapshot, in words; None for nothing."""
        ...

    def end(self) -> None:
        """End the wait of another thread."""
        ...


def values_and_titles(answer: list[Sequence[Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield the rows of an options query that have a value, which is its own title where there is none.

    Raises `SqlTemplateError` where the query does not answer two columns.
    """
    for row in answer:
        if len(row) != 2:
            raise SqlTemplateError(f"answers {len(row)} columns", "Select value and title.")
        value, title = row
        if value is not None:
            yield value, value if title is None else title


def changed_setting(connection: str, name: str) -> DataRefused:
    """Return the error of a query that has changed what the rest of it means."""
    return DataRefused(
        f"Connection {connection!r}: a function that the query calls changes the setting {name}.",
        "Call none that does, or have it leave the settings of its session as they are.",
    )


def in_terms_of(snapshot: Snapshot, query: ReportQuery, parameters: Parameters) -> ReportQuery:
    """Return the query as it is asked of the database of a snapshot; `DataRefused` where that refuses its rows."""
    query = replace(query, predicates=snapshot.predicates)
    return replace(query, expressions=snapshot.expressions(query.rows(parameters), query.report_type))


def totals_of(
    answer: list[Sequence[object]],
    columns: Sequence[Column],
    *,
    counted: Sequence[Column] | None,
    masked: Sequence[Column] = (),
    group_text: Callable[[object], str] = str,
) -> SourceTotals:
    """Read the answer of `ReportQuery.totals`, exact at each column's scale.

    `counted` are the columns whose cells to change it has, None where the database cannot count them, `masked` those
    whose cells are masked. `group_text` writes a value of `totals_by` as the file does; NULL and the empty text are one
    group, because a CSV reader cannot tell them apart.
    """
    groups: dict[str, GroupTotals] = {}
    changed = {column.name: 0 for column in counted or ()}
    hidden = {column.name: 0 for column in masked}
    for by, rows, *cells in answer:
        if not int(str(rows)):
            continue
        sums = cells[len(changed) + len(hidden) :]
        _add(changed, cells)
        _add(hidden, cells[len(changed) :])
        exact = {column.name: _total(column, value) for column, value in zip(columns, sums, strict=True)}
        name = "" if by is None else group_text(by)
        group = GroupTotals(int(str(rows)), exact)
        groups[name] = _together([groups[name], group], columns) if name in groups else group
    total = _together(list(groups.values()), columns)
    found = None if counted is None else {each: count for each, count in changed.items() if count}
    return SourceTotals(total.rows, total.sums, groups, found, hidden)


def exact_decimal(value: object, scale: int | None) -> Decimal:
    """Return a database's number as the decimal that is written; a binary float is taken at the column's scale."""
    if value is None:
        return Decimal(0)
    if isinstance(value, float):
        return at_scale(Decimal(repr(value)), scale)
    return Decimal(str(value))


def _add(counts: dict[str, int], cells: Sequence[object]) -> None:
    """Add the first cells of a row of the answer, one for each count."""
    for name, count in zip(counts, cells, strict=False):
        counts[name] += int(str(count))


def _total(column: Column, value: object) -> Decimal:
    if isinstance(value, float):
        raise DataRefused(
            f"Column {column.name!r} holds binary floating-point numbers, whose sums are not exact.",
            f"In the report type's SQL, write CAST(... AS DECIMAL(38, {column.scale or 0})) AS {column.name}.",
        )
    try:
        return exact_decimal(value, column.scale)
    except InvalidOperation:
        raise DataRefused(
            f"Column {column.name!r} holds no number, so it has no total.",
            "Give `total: true` to columns of numbers only.",
        ) from None


def _together(groups: Sequence[GroupTotals], columns: Sequence[Column]) -> GroupTotals:
    return GroupTotals(
        sum(group.rows for group in groups),
        {column.name: exact_sum(group.sums[column.name] for group in groups) for column in columns},
    )
