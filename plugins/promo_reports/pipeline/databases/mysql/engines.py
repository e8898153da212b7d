"""Tables that a query reads, behind views too, and which of their storage engines no consistent snapshot covers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source

if TYPE_CHECKING:
    from sqlalchemy import Connection

Name = tuple[str | None, str]  # schema, where one is named, and table
Tables = Callable[[Name], Sequence[Sequence[Any]]]  # what `_TABLE` answers; nothing for a table that is hidden

# Their transactions are those of other servers, whose snapshots begin when they are first asked.
_ELSEWHERE = frozenset({"FEDERATED", "SPIDER"})
_LEFT_OUT = frozenset({"system", "const", None})  # of tables of one row, which the note leaves out

_PIECE = re.compile(
    r"""'(?:[^'\\]|\\.|'')*(?:'|\\?\Z)|"(?:[^"]|"")+(?:"|\Z)|`(?:[^`]|``)+(?:`|\Z)|[^\W\d]\w*|\S""",
    re.DOTALL,
)
_NAME = re.compile(r'".*"|`.*`|[^\W\d]\w*', re.DOTALL)
_SEQUENCE = re.compile(r"seq_\d+_to_\d+(_step_\d+)?", re.ASCII | re.IGNORECASE)  # MariaDB's, which no list has
_BEFORE_TABLES = frozenset({"FROM", "JOIN", "STRAIGHT_JOIN"})
_WITH_FROM = frozenset({"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"})  # functions that have a FROM of their own

_TABLE = """
SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS
FROM information_schema.TABLES AS t
LEFT JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = COALESCE(%s, DATABASE()) AND t.TABLE_NAME = %s
"""
_VIEW = "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"


def refuse_engines(
    connection: Connection, source: Source, text: str, access: Sequence[str | None], notes: Sequence[str]
) -> list[str]:
    """Return what the server reads: the query, and the definitions of its views.

    `access` is the type of access to each table of the plan, and `notes` the query as EXPLAIN says that the server
    reads it; both are empty where the server hides them from the user. Then, and where the notes leave out tables of
    one row or the text of a CTE, which they name without a schema, the names in the query's `text` tell what it reads.
    Raises `DataRefused` for a table without transactions, and for a view whose tables the user may not know. What
    functions read is not seen.
    """
    read = list(notes) or [text]
    named = [name for note in notes for name in _names(note)]
    names = [name for name in named if name[0] is not None]
    if not notes or len(names) < len(named) or any(each in _LEFT_OUT for each in access):
        names += _names(text, by_hand=True)
    tables = cache(lambda name: connection.exec_driver_sql(_TABLE, name).fetchall())
    seen: set[tuple[str, str]] = set()
    while names:
        for schema, table, kind, engine, transactions in tables(names.pop()):
            if (schema, table) in seen:
                continue
            seen.add((schema, table))
            if kind == "VIEW":
                definition = str(connection.exec_driver_sql(_VIEW, (schema, table)).scalar() or "")
                names += _of_view(tables, source, (schema, table), definition)
                read.append(definition)
            elif engine is not None and (transactions != "YES" or engine.upper() in _ELSEWHERE):
                raise DataRefused(
                    f"Connection {source.connection!r}: {schema}.{table} is a table of the storage engine {engine}, "
                    f"which has no transactions{' of this server' if transactions == 'YES' else ''}: rows that are "
                    "written while the export reads would be in a part of the file.",
                    f"Convert it: ALTER TABLE {schema}.{table} ENGINE = InnoDB; or read a copy of it that is InnoDB.",
                )
    return read


def _of_view(tables: Tables, source: Source, view: tuple[str, str], definition: str) -> list[Name]:
    """Return the tables in a view's definition, which has the schema of each; `DataRefused` where one is hidden."""
    names = [name for name in _names(definition) if not _SEQUENCE.fullmatch(name[1])]
    hidden = [name[0] for name in names if name[0] is not None and not tables(name)]
    if hidden or not definition:
        raise DataRefused(
            f"Connection {source.connection!r}: its user may not see which tables the view {view[0]}.{view[1]} reads, "
            "so nothing says that all of them have transactions, and that a snapshot covers them.",
            f"Let them see it: GRANT SHOW VIEW ON {hidden[0] if hidden else view[0]}.* TO the user, which shows "
            "definitions of views and storage engines, and no rows; for a view that another view reads, GRANT SELECT "
            "on it, too.",
        )
    return names


def _names(text: str, *, by_hand: bool = False) -> Iterator[Name]:
    """Yield the tables that SQL names after FROM and JOIN, as servers write it.

    Text that was written by hand has commas instead of JOIN, too: there, all that may stand for a table is answered,
    with columns and subqueries among it. From its definition on, the name of a CTE without a schema is no table.
    """
    pieces = _PIECE.findall(text)
    opened: list[int] = []
    begun: dict[int, int] = {}  # where each parenthesis that is closed was opened
    ctes: set[str] = set()
    before = ""
    for index, piece in enumerate(pieces):
        schema, point, table, *behind = [*pieces[index : index + 4], "", "", ""]
        may_be_table = before in _BEFORE_TABLES or (by_hand and before in (",", "("))
        called = pieces[opened[-1] - 1].upper() if opened and opened[-1] else ""
        if _NAME.fullmatch(piece) and may_be_table and called not in _WITH_FROM:
            if point != "." and _unquoted(schema) not in ctes:
                yield None, _unquoted(schema)
            elif point == "." and _NAME.fullmatch(table) and behind[0] != ".":
                yield _unquoted(schema), _unquoted(table)
        if piece == "(":
            opened.append(index)
        elif piece == ")" and opened:
            begun[index] = opened.pop()
            if pieces[begun[index] - 1].upper() == "AS":
                name = begun[index] - 2
                ctes.add(_unquoted(pieces[begun.get(name, name + 1) - 1]))
        if piece != "(" or by_hand:
            before = piece.upper()


def _unquoted(name: str) -> str:
    return name[1:-1].replace(name[0] * 2, name[0]) if name[0] in '"`' else name
