"""Keyset pagination: a page starts after a row instead of at an offset, so rows added in front shift nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from promo_reports.web.queries.cursors import Cursor
from promo_reports.web.queries.filters import Order

Column = sa.ColumnElement[Any]


@dataclass(frozen=True)
class Scan:
    """The rows of one page: join to `source` on `id`, add `columns` to what is selected, and keep the `order`.

    There is always a row, for the total; where the page is empty, all else in it is NULL.
    """

    source: sa.FromClause
    id: Column
    columns: tuple[Column, ...]
    order: tuple[Column, ...]


@dataclass(frozen=True)
class Keyset:
    """A list's total order: by `key`, which is never NULL, then by the row's unique `id`, both in `order`.

    `by_time` says that the key is a time and not a text, `numbered` that the id is a number and not a text.
    """

    key: Column
    id: Column
    order: Order
    fingerprint: str
    by_time: bool
    numbered: bool

    def cursor(self, text: str | None) -> Cursor | None:
        """Return the cursor in a question; `InvalidCursor` where it is not one of this list."""
        if text is None:
            return None
        return Cursor.of_text(text, self.fingerprint, by_time=self.by_time, numbered=self.numbered)

    def scan(self, source: sa.FromClause, where: Sequence[Column], cursor: Cursor | None, limit: int) -> Scan:
        """Return the rows of one page, and one row more where the list goes on.

        Whatever matches is gathered once, for the page and for the total: to search a name costs more than to keep it.
        """
        matching = (
            sa.select(self.id.label("id"), self.key.label("key")).select_from(source).where(*where).cte("matching")
        )
        place = (matching.c.key, matching.c.id)
        descending = (self.order is Order.DESCENDING) != (cursor is not None and cursor.backwards)
        rows = sa.select(*place).order_by(*_ordered(place, descending)).limit(limit + 1)
        if cursor is not None:
            rows = rows.where(_beyond(place, cursor, descending))
        page = rows.subquery("page")
        counted = sa.select(sa.func.count().label("total")).select_from(matching).subquery("counted")
        return Scan(
            source=counted.outerjoin(page, sa.true()),
            id=page.c.id,
            columns=(page.c.id.label("page_id"), page.c.key.label("page_key"), counted.c.total.label("page_total")),
            order=_ordered((page.c.key, page.c.id), descending),
        )

    def cut(self, rows: Sequence[Any], cursor: Cursor | None, limit: int) -> tuple[list[Any], str | None, str | None]:
        """Return the page's rows in the list's order, and the cursors of the next and the previous page.

        `rows` have the columns of the scan and are in its order.
        """
        backwards = cursor is not None and cursor.backwards
        more = len(rows) > limit
        kept = [row for row in rows[:limit] if row.page_id is not None]
        if backwards:
            kept.reverse()
        if not kept:
            return [], *self._ways_back(cursor)
        forward = self._at(kept[-1], backwards=False) if more or backwards else None
        back = self._at(kept[0], backwards=True) if (more if backwards else cursor is not None) else None
        return kept, forward, back

    def _at(self, row: Any, *, backwards: bool) -> str:
        return Cursor(row.page_key, row.page_id, backwards).to_text(self.fingerprint)

    def _ways_back(self, cursor: Cursor | None) -> tuple[str | None, str | None]:
        """Return an empty page with an inclusive cursor to the row that the cursor was taken from."""
        if cursor is None:
            return None, None
        way = Cursor(cursor.key, cursor.id, not cursor.backwards, inclusive=True).to_text(self.fingerprint)
        return (way, None) if cursor.backwards else (None, way)


def _beyond(place: Sequence[Column], cursor: Cursor, descending: bool) -> Column:
    key, row_id = place
    row = sa.tuple_(key, row_id)
    given = sa.tuple_(sa.literal(cursor.key, key.type), sa.literal(cursor.id, row_id.type))
    if cursor.inclusive:
        return row <= given if descending else row >= given
    return row < given if descending else row > given


def _ordered(columns: Sequence[Column], descending: bool) -> tuple[Column, ...]:
    return tuple(column.desc() if descending else column.asc() for column in columns)
