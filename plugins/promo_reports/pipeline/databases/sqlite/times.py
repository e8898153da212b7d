"""Times of SQLite, which are texts, numbers or whatever was written: compared as instants, or not at all.

SQLite compares `2026-05-01T02:00:00Z` with `2026-05-01 04:00:00` letter by letter, and any number as less than any
text. So the comparisons of a query with its window or instant are made here, where each value is looked at first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promo_reports.errors import DataRefused, SqlTemplateError
from promo_reports.pipeline.databases.cells import utc_text
from promo_reports.sql.lexer import Kind, Token, tokens

HOW_TO_WRITE_IT = "Write its times in UTC as YYYY-MM-DD HH:MM:SS.ffffff."

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
}
_SYMBOLS = frozenset("<>=!")
_OURS = "promo_"  # functions that look at a value by themselves

# A range that an index finds, and what is exact: every text of the last second is less than its `~`.
INSIDE = (
    "({column} >= promo_second({start}) AND {column} < promo_second({end}) || '~'"
    " AND promo_inside({column}, {start}, {end}))"
)
TIMELESS = "promo_utc({column}) IS NULL"

_MIXED = """SELECT EXISTS (
    SELECT 1 FROM {table} WHERE {column} GLOB '????-??-?? ??:??:??*' AND promo_utc({column}) IS NOT NULL
) AND EXISTS (
    SELECT 1 FROM {table}
    WHERE {column} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]?*' AND promo_utc({column}) IS NULL
)"""
# A `Z` is more than any digit and than the point of a fraction: in one second, only texts of one length are in order.
_UNSORTABLE = """SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} GLOB '*Z' AND promo_utc({column}) IS NOT NULL)
AND EXISTS (
    SELECT 1 FROM {table} WHERE promo_utc({column}) IS NOT NULL
    GROUP BY substr({column}, 1, 19) HAVING max({column} GLOB '*Z') AND min(length({column})) < max(length({column}))
)"""
_SORTING = frozenset({
    "max", "min", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile",
    "lag", "lead", "first_value", "last_value", "nth_value",
})  # fmt: skip
_READ, _FUNCTION = 20, 31  # SQLITE_READ, SQLITE_FUNCTION: an authorizer's questions
_YES = 0  # SQLITE_OK


class TimeComparisons:
    """The comparisons of one query at a time with its window or instant, which SQLite asks by their number.

    `refused` is the error of a value that cannot be compared: SQLite itself only says that a function has failed.
    """

    def __init__(self, connection: Any) -> None:
        self.refused: DataRefused | None = None
        self._made: dict[object, tuple[Callable[[Any, Any], bool], str, str]] = {}
        connection.create_function("promo_utc", 1, utc_text, deterministic=True)
        connection.create_function("promo_second", 1, lambda bound: bound[:19], deterministic=True)
        connection.create_function("promo_inside", 3, _inside, deterministic=True)
        connection.create_function("regexp", 2, self._holds, deterministic=True)
        connection.create_function("match", 2, lambda value, name: self._holds(name, value), deterministic=True)

    def put_into(self, text: str, times: Mapping[str, str]) -> str:
        """SQL text with the comparisons in place of those with a bind of `times`, by name and as text of UTC.

        `x < bind` becomes `x REGEXP '@0'`, and `bind < x` becomes `'@0' MATCH x`, which calls the functions above.
        These operators bind less closely; what another one makes of `'@0'` is the name of no comparison. Raises
        `SqlTemplateError` where such a bind is anything but one side of a comparison.
        """
        self._made, self.refused = {}, None
        words = list(tokens(text))
        pieces: list[str] = []
        at, ours = 0, None
        for index, word in enumerate(words):
            if ours is not None and word.depth <= ours and word.text != "(":
                ours = None
            if ours is None and word.text.startswith(_OURS) and word.kind is Kind.WORD:
                ours = word.depth
            name = word.text.strip("\x00")
            if ours is not None or word.kind is not Kind.BIND or name not in times:
                continue
            bound, made = times[name], f"@{len(self._made)}"
            before, after = _symbols(words, index - 1, -1), _symbols(words, index + 1, 1)
            if compare := _OPERATORS.get(_spelled(before)):
                self._made[made] = (compare, bound, _named(words, index - len(before) - 1, -1))
                pieces += [text[at : before[0].at], f" REGEXP '{made}' "]
                at = word.at + len(word.text)
            elif compare := _OPERATORS.get(_spelled(after)):
                if any(each.text.strip("\x00") in times for each in words[index + len(after) + 1 :][:1]):
                    continue  # the comparison is that of the bind behind it
                self._made[made] = (_mirrored(compare), bound, _named(words, index + len(after) + 1, 1))
                pieces += [text[at : word.at], f"'{made}' MATCH "]
                at = after[-1].at + len(after[-1].text)
            else:
                raise SqlTemplateError(
                    f"SQLite compares times as texts, so window.start, window.end and as_of may only stand on one side "
                    f"of <, <=, >, >=, = or <>, not beside {_neighbour(words, index)}.",
                    "Compare a column with each of them.",
                )
        return "".join([*pieces, text[at:]])

    def refuse(self, error: DataRefused) -> None:
        """Keep the error that the present query ends with."""
        self.refused = error

    def _holds(self, name: object, value: object) -> bool | None:
        if name not in self._made:
            self.refused = DataRefused(
                "The report type's SQL calculates with the window or the instant, or with a comparison with them.",
                "Compare a column with each of them, and put each comparison in parentheses.",
            )
            raise self.refused
        if value is None:
            return None
        compare, bound, what = self._made[name]
        utc = utc_text(value)
        if utc is None:
            self.refused = DataRefused(
                f"{what} is compared with the window or the instant, and holds a value that is no time of UTC.",
                HOW_TO_WRITE_IT,
            )
            raise self.refused
        return compare(utc, bound)


def refuse_mixed_times(connection: Connection, text: str, values: dict[str, object]) -> None:
    """Raise `DataRefused` where a column that the query reads holds times in several forms.

    The query's own MIN, MAX, ORDER BY and comparisons of columns would take one for the other.
    """
    read: set[tuple[str, str]] = set()
    called: set[str] = set()

    def look(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == _READ and table and column:
            read.add((table, column))
        if action == _FUNCTION and column:
            called.add(column.lower())
        return _YES

    raw: Any = connection.connection.dbapi_connection
    raw.set_authorizer(look)
    try:
        connection.exec_driver_sql(f"EXPLAIN {text}", values).close()
    finally:
        raw.set_authorizer(None)
    tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    for table, column in sorted(read):
        if table not in tables:
            continue
        quoted = {"table": _quoted(table), "column": _quoted(column)}
        questions = (_MIXED, _UNSORTABLE) if called & _SORTING else (_MIXED,)
        if any(connection.exec_driver_sql(each.format(**quoted)).scalar_one() for each in questions):
            raise DataRefused(
                f"Column {column!r} of table {table!r} holds times in several forms, which SQLite compares as texts.",
                HOW_TO_WRITE_IT,
            )


class Ascending:
    """The order of a log's times, batch after batch; SQLite's own is that of texts."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._last = ""

    def check(self, values: Sequence[object]) -> None:
        """Raise `DataRefused` where one is before another that precedes it."""
        if not any(isinstance(value, str) and value.endswith("Z") for value in values) and not self._last:
            return  # no other ending changes the order
        for value in values:
            utc = utc_text(value) or self._last
            if utc < self._last:
                raise DataRefused(
                    f"Column {self._column!r} holds times with and without 'Z', which SQLite sorts as texts.",
                    HOW_TO_WRITE_IT,
                )
            self._last = utc


def _inside(value: object, start: str, end: str) -> bool | None:
    utc = utc_text(value)
    return None if utc is None else start <= utc < end


def _symbols(words: Sequence[Token], index: int, step: int) -> list[Token]:
    """Return the symbols of a comparison that begin at a token, in the order of the text."""
    found: list[Token] = []
    while 0 <= index < len(words) and words[index].text in _SYMBOLS:
        found.append(words[index])
        index += step
    return found[::step]


def _spelled(symbols: Sequence[Token]) -> str:
    return "".join(each.text for each in symbols)


def _named(words: Sequence[Token], index: int, step: int) -> str:
    """Return the column that ends or begins at a token, for a message."""
    found: list[str] = []
    while 0 <= index < len(words) and (words[index].kind in (Kind.WORD, Kind.NAME) or words[index].text == "."):
        if found and (found[-1] == ".") == (words[index].text == "."):
            break
        found.append(words[index].text)
        index += step
    name = "".join(found[::step])
    return f"Column {name}" if name else "An expression"


def _mirrored(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, bound: compare(bound, value)


def _neighbour(words: Sequence[Token], index: int) -> str:
    found = words[index - 1 : index] or words[index + 1 : index + 2]
    return repr(found[0].text.strip("\x00")) if found else "nothing"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
