"""A mask in SQL: of a text longer than four characters the last four are left, of any other nothing.

Characters are code points, as the databases count them.
"""

from __future__ import annotations

from promo_reports.domain.report_type import Column
from promo_reports.sql.expressions import Expressions

HIDDEN = "****"
"""Stands in the place of what is hidden, and for the whole of a text of at most `LETTERS` characters."""
LETTERS = 4


def last_four(text: str) -> str:
    """Return a text that is masked by Python: where a person may not see what the database has sent."""
    return HIDDEN + text[-LETTERS:] if len(text) > LETTERS else HIDDEN


class LastFour:
    """`****1234` for `member-1234`, `****` for `1234`; masked again, a cell stays as it is."""

    def sql(self, column: Column, of: Expressions) -> str:
        """Return the masked text, so that no clear one leaves the database."""
        return of.last_letters(column, HIDDEN, LETTERS)

    def is_masked(self, text: str) -> bool:
        """Return whether a cell is what is left of a text."""
        return last_four(text) == text
