"""Counts of the second reading: rows, exact sums of each group, and changed cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import numpy as np

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import GroupTotals
from promo_reports.pipeline.decimals import EXACT
from promo_reports.pipeline.formats.cell_index import CellIndex, Unusual
from promo_reports.sql.cell_policies.transform import CellTransform

# What PostgreSQL writes for numbers and times that are none.
_NO_VALUES = {
    ColumnType.DECIMAL: frozenset({"NaN", "Infinity", "-Infinity"}),
    ColumnType.TIMESTAMP: frozenset({"infinity", "-infinity"}),
    ColumnType.DATE: frozenset({"infinity", "-infinity"}),
}


@dataclass
class _Group:
    """Rows and sums so far; the sums stand in the order of the report type's totals."""

    sums: list[Decimal]
    rows: int = 0


@dataclass
class Tally:
    """Counts and sums the rows of an artifact, knowing the columns by their place.

    `rows` are those of the present part, `first` and `last` its outermost cells of the window column; None where there
    are no rows or is no such column.
    """

    report_type: ReportType
    transform: CellTransform
    rows: int = 0
    cells_changed: int = 0
    first: str | None = None
    last: str | None = None
    _before: list[str] = field(default_factory=list)
    _groups: dict[str, _Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = self.report_type.columns
        self.names = [column.name for column in columns]
        self._totals = [self.names.index(column.name) for column in self.report_type.totals]
        self._by = self._place(self.report_type.totals_by)
        self._order = [self.names.index(name) for name in self.report_type.order]
        self._time = self._place(self.report_type.window_column)
        self._changed = [i for i, c in enumerate(columns) if self.transform.changes(c)]
        self._measures = [(i, _NO_VALUES[c.type]) for i, c in enumerate(columns) if c.type in _NO_VALUES]

    def begin_part(self) -> None:
        """Count the rows of another part; groups and changed cells go on."""
        self.rows, self.first, self.last = 0, None, None

    def add(self, row: Sequence[str]) -> None:
        """Count one row of cells; `DataRefused` where a cell is none that a file may carry, or its order is none."""
        order = [row[place] for place in self._order]
        if order and order == self._before:
            raise _not_in_order(self.report_type)
        self._before = order
        group = self._group("" if self._by is None else self._unescaped(row[self._by]))
        group.rows += 1
        for place, no_values in self._measures:
            if row[place] in no_values:
                raise _no_value(self.report_type.columns[place], row[place])
        for i, place in enumerate(self._totals):
            if row[place]:
                try:
                    group.sums[i] = EXACT.add(group.sums[i], Decimal(row[place]))
                except InvalidOperation:
                    raise DataRefused(f"Column {self.names[place]!r} holds text that is no number.") from None
        for place in self._changed:
            self.cells_changed += self.transform.is_changed(row[place])
        time = None if self._time is None else row[self._time]
        self._seen(1, time, time)

    def add_all(self, cells: CellIndex) -> None:
        """Count all rows of a block; `Unusual` before any of them is counted."""
        cells.check_values([place for place, _ in self._measures])
        order = [cells.cell(0, place) for place in self._order]
        if order and (order == self._before or cells.repeats(self._order)):
            raise Unusual
        names, which = ([""], np.zeros(len(cells), np.int64)) if self._by is None else cells.groups(self._by)
        sums = [list(cells.sums(place, which)) for place in self._totals]
        groups = [self._group(self._unescaped(name)) for name in names]
        for group, rows in zip(groups, np.bincount(which), strict=True):
            group.rows += int(rows)
        for i, of_column in enumerate(sums):
            for number, whole, digits in of_column:
                exact = Decimal(whole).scaleb(-digits, EXACT)
                groups[number].sums[i] = EXACT.add(groups[number].sums[i], exact)
        for place in self._changed:
            self.cells_changed += self.transform.count(cells, place)
        self._before = [cells.cell(-1, place) for place in self._order]
        time = self._time
        self._seen(len(cells), *((None, None) if time is None else (cells.cell(0, time), cells.cell(-1, time))))

    def groups(self) -> dict[str, GroupTotals]:
        """Return rows and sums of each group."""
        names = [self.names[place] for place in self._totals]
        return {
            by: GroupTotals(group.rows, dict(zip(names, group.sums, strict=True))) for by, group in self._groups.items()
        }

    def _seen(self, rows: int, first: str | None, last: str | None) -> None:
        if self.rows == 0:
            self.first = first
        self.last = last
        self.rows += rows

    def _group(self, by: str) -> _Group:
        found = self._groups.get(by)
        if found is None:
            found = self._groups[by] = _Group([Decimal(0)] * len(self._totals))
        return found

    def _place(self, name: str | None) -> int | None:
        return None if name is None else self.names.index(name)

    def _unescaped(self, cell: str) -> str:
        return self.transform.original(cell) if self._by in self._changed else cell


def _not_in_order(report_type: ReportType) -> DataRefused:
    return DataRefused(
        f"is equal to the row before it in {', '.join(report_type.order)}, so that the order of report type "
        f"{report_type.id!r} leaves open which of them comes first.",
        "Add columns to `order` and to the ORDER BY of its SQL until no two rows are equal in all of them, or remove "
        "the join that repeats rows.",
    )


def _no_value(column: Column, text: str) -> DataRefused:
    if column.type is ColumnType.DECIMAL:
        return DataRefused(f"column {column.name!r} holds {text}, which is no number.", "Correct it, or leave it out.")
    return DataRefused(
        f"column {column.name!r} holds {text}, which is no time.",
        f"Export it as NULL: NULLIF(t.{column.name}, '{text}') in the report type's SQL.",
    )
