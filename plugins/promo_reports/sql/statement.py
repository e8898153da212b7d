"""What a rendered template must be: one SELECT with named columns, in the report type's total order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlparse
from sqlparse import tokens
from sqlparse.sql import Token

from promo_reports.errors import SqlTemplateError
from promo_reports.sql.bound import BoundQuery

_ORDER_ITEM = re.compile(r"^(?:[a-z_][a-z0-9_]*\.)?([a-z_][a-z0-9_]*)(?:\s+asc)?$", re.IGNORECASE)
_CUTS = ("LIMIT", "OFFSET", "FETCH", "FOR")


@dataclass(frozen=True)
class _Word:
    """A token that means something, with its place in the text and how many parentheses are open around it."""

    token: Token
    at: int
    depth: int

    @property
    def upper(self) -> str:
        return re.sub(r"\s+", " ", str(self.token.normalized)).upper()


def check_select(path: Path, sql: str) -> None:
    """Raise `SqlTemplateError` unless the text is one SELECT (or WITH ... SELECT) that names its columns."""
    statements = [each for each in sqlparse.split(sql) if sqlparse.format(each, strip_comments=True).strip(" \n;")]
    if len(statements) != 1 or ";" in {word.upper for word in _words(sql)}:
        raise SqlTemplateError(f"{path}: must be one statement without a semicolon, and is {len(statements)}")
    words = list(_words(sql))
    if words[0].upper not in {"SELECT", "WITH"}:
        raise SqlTemplateError(f"{_line(path, sql, words[0])}: must be a SELECT, and starts with {words[0].upper}")
    before: _Word | None = None
    for word in words:
        kind = word.token.ttype
        if (
            kind in tokens.Keyword.DDL
            or (kind in tokens.Keyword.DML and word.upper != "SELECT")
            or word.upper == "INTO"
        ):
            raise SqlTemplateError(f"{_line(path, sql, word)}: must only read, and says {word.upper}")
        if str(word.token) == "*" and before is not None and before.upper in {"SELECT", "DISTINCT", ",", ".", "ALL"}:
            raise SqlTemplateError(f"{_line(path, sql, word)}: SELECT * is refused", "Name the columns.")
        before = word


def without_order(path: Path, query: BoundQuery, order: Sequence[str]) -> BoundQuery:
    """The query without its closing ORDER BY, which must name the report type's order.

    The order is put back around it, so that counts do not sort. Raises `SqlTemplateError` where it is missing, is
    another one, or is followed by a LIMIT that would leave rows out.
    """
    sql = query.text
    words = [word for word in _words(sql) if word.depth == 0]
    starts = [word for word in words if word.upper == "ORDER BY"]
    expected = ", ".join(order)
    if not starts:
        raise SqlTemplateError(f"{path}: has no ORDER BY at its end", f"Order it by {expected}.")
    start = starts[-1]
    for word in words:
        if word.upper in _CUTS:
            raise SqlTemplateError(f"{_line(path, sql, word)}: {word.upper} would leave rows out")
    tail = sqlparse.format(sql[start.at :], strip_comments=True).strip()
    items = [" ".join(item.split()) for item in tail[len("ORDER BY") :].split(",")]
    names = [match.group(1).lower() if (match := _ORDER_ITEM.match(item)) else item for item in items]
    if names != list(order):
        raise SqlTemplateError(
            f"{_line(path, sql, start)}: orders by {', '.join(items)}", f"The report type's order is {expected}."
        )
    return BoundQuery(sql[: start.at].rstrip(), query.values)


def _words(sql: str) -> Iterator[_Word]:
    at, depth = 0, 0
    for statement in sqlparse.parse(sql):
        for token in statement.flatten():
            if str(token) == ")":
                depth -= 1
            if not token.is_whitespace and token.ttype not in tokens.Comment:
                yield _Word(token, at, depth)
            if str(token) == "(":
                depth += 1
            at += len(str(token))


def _line(path: Path, sql: str, word: _Word) -> str:
    return f"{path}:{sql.count(chr(10), 0, word.at) + 1}"
