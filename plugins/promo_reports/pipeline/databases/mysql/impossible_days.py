"""Days that no calendar has, such as 2026-02-31, which the mode ALLOW_INVALID_DATES lets in.

The servers compare times digit by digit, so an aggregate would count such a row in a month that does not have the day.
They validate the day where a text is converted to a time, and warn then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.lexer import Kind, Token, tokens

# True, NULL where the column is, or a warning. Each month has the days before the 29th.
_IS_POSSIBLE = " AND (DAYOFMONTH({0}) < 29 OR CAST({0} AS CHAR) + INTERVAL 0 SECOND IS NOT NULL)"

_SYMBOLS = frozenset("<>=!")
_BEFORE_OPERANDS = frozenset({
    "(", ",", "AND", "CASE", "DISTINCT", "ELSE", "HAVING", "NOT", "ON", "OR", "SELECT", "THEN", "WHEN", "WHERE", "XOR",
})  # fmt: skip
_AFTER_COMPARISONS = frozenset({
    "", ")", ",", "AND", "AS", "CROSS", "ELSE", "END", "EXCEPT", "GROUP", "HAVING", "INNER", "INTERSECT", "JOIN",
    "LEFT", "LIMIT", "NATURAL", "OR", "ORDER", "RIGHT", "STRAIGHT_JOIN", "THEN", "UNION", "WHEN", "WINDOW", "XOR",
})  # fmt: skip
_NO_COLUMNS = frozenset({"CASE", "END", "FALSE", "NULL", "TRUE"})


def looked_at(query: BoundQuery, times: Collection[str]) -> BoundQuery:
    """The query, which warns where a column that holds such a day is compared with a bind of `times`, and meets it.

    Rows for which no comparison holds are not looked at: a window is not refused for another one's rows. What is
    compared otherwise (a function of a column, BETWEEN) is left as it is.
    """
    words = [*tokens(query.text), Token(Kind.SYMBOL, "", len(query.text), 0)]
    pieces, at = [], 0
    for index, word in enumerate(words):
        if word.kind is not Kind.BIND or word.text.strip("\x00") not in times:
            continue
        column, last = _column_before(words, index), index
        if column is None:
            column, last = _column_behind(words, index)
        if column is not None and words[last + 1].upper in _AFTER_COMPARISONS:
            end = words[last].at + len(words[last].text)
            pieces += [query.text[at:end], _IS_POSSIBLE.format(column)]
            at = end
    return replace(query, text="".join([*pieces, query.text[at:]]))


def _column_before(words: Sequence[Token], index: int) -> str | None:
    """Return the column that is compared with the bind at an index, `column < bind`."""
    end = index
    while end and words[end - 1].text in _SYMBOLS:
        end -= 1
    start = end - (3 if end > 2 and words[end - 2].text == "." else 1)
    if end == index or start < 1 or words[start - 1].upper not in _BEFORE_OPERANDS:
        return None
    return _column(words[start:end])


def _column_behind(words: Sequence[Token], index: int) -> tuple[str | None, int]:
    """The column that is compared with the bind at an index, `bind < column`, and the index of its last token."""
    start = index + 1
    while words[start].text in _SYMBOLS:
        start += 1
    end = start + (3 if words[start + 1 : start + 2] and words[start + 1].text == "." else 1)
    return (_column(words[start:end]) if start > index + 1 else None), end - 1


def _column(words: Sequence[Token]) -> str | None:
    names = words[::2]
    if any(each.kind not in (Kind.WORD, Kind.NAME) or each.upper in _NO_COLUMNS for each in names):
        return None
    return "".join(each.text for each in words)
