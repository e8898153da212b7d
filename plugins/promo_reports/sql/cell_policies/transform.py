"""The port of a cell policy, and the code that is registered for each key of `domain.cell_policy.CELL_POLICIES`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from promo_reports.domain.cell_policy import RAW, SPREADSHEET, CellPolicy
from promo_reports.domain.report_type import Column
from promo_reports.sql.expressions import Expressions

TRANSFORMS = {
    RAW.key: ("promo_reports.sql.cell_policies.transform", "CellTransform"),
    SPREADSHEET.key: ("promo_reports.sql.cell_policies.formulas", "EscapedFormulas"),
}
"""Module and name of the class of each policy; the module is imported when an export has the policy."""


class Block(Protocol):
    """Rows of a file that are read again, their columns counted from 0."""

    def texts(self, column: int) -> Iterator[str]:
        """Yield the text of every cell; NULL and the empty text are both empty."""
        ...

    def beginning_with(self, letters: frozenset[str], column: int) -> Iterator[tuple[int, str]]:
        """Yield the cells whose first letter is one of these, each with its row."""
        ...


class CellTransform:
    """What a policy does to the cells of the columns that it changes; this class leaves them as they are.

    A database that writes its cells itself (`Expressions.writes_cells`) is asked for `sql`, and for the number of
    cells for which `sql_is_changed` holds. Cells of other databases are written by `written`. The second reading of
    the file counts with `is_changed`, which must find the same cells; of a policy that is reversible, it also tells of
    a cell that is not changed yet whether `written` would change it. `beginnings` holds the first letters of all texts
    that `written` changes; None where it may change any.
    """

    beginnings: frozenset[str] | None = None

    def __init__(self, policy: CellPolicy) -> None:
        self.policy = policy

    def changes(self, column: Column) -> bool:
        """Return whether cells of a column may change."""
        return self.policy.changes(column)

    def sql(self, column: Column, of: Expressions) -> str:
        """Return the expression of a cell as it is written; NULL stays NULL."""
        return of.text(column)

    def sql_is_changed(self, column: Column, of: Expressions) -> str:
        """Return the condition of a cell that is changed."""
        return "FALSE"

    def written(self, text: str) -> str:
        """Return the text of a cell as it is written; NULL is not asked for."""
        return text

    def is_changed(self, text: str) -> bool:
        """Return whether a cell of the file was changed; NULL and the empty text are both empty."""
        return False

    def count(self, block: Block, column: int) -> int:
        """Return how many cells of a block were changed."""
        return sum(map(self.is_changed, block.texts(column)))

    def original(self, text: str) -> str:
        """Return a cell as it was before; only asked of a policy that is reversible."""
        return text

    def rewritten(self, block: Block, column: int) -> dict[int, str]:
        """Return the cells of unchanged rows that `written` changes, by their rows; of a policy that is reversible."""
        return {row: self.written(text) for row, text in self._found(block, column)}

    def restored(self, block: Block, column: int) -> dict[int, str]:
        """Return the cells of a file that were changed as they were before; of a policy that is reversible."""
        return {row: self.original(text) for row, text in self._found(block, column)}

    def _found(self, block: Block, column: int) -> Iterator[tuple[int, str]]:
        return ((row, text) for row, text in enumerate(block.texts(column)) if text and self.is_changed(text))


UNCHANGED = CellTransform(RAW)


def transform_of(policy: CellPolicy) -> CellTransform:
    """Return the code of a policy."""
    module, name = TRANSFORMS[policy.key]
    return cast("CellTransform", getattr(import_module(module), name)(policy))
