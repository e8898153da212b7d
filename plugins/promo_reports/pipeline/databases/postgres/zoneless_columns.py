"""Columns without time zone that a query turns into instants by the session's timezone, as its plan shows.

That finds what `window_bounds` cannot ask about: a cast to `timestamptz` in a view, a `timestamp` that is compared with
`{{ window.start }} - interval '1 day'`, or with the column of another table that has a time zone. What a function does
by itself, and texts that have no offset, are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.postgres.query_columns import DATE, TIMESTAMP, TIMESTAMPTZ
from promo_reports.pipeline.databases.postgres.query_plan import QueryPlan

# Possessive, and begun nowhere but at the beginning of a name: so a search takes linear time.
_NAME = r'(?<![a-z0-9_])[a-z_][a-z0-9_]*+|(?<!")"(?:[^"]|"")++"'
_COLUMN = rf"(?P<alias>{_NAME})\.(?P<name>{_NAME})"
_COLUMNS = re.compile(_COLUMN)
# What is of the type of the column: of a domain, of a group, with an interval.
_OF_DOMAIN = rf"\({_COLUMN}\)::timestamp with time zone"
_FORMS = [
    re.compile(form)
    for form in (
        _COLUMN,
        _OF_DOMAIN,
        rf"(?:min|max)\({_COLUMN}\)",
        rf"(?:min|max)\({_OF_DOMAIN}\)",
        rf"\({_COLUMN} [+-] .*::interval\)",
    )
]
_CAST = re.compile(r"::timestamp(?:\(\d\))? with time zone")
_OPERATOR = re.compile(r" (?:<|<=|>|>=|=|<>) ")
_INSTANT = re.compile(r"'[^']*'::timestamp(?:\(\d\))? with time zone")
# What makes a local time of an instant on purpose.
_LOCAL = re.compile(r" AT TIME ZONE |\btimezone\(|\bdate\(|\)::date\b")
_QUOTED_OR_PARENTHESIS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""")

Column = tuple[str, str, str]  # schema, table, name


def check_zoneless_columns(cursor: Any, plan: QueryPlan, report_type: ReportType) -> None:
    """Raise `DataRefused` for the first column without time zone that is cast to an instant, or compared with one."""
    relations, origins = plan.relations(), plan.origins()

    def column(side: str) -> Column | None:
        found = next((found for form in _FORMS if (found := form.fullmatch(side))), None)
        if found is None or _unquoted(found["alias"]) not in relations:
            return None
        return (*relations[_unquoted(found["alias"])], _unquoted(found["name"]))

    def resolved(side: str) -> str:
        for _ in origins:
            side = origins.get(side, side)
        return side

    casts = {
        found
        for each in plan.expressions()
        for name in _cast_columns(each)
        if (found := column(resolved(name))) is not None
    }
    compared: set[tuple[Column, Column | None]] = set()
    for left, right in (map(resolved, sides) for each in plan.expressions() for sides in _comparisons(each)):
        for one, other in ((left, right), (right, left)):
            plain, beside = column(one), column(other)
            if plain is not None and (beside is not None or _is_instant(other)):
                compared.add((plain, beside))
    united = [{found for each in parts if (found := column(resolved(each)))} for parts in plan.united()]

    types = _types(cursor, casts.union(*united, *({each for each in pair if each} for pair in compared)))
    for each in sorted(casts):
        if types.get(each) == TIMESTAMP:
            raise _refused(report_type, each, "casts to timestamptz")
    for plain, beside in sorted(compared, key=str):
        if types.get(plain) in (TIMESTAMP, DATE) and (beside is None or types.get(beside) == TIMESTAMPTZ):
            raise _refused(report_type, plain, "compares with an instant")
    for parts in united:
        kinds = {types.get(each): each for each in sorted(parts)}
        if kinds.keys() >= {TIMESTAMP, TIMESTAMPTZ}:
            raise _refused(report_type, kinds[TIMESTAMP], "unites with instants")


def _cast_columns(expression: str) -> Iterator[str]:
    """The columns that `(...)::timestamp with time zone` makes an instant of, by no timezone of their own."""
    for inner, end in _parenthesized(expression):
        if _CAST.match(expression, end) and _LOCAL.search(inner) is None:
            yield from (found[0] for found in _COLUMNS.finditer(inner))


def _comparisons(expression: str) -> Iterator[tuple[str, str]]:
    """Both sides of each comparison, which PostgreSQL writes in parentheses of their own."""
    for inner, _ in _parenthesized(expression):
        sides = _sides(inner)
        if sides is not None:
            yield sides


def _parenthesized(expression: str) -> Iterator[tuple[str, int]]:
    """What stands in each pair of parentheses, and where the expression goes on behind it."""
    opened: list[int] = []
    for found in _QUOTED_OR_PARENTHESIS.finditer(expression):
        if found[0] == "(":
            opened.append(found.end())
        elif found[0] == ")" and opened:
            yield expression[opened.pop() : found.start()], found.end()


def _sides(inner: str) -> tuple[str, str] | None:
    """`a` and `b` of `a < b`; None where no operator stands outside of parentheses and quotes, or several do."""
    flat = _hidden(inner)
    operators = list(_OPERATOR.finditer(flat))
    if len(operators) != 1:
        return None
    (operator,) = operators
    return inner[: operator.start()], inner[operator.end() :]


def _hidden(text: str) -> str:
    """The text with all that stands in parentheses or quotes replaced by as many dots."""
    pieces, depth, at = list(text), 0, 0
    for found in _QUOTED_OR_PARENTHESIS.finditer(text):
        if depth:
            pieces[at : found.start()] = "." * (found.start() - at)
        pieces[found.start() : found.end()] = "." * len(found[0])
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        at = found.end()
    return "".join(pieces)


def _is_instant(side: str) -> bool:
    return _INSTANT.search(side) is not None and _LOCAL.search(side) is None


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _types(cursor: Any, columns: set[Column]) -> dict[Column, int]:
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


def _refused(report_type: ReportType, column: Column, how: str) -> DataRefused:
    schema, table, name = column
    return DataRefused(
        f"Report type {report_type.id!r} {how} the column {name!r} of {schema}.{table}, which has no time zone: "
        "PostgreSQL would take its times for those of the report's timezone.",
        f"Say which zone its times are in, in the SQL or in the view: {name} AT TIME ZONE 'UTC'.",
    )
