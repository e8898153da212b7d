"""SQLite's SQL for a column: its own sums are binary floating-point numbers, and its collations call texts equal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.databases.source import exact_decimal
from promo_reports.pipeline.decimals import exact_sum
from promo_reports.sql.expressions import Expressions

EXACT_SUM = "exact_sum"


class SqliteExpressions(Expressions):
    """SQL for columns of SQLite, where 1 and 1.0 are equal and are written differently."""

    def last_letters(self, column: Column, hidden: str, letters: int) -> str:
        """Return the masked text; SQLite counts the letters before a NUL character."""
        text = self.text(column)
        return (
            f"CASE WHEN length({text}) > {letters} THEN '{hidden}' || substr({text}, -{letters}) "
            f"WHEN {text} IS NOT NULL THEN '{hidden}' END"
        )

    def group(self, column: Column) -> tuple[str, Sequence[str]]:
        """Return the value, apart from those of other types and of other bytes."""
        cell = f"report.{column.name}"
        return cell, [f"{cell} COLLATE BINARY", f"typeof({cell})"]

    def total(self, column: Column) -> str:
        """Return the sum of the decimals that are written."""
        return f"{EXACT_SUM}(report.{column.name}, {'NULL' if column.scale is None else column.scale})"

    def order(self, column: Column) -> Sequence[str]:
        """Return the column, and its bytes where its collation may call other ones equal."""
        keys = super().order(column)
        return keys if column.type is not ColumnType.TEXT else [*keys, f"report.{column.name} COLLATE BINARY"]


class ExactSum:
    """The aggregate function `EXACT_SUM` of values and a scale: a decimal as text.

    NULL where there is nothing to add, NaN where a number is not finite, and a text that is no number where one was.
    """

    def __init__(self) -> None:
        self._sum: Decimal | None = None
        self._is_number = True

    def step(self, value: object, scale: object, /) -> None:
        """Add one value."""
        if value is None:
            return
        try:
            self._sum = exact_sum(
                (self._sum or Decimal(0), exact_decimal(value, scale if isinstance(scale, int) else None))
            )
        except InvalidOperation:
            self._is_number = False

    def finalize(self) -> str | None:
        """Return the sum."""
        if not self._is_number:
            return "no number"
        return None if self._sum is None else str(self._sum)
