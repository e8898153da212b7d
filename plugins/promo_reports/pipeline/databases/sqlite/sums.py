"""SUM in SQLite, whose own one adds floating-point numbers in the order of the rows, and a text as 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.cells import is_number
from promo_reports.sql.lexer import Token, tokens

_NAME = "promo_sum"
_LARGEST = 2**63 - 1


def add_sum(connection: Any, refuse: Callable[[DataRefused], None]) -> None:
    """Give a connection the aggregate function `CompensatedSum`; `refuse` gets the error of what it does not add."""

    class Sum(CompensatedSum):
        def refused(self, what: str) -> DataRefused:
            refuse(error := super().refused(what))
            return error

    connection.create_aggregate(_NAME, 1, Sum)


def with_compensated_sums(text: str) -> str:
    """SQL text whose SUM is `CompensatedSum`; those with OVER stay as they are."""
    words = list(tokens(text))
    pieces: list[str] = []
    at = 0
    for index, word in enumerate(words[:-1]):
        before = words[index - 1].text if index else ""
        if word.upper == "SUM" and words[index + 1].text == "(" and before != "." and not _has_window(words, index + 1):
            pieces += [text[at : word.at], _NAME]
            at = word.at + len(word.text)
    return "".join([*pieces, text[at:]])


def _has_window(words: Sequence[Token], index: int) -> bool:
    """Return whether OVER follows the parenthesis that opens at a token, and a FILTER behind it."""
    behind = _behind(words, index)
    if [word.upper for word in words[behind : behind + 2]] == ["FILTER", "("]:
        behind = _behind(words, behind + 1)
    return [word.upper for word in words[behind : behind + 1]] == ["OVER"]


def _behind(words: Sequence[Token], index: int) -> int:
    depth = words[index].depth
    return next(i for i in range(index + 1, len(words)) if words[i].text == ")" and words[i].depth == depth) + 1


class CompensatedSum:
    """An aggregate function: integers are added exactly, other numbers as Neumaier adds floating-point numbers.

    So a result is off by one rounding, however many rows there are. As in SQLite, the sum of integers is one, and that
    of nothing is NULL.
    """

    def __init__(self) -> None:
        self._any = self._floats = False
        self._whole = 0
        self._sum = self._lost = 0.0

    def step(self, value: object) -> None:
        """Add a row; raises `DataRefused` for what is no number."""
        if value is None:
            return
        self._any = True
        if isinstance(value, int):
            self._whole += value
            return
        if isinstance(value, str) and is_number(value):
            value = float(Decimal(value))
        if not isinstance(value, float):
            raise self.refused("are no numbers")
        if not isfinite(value):
            raise self.refused("are infinite")
        self._floats = True
        total = self._sum + value
        larger, smaller = (self._sum, value) if abs(self._sum) >= abs(value) else (value, self._sum)
        if total - total == 0:  # neither is infinite
            self._lost += (larger - total) + smaller
        self._sum = total

    def finalize(self) -> int | float | None:
        """Return the sum; raises `DataRefused` where SQLite says "integer overflow"."""
        if not self._any:
            return None
        if self._floats:
            return self._sum + (self._lost + self._whole)
        if abs(self._whole) > _LARGEST:
            raise self.refused("are together larger than an integer of SQLite can be")
        return self._whole

    def refused(self, what: str) -> DataRefused:
        """Return the error of values that are not added."""
        return DataRefused(f"A SUM in the report type's SQL adds values that {what}.", "Correct the data or the SQL.")
