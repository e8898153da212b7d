"""Expressions of a plan, which PostgreSQL writes with each operation in parentheses, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPERATOR = re.compile(r" (?:<|<=|>|>=|=|<>|IS (?:NOT )?DISTINCT FROM|OVERLAPS) ")
_QUOTED_OR_PARENTHESIS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""")


def parenthesized(expression: str) -> Iterator[tuple[str, int]]:
    """Yield what stands in each pair of parentheses, and where the expression goes on behind it."""
    opened: list[int] = []
    for found in _QUOTED_OR_PARENTHESIS.finditer(expression):
        if found[0] == "(":
            opened.append(found.end())
        elif found[0] == ")" and opened:
            yield expression[opened.pop() : found.start()], found.end()


def comparison(inner: str) -> tuple[str, str, str] | None:
    """Return the operator, `a` and `b` of `a < b`; None where not exactly one stands outside of parentheses."""
    flat = hidden(inner)
    operators = list(_OPERATOR.finditer(flat))
    if len(operators) != 1:
        return None
    (operator,) = operators
    return operator[0].strip(), inner[: operator.start()], inner[operator.end() :]


def hidden(text: str) -> str:
    """Return the text with all that stands in parentheses or quotes replaced by as many dots."""
    pieces, depth, at = list(text), 0, 0
    for found in _QUOTED_OR_PARENTHESIS.finditer(text):
        if depth:
            pieces[at : found.start()] = "." * (found.start() - at)
        pieces[found.start() : found.end()] = "." * len(found[0])
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        at = found.end()
    return "".join(pieces)
