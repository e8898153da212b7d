"""A range of an export's rows, bounded by values of its total order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promo_reports.sql.bound import BoundQuery, mark


@dataclass(frozen=True)
class RowRange:
    """Rows from `first`, included, to `end`, excluded; None is the first or the last row of the export.

    Each is the text of what the rows are sorted by as the database wrote it, which it reads again without loss.
    """

    first: Sequence[str] | None
    end: Sequence[str] | None

    def condition(self, order: Sequence[str]) -> BoundQuery:
        """Return the condition of the rows of the range; rows with NULL in the total order are in no range.

        Rows are compared as a whole, which PostgreSQL can look up in an index.
        """
        columns = ", ".join(order)
        texts: list[str] = []
        values: dict[str, str] = {}
        for name, sign, edge in (("first", ">=", self.first), ("end", "<", self.end)):
            if edge is not None:
                binds = {f"{name}_{index}": value for index, value in enumerate(edge)}
                texts.append(f"({columns}) {sign} ({', '.join(map(mark, binds))})")
                values.update(binds)
        return BoundQuery("\n    AND ".join(texts) or "TRUE", values)
