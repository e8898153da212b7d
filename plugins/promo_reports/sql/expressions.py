"""SQL expressions for a column: its cell, its group, its sum and its sort keys."""

from __future__ import annotations

from collections.abc import Sequence

from promo_reports.domain.report_type import Column


class Expressions:
    """Standard SQL, for databases whose cells are written by the client; a dialect that differs is a subclass.

    `writes_cells` says whether the database itself writes text cells as a cell policy wants them, and counts those
    that it changes.
    """

    writes_cells = False

    def cell(self, column: Column) -> str:
        """Return the item of the select list for a cell that no policy changes."""
        return f"report.{column.name}"

    def is_formula(self, column: Column) -> str:
        """Return the condition of a text cell that a spreadsheet would run; only where `writes_cells`."""
        raise NotImplementedError

    def text(self, column: Column) -> str:
        """Return the value as a text that the database reads again without loss."""
        return f"CAST(report.{column.name} AS text)"

    def last_letters(self, column: Column, hidden: str, letters: int) -> str:
        """Return `hidden` and the last letters of a text that is longer, `hidden` alone for any other text."""
        text = self.text(column)
        return (
            f"CASE WHEN char_length({text}) > {letters} THEN concat('{hidden}', right({text}, {letters})) "
            f"WHEN {text} IS NOT NULL THEN '{hidden}' END"
        )

    def group(self, column: Column) -> tuple[str, Sequence[str]]:
        """Return the value that names a group of rows, and what they are grouped by.

        Two values of one group are written as the same bytes, whatever collation the column has.
        """
        return f"report.{column.name}", [f"report.{column.name}"]

    def total(self, column: Column) -> str:
        """Return the exact sum of what is written; a sum that comes as a binary floating-point number is refused."""
        return f"sum(report.{column.name})"

    def order(self, column: Column) -> Sequence[str]:
        """Return the sort keys; values that the database calls equal are sorted by their bytes."""
        return [f"report.{column.name}"]
