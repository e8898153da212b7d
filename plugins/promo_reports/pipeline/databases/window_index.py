"""The index that the rows of a log's window want, as the query's text tells: for databases whose plans tell too little.

It begins with the columns of the log that are equal to a filter, goes on with the window's column, and ends with the
columns of the order behind that one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promo_reports.domain.report_type import ReportType
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.lexer import tokens
from promo_reports.sql.references import tables_by_alias, unquoted

_NAME = r'(?:\w++|"[^"]*+")'
_COLUMN = rf"(?<!\S)(?<!\. )(?:({_NAME}) \. )?({_NAME})"
# The window's start may be in a function of the dialect.
_TIME = re.compile(rf"{_COLUMN} > (?:= )?(?:\w+ \( )?\x00window_start\x00")
_FILTER = re.compile(rf"{_COLUMN} = (?:\x00(?:filter|part)_|\( SELECT\b)")
_JOIN = re.compile(rf"{_COLUMN} = ({_NAME}) \. ({_NAME})")

_SELECTED = re.compile(rf"(?<!\S)(?<!\. )({_NAME}) \. ({_NAME})(?: AS ({_NAME}))?", re.IGNORECASE)


@dataclass(frozen=True)
class WindowIndex:
    """A table by its name in the query, and the columns of its index; `filters` may be in any order."""

    table: str
    filters: tuple[str, ...]
    time: str
    keys: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns of the index that is proposed."""
        return list(dict.fromkeys([*self.filters, self.time, *self.keys]))

    def is_served_by(self, columns: Sequence[str]) -> bool:
        """Return whether an index begins with filters, in any order, and then the time."""
        found, filters, time = [each.lower() for each in columns], set(map(_bare, self.filters)), _bare(self.time)
        return time in found and set(found[: found.index(time)]) <= filters


def wanted_index(rows: BoundQuery, report_type: ReportType) -> WindowIndex | None:
    """Return the index that a query of rows wants; None where the window is compared with no column of a table."""
    text = " ".join(word.text for word in tokens(rows.text))
    tables = tables_by_alias(rows.text)
    time = _TIME.search(text)
    if time is None:
        return None
    alias = (time[1] or next(iter(tables), "")).lower()
    if not tables.get(alias):
        return None
    equal = [(found[1] or alias, found[2]) for found in _FILTER.finditer(text)]
    fixed = {other.lower() for other, _ in equal}
    filters = [column for other, column in equal if other.lower() == alias]
    for one, its, another, theirs in _JOIN.findall(text):
        for here, column, there in ((one, its, another), (another, theirs, one)):
            if here.lower() == alias != there.lower() and there.lower() in fixed:
                filters.append(column)
    keys = [column for name in report_type.order[1:] if (column := _column_of(text, alias, name))]
    wanted = tuple(each for each in dict.fromkeys(filters) if each != time[2])
    return WindowIndex(tables[alias], wanted, time[2], tuple(keys))


def _column_of(text: str, alias: str, name: str) -> str | None:
    """Return the column of the log that a column of the report is."""
    for here, column, renamed in _SELECTED.findall(text):
        if here.lower() == alias and (renamed or column).lower() == name:
            return str(column)
    return None


def _bare(name: str) -> str:
    return unquoted(name).lower()
