"""Which text cells a spreadsheet runs as formulas (reliability): regular expressions for Python and PostgreSQL.

Blanks and apostrophes before a formula may stand in any order, so that an escaped cell still matches, and taking one
apostrophe away gives back what it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

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

_BEFORE = _bytes(["'", *map(chr, chain(*_BLANKS, _MORE_BLANKS))])
_SIGNS = _bytes("=+@-\t\r\n\uff1d\uff0b\uff0d\uff20")
FORMULA_PATTERN_OF_BYTES = f"^(?:{_BEFORE})*(?:{_SIGNS})"
r"""Matches the UTF-8 of a text, in which every byte that is not ASCII is written `\ooo`, and a backslash `\\`."""
