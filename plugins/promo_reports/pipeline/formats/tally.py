"""Counts of the second reading: rows, exact sums of each group, and changed cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from promo_reports.domain.report_type import ColumnType, ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import GroupTotals
from promo_reports.pipeline.decimals import EXACT
from promo_reports.sql.cell_policies.masking import masking_of
from promo_reports.sql.cell_policies.transform import CellTransform

if TYPE_CHECKING:
    from promo_reports.pipeline.formats.parsed_block import Groups, ParsedBlock

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
    are no rows or is no such column. `masked` are the cells of each masked column that have the form of its mask.
    `others` are policies whose files may be made of this one: `due` counts the cells that they would change.
    """

    report_type: ReportType
    transform: CellTransform
    others: tuple[CellTransform, ...] = ()
    rows: int = 0
    cells_changed: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    due: dict[str, dict[str, int]] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    _part: str = ""
    _before: list[str | None] = field(default_factory=list)
    _groups: dict[str, _Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = self.report_type.columns
        self.names = [column.name for column in columns]
        self._totals = [self.names.index(column.name) for column in self.report_type.totals]
        self._by = self._place(self.report_type.totals_by)
        self._order = [self.names.index(name) for name in self.report_type.order]
        self._time = self._place(self.report_type.window_column)
        self._changed = [i for i, c in enumerate(columns) if self.transform.changes(c)]
        self._masks = [(i, masking_of(c.mask)) for i, c in enumerate(columns) if c.mask is not None]
        self.masked = {self.names[place]: 0 for place, _ in self._masks}
        self.due = {other.policy.key: {} for other in self.others}
        self._due = [(other, i) for other in self.others for i, c in enumerate(columns) if other.changes(c)]
        self._measures = [(i, _NO_VALUES[c.type]) for i, c in enumerate(columns) if c.type in _NO_VALUES]
        single = [place for place in (self._by, self._time) if place is not None]
        looked_at = [place for _, place in self._due] + [place for place, _ in (*self._measures, *self._masks)]
        self.needed = sorted({*self._totals, *single, *self._order, *self._changed, *looked_at})

    def begin_part(self, name: str) -> None:
        """Count the rows of another part; groups and changed cells go on."""
        self._part, self.rows, self.first, self.last = name, 0, None, None

    def add(self, row: Sequence[str]) -> None:
        """Count one row of cells; `DataRefused` where a cell is none that a file may carry, or its order is none."""
        order: list[str | None] = [row[place] for place in self._order]
        if order and order == self._before:
            raise self._not_in_order(0)
        self._before = order
        for place, no_values in self._measures:
            if row[place] in no_values:
                raise self._no_value(0, place, row[place])
        group = self._group("" if self._by is None else self._unescaped(row[self._by]))
        group.rows += 1
        for i, place in enumerate(self._totals):
            group.sums[i] = EXACT.add(group.sums[i], self._number(0, place, row[place]))
        for place in self._changed:
            self._note(self.cells_changed, place, int(self.transform.is_changed(row[place])))
        for other, place in self._due:
            self._note(self.due[other.policy.key], place, int(other.is_changed(row[place])))
        for place, masking in self._masks:
            self.masked[self.names[place]] += masking.is_masked(row[place])
        time = None if self._time is None else row[self._time]
        self._seen(1, time, time)

    def add_all(self, block: ParsedBlock) -> None:
        """Count all rows of a block, which are at least one; `DataRefused` as for a row."""
        self._check_order(block)
        for place, no_values in self._measures:
            if (row := block.row_with(no_values, place)) is not None:
                raise self._no_value(row, place, block.cell(row, place) or "")
        groups = block.groups(self._by)
        found = [self._group(self._unescaped(name)) for name in groups.names]
        for group, rows in zip(found, groups.rows, strict=True):
            group.rows += rows
        for i, place in enumerate(self._totals):
            for group, total in zip(found, self._sums(block, place, groups), strict=True):
                group.sums[i] = EXACT.add(group.sums[i], total)
        for place in self._changed:
            self._note(self.cells_changed, place, self.transform.count(block, place))
        for other, place in self._due:
            self._note(self.due[other.policy.key], place, other.count(block, place))
        for place, masking in self._masks:
            self.masked[self.names[place]] += sum(map(masking.is_masked, block.texts(place)))
        self._seen(len(block), *(self._time_of(block, row) for row in (0, len(block) - 1)))

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

    def _note(self, counts: dict[str, int], place: int, cells: int) -> None:
        if cells:
            name = self.names[place]
            counts[name] = counts.get(name, 0) + cells

    def _check_order(self, block: ParsedBlock) -> None:
        if not self._order:
            return
        if [block.cell(0, place) for place in self._order] == self._before:
            raise self._not_in_order(0)
        if (row := block.repeated(self._order)) is not None:
            raise self._not_in_order(row)
        self._before = [block.cell(len(block) - 1, place) for place in self._order]

    def _sums(self, block: ParsedBlock, place: int, groups: Groups) -> list[Decimal]:
        """Return the sum of each group; numbers that Arrow does not take are added up one by one."""
        if (found := block.sums(place, groups)) is not None:
            return found
        sums = [Decimal(0)] * len(groups.names)
        for row, (group, cell) in enumerate(zip(groups.of_row.tolist(), block.texts(place), strict=True)):
            sums[group] = EXACT.add(sums[group], self._number(row, place, cell))
        return sums

    def _number(self, row: int, place: int, cell: str) -> Decimal:
        try:
            number = Decimal(cell or 0)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self._refused(row, f"column {self.names[place]!r} holds text that is no number.")
        return number

    def _time_of(self, block: ParsedBlock, row: int) -> str | None:
        return None if self._time is None else block.cell(row, self._time) or ""

    def _group(self, by: str) -> _Group:
        found = self._groups.get(by)
        if found is None:
            found = self._groups[by] = _Group([Decimal(0)] * len(self._totals))
        return found

    def _place(self, name: str | None) -> int | None:
        return None if name is None else self.names.index(name)

    def _unescaped(self, cell: str) -> str:
        return self.transform.original(cell) if self._by in self._changed else cell

    def _not_in_order(self, row: int) -> DataRefused:
        return self._refused(
            row,
            f"is equal to the row before it in {', '.join(self.report_type.order)}, so that the order of report type "
            f"{self.report_type.id!r} leaves open which of them comes first.",
            "Add columns to `order` and to the ORDER BY of its SQL until no two rows are equal in all of them, or "
            "remove the join that repeats rows.",
        )

    def _no_value(self, row: int, place: int, text: str) -> DataRefused:
        column = self.report_type.columns[place]
        if column.type is ColumnType.DECIMAL:
            return self._refused(
                row, f"column {column.name!r} holds {text}, which is no number.", "Correct it, or leave it out."
            )
        return self._refused(
            row,
            f"column {column.name!r} holds {text}, which is no time.",
            f"Export it as NULL: NULLIF(t.{column.name}, '{text}') in the report type's SQL.",
        )

    def _refused(self, row: int, reason: str, fix: str = "") -> DataRefused:
        """Return the error of a row that comes so many rows after those that have been counted."""
        return DataRefused(f"Row {self.rows + row + 1} of {self._part}: {reason}", fix)
