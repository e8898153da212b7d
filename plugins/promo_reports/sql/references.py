"""The tables that a query names, and the columns that it reads of each, as its text says.

A database tells of one missing name at a time; this tells all of them. Columns without the name of a table before them
are not told: whose they are, only the database knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promo_reports.sql.lexer import Kind, Token, tokens

_ENDS_FROM = frozenset(
    {"WHERE", "GROUP", "HAVING", "ORDER", "WINDOW", "UNION", "INTERSECT", "EXCEPT", "LIMIT", "OFFSET", "FETCH", "FOR"}
)
_JOINS = frozenset({"JOIN", "STRAIGHT_JOIN"})
_NO_ALIAS = (
    _ENDS_FROM | _JOINS | {"ON", "USING", "LEFT", "RIGHT", "INNER", "OUTER", "CROSS", "FULL", "NATURAL", "TABLESAMPLE"}
)
_WITH_FROM = frozenset({"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "OVERLAY", "MID"})  # functions with a FROM of theirs
_BEFORE_TABLE = frozenset({"LATERAL", "ONLY"})
_BEGINS_QUERY = frozenset({"SELECT", "WITH", "VALUES"})


@dataclass
class _Scope:
    """What stands in one pair of parentheses, from one SELECT on: its tables by alias."""

    parent: _Scope | None
    in_from: bool = False
    wants_table: bool = False
    is_function: bool = False
    tables: dict[str, str] = field(default_factory=dict)

    def table_of(self, alias: str) -> str | None:
        """Return the table of an alias, here or in what is around it; None where it is none."""
        scope: _Scope | None = self
        while scope is not None and alias not in scope.tables:
            scope = scope.parent
        return scope.tables[alias] if scope is not None else None


def tables_read(sql: str) -> dict[str, frozenset[str]]:
    """Return the columns that a query reads by table, all as the query writes them, in the order of the text.

    `sql` is one that `lexer.tokens` can read. Common table expressions, subqueries and functions are no tables.
    """
    reader = _Reader(list(tokens(sql)))
    reader.read()
    return reader.found()


def tables_by_alias(sql: str) -> dict[str, str]:
    """Return the table behind each alias of a query, or behind its own name; "" for what is no table."""
    reader = _Reader(list(tokens(sql)))
    reader.read()
    return reader.aliases


def all_tables_read(queries: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the columns that several queries read, by table."""
    together: dict[str, frozenset[str]] = {}
    for query in queries:
        for table, columns in tables_read(query).items():
            together[table] = together.get(table, frozenset()) | columns
    return together


class _Reader:
    """Goes through the tokens of a query once, with the scope that each stands in."""

    def __init__(self, words: Sequence[Token]) -> None:
        self._words, self._index = words, 0
        self._scope = _Scope(None)
        self._around: list[_Scope] = []
        self._ctes = _common_tables(words)
        self._tables: dict[str, set[str]] = {}
        self._used: list[tuple[_Scope, str, str]] = []
        self.aliases: dict[str, str] = {}

    def read(self) -> None:
        """Read all of the query."""
        while self._index < len(self._words):
            word, scope = self._words[self._index], self._scope
            if word.kind is Kind.SYMBOL:
                self._symbol(word)
            elif word.upper in _ENDS_FROM:
                scope.in_from = scope.wants_table = False
            elif word.upper == "SELECT" and scope.tables:
                self._scope = _Scope(scope.parent)  # the next part of a UNION
            elif word.upper == "FROM" and not scope.is_function and self._before() != "DISTINCT":
                scope.in_from = scope.wants_table = True
            elif word.upper in _JOINS:
                scope.wants_table = scope.in_from
            elif word.kind in (Kind.WORD, Kind.NAME) and word.upper not in _BEFORE_TABLE:
                self._name()
                continue
            self._index += 1

    def found(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table that was read."""
        for scope, alias, column in self._used:
            if table := scope.table_of(alias):
                self._tables[table].add(column)
        return {table: frozenset(columns) for table, columns in self._tables.items()}

    def _symbol(self, word: Token) -> None:
        scope = self._scope
        if word.text == "(":
            is_join = scope.wants_table and self._after(1) not in _BEGINS_QUERY
            self._around.append(scope)
            scope.wants_table = False
            self._scope = _Scope(scope, is_join, is_join, self._before() in _WITH_FROM)
        elif word.text == ")" and self._around:
            self._scope = self._around.pop()
            if scope.in_from and self._scope.in_from:  # a join in parentheses: its aliases are those around it
                self._scope.tables |= scope.tables
        elif word.text == ",":
            scope.wants_table = scope.in_from

    def _name(self) -> None:
        """Read a name of several parts: of a table, of a column, or of something else."""
        scope, begin = self._scope, self._index
        parts, self._index = _name_at(self._words, begin)
        is_call = self._after(0) == "("
        if scope.wants_table:
            scope.wants_table = False
            own = _folded(parts[-1])
            is_table = not is_call and (len(parts) > 1 or not _is_common(self._ctes, own, begin))
            name = ".".join(parts) if is_table else ""
            if is_table:
                self._tables.setdefault(name, set())
            if not is_call:
                alias, self._index = _alias_at(self._words, self._index)
                own = _folded(alias) if alias else own
                scope.tables[own] = name
                self.aliases.setdefault(own, name)
        elif len(parts) == 2 and not is_call:
            self._used.append((scope, _folded(parts[0]), parts[1]))

    def _before(self) -> str:
        return self._words[self._index - 1].upper if self._index else ""

    def _after(self, places: int) -> str:
        at = self._index + places
        return self._words[at].upper if at < len(self._words) else ""


def _common_tables(words: Sequence[Token]) -> Mapping[str, tuple[int, int]]:
    """Return the places between which each common table expression is defined."""
    found = {}
    is_recursive = any(word.upper == "RECURSIVE" for word in words)
    for index, word in enumerate(words):
        begin = next(_definition_after(words, index), None) if word.kind in (Kind.WORD, Kind.NAME) else None
        if begin is not None:
            depth = words[begin].depth
            end = next(
                (at for at in range(begin + 1, len(words)) if words[at].text == ")" and words[at].depth == depth),
                len(words),
            )
            found[_folded(word.text)] = (index, index if is_recursive else end)
    return found


def _definition_after(words: Sequence[Token], index: int) -> Iterator[int]:
    """Yield the place of the parenthesis that opens the definition of a common table expression, if a name is one."""
    at = index + 1
    if words[at : at + 1] and words[at].text == "(":  # the names of its columns
        depth = words[at].depth
        while at < len(words) and not (words[at].text == ")" and words[at].depth == depth):
            at += 1
        at += 1
    if at < len(words) and words[at].upper == "AS":
        at += 1
        while at < len(words) and words[at].upper in ("NOT", "MATERIALIZED"):
            at += 1
        if at < len(words) and words[at].text == "(" and words[index - 1].upper in ("WITH", "RECURSIVE", ","):
            yield at


def _is_common(ctes: Mapping[str, tuple[int, int]], name: str, index: int) -> bool:
    """Return whether a name at a place is that of a common table expression: not within its own definition."""
    if name not in ctes:
        return False
    begin, end = ctes[name]
    return not begin <= index <= end


def _name_at(words: Sequence[Token], index: int) -> tuple[list[str], int]:
    """Return the parts of the name that begins at a place, and the place behind it."""
    parts: list[str] = []
    while index < len(words) and words[index].kind in (Kind.WORD, Kind.NAME):
        parts.append(words[index].text)
        index += 1
        if index + 1 < len(words) and words[index].text == "." and words[index + 1].kind in (Kind.WORD, Kind.NAME):
            index += 1
        else:
            break
    return parts, index


def _alias_at(words: Sequence[Token], index: int) -> tuple[str, int]:
    """Return the alias that may follow a table, and the place behind it."""
    if index < len(words) and words[index].upper == "AS":
        index += 1
    if index < len(words) and words[index].kind in (Kind.WORD, Kind.NAME) and words[index].upper not in _NO_ALIAS:
        return words[index].text, index + 1
    return "", index


def unquoted(name: str) -> str:
    """Return a name without the double quotes that it may have."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _folded(name: str) -> str:
    return name if name.startswith('"') else name.lower()
