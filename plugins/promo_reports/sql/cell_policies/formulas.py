"""Text cells that a spreadsheet would run as formulas get a leading apostrophe (docs/reliability.md).

Blanks and apostrophes before a formula may stand in any order, so that an escaped cell still matches, and taking one
apostrophe away gives back what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from promo_reports.domain.report_type import Column
from promo_reports.sql.cell_policies.transform import Block, CellTransform
from promo_reports.sql.expressions import Expressions

_BLANKS = (range(0x09, 0x0E), range(0x1C, 0x21), (0x85, 0xA0, 0x1680), range(0x2000, 0x200B))
_MORE_BLANKS = (0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF)


def _bytes(letters: Iterable[str]) -> str:
    return "|".join("".join(map(_byte, letter.encode())) for letter in letters)


def _byte(byte: int) -> str:
    return f"\\\\{byte:03o}" if byte > 0x7F else f"\\x{byte:02x}"


FORMULA_PATTERN = (
    r"^[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff']*"
    r"[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]"
)
"""Matches a text; all but ASCII is written as escapes, so that a query may have any encoding."""

_BLANK_LETTERS = "".join(map(chr, chain(*_BLANKS, _MORE_BLANKS)))
_SIGN_LETTERS = "=+@-\t\r\n\uff1d\uff0b\uff0d\uff20"
FIRST_LETTERS = frozenset({"'", *_BLANK_LETTERS, *_SIGN_LETTERS})
"""The letters that a formula may begin with; to look at the first letter costs a fraction of the pattern."""

_BEFORE = _bytes(f"'{_BLANK_LETTERS}")
_SIGNS = _bytes(_SIGN_LETTERS)
FORMULA_PATTERN_OF_BYTES = f"^(?:{_BEFORE})*(?:{_SIGNS})"
r"""Matches the UTF-8 of a text, in which every byte that is not ASCII is written `\ooo`, and a backslash `\\`."""


_FORMULA = re.compile(FORMULA_PATTERN)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a text cell; an escaped cell still matches."""
    return text[:1] in FIRST_LETTERS and _FORMULA.search(text) is not None


class EscapedFormulas(CellTransform):
    """One apostrophe before what a spreadsheet would run; taken away again, it gives back what was there."""

    beginnings = FIRST_LETTERS

    def sql(self, column: Column, of: Expressions) -> str:
        """Return the text, with an apostrophe where it is a formula."""
        text = of.text(column)
        return f"CASE WHEN {of.is_formula(column)} THEN '''' || {text} ELSE {text} END"

    def sql_is_changed(self, column: Column, of: Expressions) -> str:
        """Return the condition of a formula."""
        return of.is_formula(column)

    def written(self, text: str) -> str:
        """Return the text, with an apostrophe where it is a formula."""
        return f"'{text}" if is_formula(text) else text

    def is_changed(self, text: str) -> bool:
        """Return whether a cell is an escaped formula, which all formulas of the file are."""
        return is_formula(text)

    def count(self, block: Block, column: int) -> int:
        """Count the escaped formulas, which are looked for among the few cells that may be one."""
        return sum(1 for _ in self._found(block, column))

    def original(self, text: str) -> str:
        """Return the text without the apostrophe of an escaped formula."""
        return text[1:] if is_formula(text) else text

    def _found(self, block: Block, column: int) -> Iterator[tuple[int, str]]:
        return (each for each in block.beginning_with(FIRST_LETTERS, column) if is_formula(each[1]))
