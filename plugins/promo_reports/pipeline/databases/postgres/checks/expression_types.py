"""The types of what a plan says, for which PostgreSQL itself is asked.

A plan writes its expressions as SQL. With NULL of the same type in the place of every column, the server tells an
expression's type without reading a row or running it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promo_reports.pipeline.databases.postgres.checks.query_plan import QueryPlan
from promo_reports.sql.references import unquoted

UNKNOWN = 0
Column = tuple[str, str, str]  # schema, table, name

# Possessive, and begun nowhere but at the beginning of a name: so a search takes linear time.
_NAME = r'(?:(?<![a-z0-9_])[a-z_][a-z0-9_]*+|(?<!")"(?:[^"]|"")++")'
# A name with a schema before it, of a function or a type, is no column.
_REFERENCES = re.compile(
    rf"""'(?:[^']|'')*+'|(?P<plan>\((?:hashed )?(?:Init|Sub)Plan \d+\)(?:\.col\d+)?|\$\d+)"""
    rf"|(?<!::)(?P<alias>{_NAME})\.(?P<name>{_NAME})(?!\()"
)
_OF_WINDOW = re.compile(r"(?<=\)) OVER (?:\(\?\)|\w+)")
_PART_OF_ALIAS = re.compile(r"_\d+$")  # PostgreSQL numbers the partitions of a table


class ExpressionTypes:
    """OIDs of the types of a plan's expressions, of a domain that of its base type; `UNKNOWN` where none is told."""

    def __init__(self, cursor: Any, plan: QueryPlan) -> None:
        self._cursor = cursor
        self._relations = plan.relations()
        self._partitioned = {_PART_OF_ALIAS.sub("", alias): table for alias, table in self._relations.items()}
        self._origins = plan.origins()
        self._found: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._columns = _column_types(
            cursor, {each for text in plan.expressions() for each in self._bases(text, set())}
        )

    def columns(self, text: str) -> dict[Column, int]:
        """Return the columns of tables that an expression is made of, and their types, in the order of its text."""
        return {each: self._columns.get(each, UNKNOWN) for each in self._bases(text, set())}

    def texts(self, text: str) -> list[str]:
        """Return the expression, and those that its columns of subqueries stand for."""
        seen: set[str] = set()
        for _ in self._bases(text, seen):
            pass
        return [text, *(origin for each in seen for origin in self._origins[each])]

    def type_of(self, text: str) -> int:
        """Return the type of an expression."""
        if text not in self._found:
            self._found[text] = UNKNOWN  # for an expression that is made of itself
            self._found[text] = self._asked(text)
        return self._found[text]

    def _asked(self, text: str) -> int:
        import psycopg2

        unknown: list[str] = []

        def null(found: re.Match[str]) -> str:
            if found["plan"] is None and found["alias"] is None:
                return found[0]
            name = self._name_of(found)
            if name is None:
                unknown.append(found[0])
            return f"CAST(NULL AS {name})"

        written = _OF_WINDOW.sub(" OVER ()", _REFERENCES.sub(null, text))
        if unknown:
            return UNKNOWN
        self._cursor.execute("SAVEPOINT promo_reports")
        try:
            self._cursor.execute(f"SELECT {written} LIMIT 0")
            found = int(self._cursor.description[0].type_code)
        except (psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError):
            found = UNKNOWN
            self._cursor.execute("ROLLBACK TO SAVEPOINT promo_reports")
        self._cursor.execute("RELEASE SAVEPOINT promo_reports")
        return found

    def _name_of(self, found: re.Match[str]) -> str | None:
        """Return the name of the type of what a reference stands for."""
        if found["alias"] is not None and (base := self._base(found)) is not None:
            kind = self._columns.get(base, UNKNOWN)
        else:
            kinds = {self.type_of(each) for each in self._origins.get(found[0], ())}
            kind = kinds.pop() if len(kinds) == 1 else UNKNOWN
        if kind == UNKNOWN:
            return None
        if kind not in self._names:
            self._cursor.execute("SELECT pg_catalog.format_type(%s, NULL)", (kind,))
            self._names[kind] = str(self._cursor.fetchone()[0])
        return self._names[kind]

    def _bases(self, text: str, seen: set[str]) -> Iterator[Column]:
        for found in _REFERENCES.finditer(text):
            if found["alias"] is not None and (base := self._base(found)) is not None:
                yield base
            elif found[0] in self._origins and found[0] not in seen:
                seen.add(found[0])
                for origin in self._origins[found[0]]:
                    yield from self._bases(origin, seen)

    def _base(self, found: re.Match[str]) -> Column | None:
        alias = unquoted(found["alias"])
        relation = self._relations.get(alias)
        if relation is None and found[0] not in self._origins:
            relation = self._partitioned.get(alias)
        return None if relation is None else (*relation, unquoted(found["name"]))


def _column_types(cursor: Any, columns: set[Column]) -> dict[Column, int]:
    """OIDs of the columns' types, of a domain that of its base type."""
    if not columns:
        return {}
    cursor.execute(
        """WITH RECURSIVE kinds (nspname, relname, attname, kind) AS (
            SELECT n.nspname, c.relname, a.attname, a.atttypid
            FROM pg_attribute AS a
            JOIN pg_class AS c ON c.oid = a.attrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE (n.nspname, c.relname, a.attname) IN %s
            UNION ALL
            SELECT kinds.nspname, kinds.relname, kinds.attname, t.typbasetype
            FROM kinds
            JOIN pg_type AS t ON t.oid = kinds.kind
            WHERE t.typbasetype <> 0
        )
        SELECT CAST(nspname AS text), CAST(relname AS text), CAST(attname AS text), CAST(kind AS bigint) FROM kinds
        JOIN pg_type AS t ON t.oid = kinds.kind AND t.typbasetype = 0""",
        (tuple(sorted(columns)),),
    )
    return {(schema, table, name): int(kind) for schema, table, name, kind in cursor.fetchall()}
