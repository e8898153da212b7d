"""What a rendered template must be: one SELECT with named columns, in the report type's total order."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promo_reports.errors import SqlTemplateError
from promo_reports.sql.lexer import Kind, Token, UnreadableError, tokens

_WRITES = frozenset({"DELETE", "INSERT", "INTO", "MERGE", "UPDATE"})
_CUTS = frozenset({"LIMIT", "OFFSET", "FETCH", "FOR"})
# A `*` multiplies unless one of these is beside it.
_BEFORE_ALL_COLUMNS = frozenset({"", "SELECT", "DISTINCT", "ALL", ",", "."})
_AFTER_ALL_COLUMNS = frozenset({"", ",", ")", "FROM", "UNION", "EXCEPT", "INTERSECT", "WHERE", "ORDER"})
_INSTANTS = frozenset({"window_start", "window_end", "as_of"})
# Words before parentheses that are no call of a function.
_BEFORE_PARENTHESES = frozenset(
    {"AND", "AS", "BETWEEN", "BY", "CASE", "ELSE", "HAVING", "IN", "NOT", "ON", "OR", "SELECT", "THEN", "WHEN", "WHERE"}
)
_TIME_TYPES = frozenset({"DATE", "DATETIME", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMETZ", "ZONE"})
_ORDERED = re.compile(r'(?: \w+ \.)? ("?)(\w+)\1(?: asc)?', re.IGNORECASE)
_NO_SPACE = re.compile(r" (?=[.,)])|(?<=[.(]) ")


@dataclass(frozen=True)
class RenderedText:
    """SQL text that knows its lines in the template, which differ where Jinja left some out.

    `starts` are offsets in the text, `lines` the lines of the template that begin there.
    """

    text: str
    path: Path
    starts: tuple[int, ...]
    lines: tuple[int, ...]

    def where(self, at: int) -> str:
        """Return `path:line` of an offset in the text, by the template's lines."""
        index = bisect_right(self.starts, at) - 1
        return f"{self.path}:{self.lines[index]}" if index >= 0 else str(self.path)

    def refused(self, at: int, why: str, fix: str = "") -> SqlTemplateError:
        """Return the error for what stands at an offset."""
        return SqlTemplateError(f"{self.where(at)}: {why}", fix)


def check_select(sql: RenderedText) -> list[Token]:
    """Return the tokens of one SELECT or WITH that names its columns; `SqlTemplateError` for anything else."""
    try:
        words = list(tokens(sql.text))
    except UnreadableError as wrong:
        raise sql.refused(wrong.at, wrong.why, wrong.fix) from None
    if not words:
        raise SqlTemplateError(f"{sql.path}: holds no statement")
    for word in words:
        if word.text == ";":
            raise sql.refused(word.at, "must be one statement without a semicolon")
    first = words[0].upper or words[0].text
    if first not in {"SELECT", "WITH"} or not any(word.depth == 0 and word.upper == "SELECT" for word in words):
        raise sql.refused(words[0].at, f"must be a SELECT, and starts with {first}")
    for index, word in enumerate(words):
        before = words[index - 1] if index else None
        after = words[index + 1] if index + 1 < len(words) else None
        if word.upper in _WRITES and not _is_name(before, after):
            raise sql.refused(word.at, f"must only read, and says {word.upper}")
        if word.text == "*" and _is_all_columns(before, after):
            raise sql.refused(word.at, "SELECT * is refused", "Name the columns.")
        if word.kind is Kind.BIND and word.text.strip("\x00") in _INSTANTS and _is_cast(words, index):
            raise sql.refused(
                word.at,
                "casts the window or the instant, which hides what it is compared with",
                "Leave the cast out: the database is given an instant. Convert the column instead, where it is none.",
            )
    return words


def without_order(sql: RenderedText, words: Sequence[Token], order: Sequence[str]) -> str:
    """Return the text without its closing ORDER BY, which must name the report type's order.

    The order is put back around it, so that counts do not sort. `DISTINCT ON`, which keeps the row that the ORDER BY
    puts first, keeps the clause, too. Raises `SqlTemplateError` where it is missing, is
    another one, or where a LIMIT would leave rows out.
    """
    outer = [word for word in words if word.depth == 0]
    start = None
    for index, word in enumerate(outer):
        if word.upper in _CUTS and outer[index - 1].text != ".":
            raise sql.refused(word.at, f"{word.upper} would leave rows out, or lock them")
        if [each.upper for each in outer[index : index + 2]] == ["ORDER", "BY"]:
            start = index
    expected = ", ".join(order)
    if start is None:
        raise SqlTemplateError(f"{sql.path}: has no ORDER BY at its end", f"Order it by {expected}.")
    at = outer[start].at
    clause = [word for word in words if word.at >= at][2:]
    if _ordered_by(clause) != list(order):
        said = _NO_SPACE.sub("", " ".join(word.text for word in clause))
        raise sql.refused(at, f"orders by {said or 'nothing'}", f"The report type's order is {expected}.")
    if any([each.upper for each in outer[index : index + 2]] == ["DISTINCT", "ON"] for index in range(start)):
        return sql.text.rstrip()
    return sql.text[:at].rstrip()


def _ordered_by(clause: Sequence[Token]) -> list[str] | None:
    """Return the names of `a.x, y ASC`; None for anything else, such as DESC or an expression."""
    names, item = [], ""
    for word in [*clause, Token(Kind.SYMBOL, ",", 0, 0)]:
        item += f" {word.text}" if word.text != "," else ""
        if word.text == ",":
            matched = _ORDERED.fullmatch(item)
            if matched is None:
                return None
            names.append(matched.group(2).lower())
            item = ""
    return names


def _is_cast(words: Sequence[Token], index: int) -> bool:
    """Return whether a bind is the operand of a cast: `CAST(x AS date)`, `(x)::date`, `timestamp with time zone x`."""
    first = last = index
    while (
        first > 1 and [words[first - 1].text, *(word.text for word in words[last + 1 : last + 2])] == ["(", ")"]
    ) and (words[first - 2].kind is not Kind.WORD or words[first - 2].upper in _BEFORE_PARENTHESES):
        first, last = first - 1, last + 1
    before, after = words[first - 1], [word.upper for word in words[last + 1 : last + 3]]
    if after == [":", ":"] or (before.upper in _TIME_TYPES and before.kind is Kind.WORD):
        return True
    is_operand = before.text == "(" and first > 1 and words[first - 2].upper in ("CAST", "TRY_CAST", "CONVERT")
    return is_operand and after[:1] in (["AS"], [","])


def _is_name(before: Token | None, after: Token | None) -> bool:
    """Return whether a word is a column's or a function's name, such as `t.update` or `insert(`."""
    return (before is not None and before.text == ".") or (after is not None and after.text == "(")


def _is_all_columns(before: Token | None, after: Token | None) -> bool:
    left, right = before.upper if before else "", after.upper if after else ""
    if left == "(" and right == ")":  # count(*)
        return False
    if before is not None and before.kind not in (Kind.WORD, Kind.SYMBOL):
        left = "operand"
    if after is not None and after.kind not in (Kind.WORD, Kind.SYMBOL):
        right = "operand"
    return left in _BEFORE_ALL_COLUMNS or right in _AFTER_ALL_COLUMNS
