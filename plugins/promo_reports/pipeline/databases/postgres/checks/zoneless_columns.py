"""Times without time zone that a query turns into instants by the session's timezone, as its plan shows.

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
from promo_reports.pipeline.databases.postgres.checks.expression_types import Column, ExpressionTypes
from promo_reports.pipeline.databases.postgres.checks.plan_expressions import comparison, hidden, parenthesized
from promo_reports.pipeline.databases.postgres.checks.query_columns import (
    DATE,
    DATES,
    TIMESTAMP,
    TIMESTAMPS,
    TIMESTAMPTZ,
    TIMESTAMPTZS,
)
from promo_reports.pipeline.databases.postgres.checks.query_plan import QueryPlan

_ELEMENTS = {DATES: DATE, TIMESTAMPS: TIMESTAMP, TIMESTAMPTZS: TIMESTAMPTZ}
_CAST = re.compile(r"::timestamp(?:\(\d\))? with time zone")
_OF_ANY = re.compile(r"(?:ANY|ALL) (?=\()")
_ZONELESS = frozenset({TIMESTAMP, DATE, TIMESTAMPS, DATES})
_INSTANT = re.compile(r"'[^']*'::timestamp(?:\(\d\))? with time zone")
_MAKES_ZONELESS = re.compile(r" AT TIME ZONE |\btimezone\(|::timestamp|::date|date\(|timestamp\(")
_AT_TIME_ZONE = re.compile(
    r"(?: AT TIME ZONE |\btimezone\()(?:'(?P<zone>[^']*)'|(?P<own>\(?current_setting\('timezone'))?", re.IGNORECASE
)
# A cast of an instant, which makes a local time of it on purpose.
_LOCAL_CAST = re.compile(r"::date\b|::timestamp(?:\(\d\))? without")
_LOCAL_CALL = re.compile(r"\b(?:date|timestamp)\($")
_LOCAL = re.compile(r" AT TIME ZONE |\btimezone\(|\bdate\(|\)::date\b")


def check_zoneless_columns(cursor: Any, plan: QueryPlan, report_type: ReportType, timezone: str) -> None:
    """Raise `DataRefused` for the first time without time zone that is cast to an instant, or compared with one.

    `timezone` is the session's, in which a query may make a local time of an instant on purpose.
    """
    types = ExpressionTypes(cursor, plan)

    def is_zoneless(text: str, *kinds: int) -> bool:
        """Whether a row's time without zone, of one of these types, would be taken for one of the report's timezone."""
        columns, texts = frozenset(types.columns(text).values()), types.texts(text)
        if not columns or _element(types.type_of(text)) not in kinds or any(map(is_made_local, texts)):
            return False
        zones = [found for each in texts for found in _AT_TIME_ZONE.finditer(each)]
        of_others = any(found["own"] is None and found["zone"] != timezone for found in zones)
        return bool(columns & _ZONELESS) or TIMESTAMPTZ not in columns or of_others

    def is_made_local(text: str) -> bool:
        return any(
            types.type_of(inner) == TIMESTAMPTZ
            for inner, end in parenthesized(text)
            if _LOCAL_CAST.match(text, end) or _LOCAL_CALL.search(text[: end - len(inner) - 1])
        )

    def refused(text: str, how: str) -> DataRefused:
        columns = types.columns(text)
        zoneless = next((each for each, kind in columns.items() if kind in (TIMESTAMP, DATE)), None)
        return _refused(report_type, zoneless or next(iter(columns)), how, made=zoneless is None)

    for expression in sorted(set(plan.expressions())):
        for inner, end in parenthesized(expression):
            if _CAST.match(expression, end) and _may_be_zoneless(types, inner) and is_zoneless(inner, TIMESTAMP):
                raise refused(inner, "casts to timestamptz")
        for sides in _comparisons(expression):
            if not any(_may_be_zoneless(types, side) for side in sides):
                continue
            for one, other in (sides, sides[::-1]):
                if is_zoneless(one, TIMESTAMP, DATE) and (
                    _element(types.type_of(other)) == TIMESTAMPTZ or _is_instant(other)
                ):
                    raise refused(one, "compares with an instant")
    for parts in plan.united():
        if any(_may_be_zoneless(types, part) for part in parts):
            zoneless = next((part for part in parts if is_zoneless(part, TIMESTAMP)), None)
            if zoneless is not None and TIMESTAMPTZ in map(types.type_of, parts):
                raise refused(zoneless, "unites with instants")


def _may_be_zoneless(types: ExpressionTypes, text: str) -> bool:
    """Return whether the expression may contain a time without zone, so that the server must be asked."""
    return not _ZONELESS.isdisjoint(types.columns(text).values()) or any(
        _MAKES_ZONELESS.search(each) for each in types.texts(text)
    )


def _element(kind: int) -> int:
    return _ELEMENTS.get(kind, kind)


def _comparisons(expression: str) -> Iterator[tuple[str, str]]:
    """Yield both sides of each comparison, which PostgreSQL writes in parentheses of their own; of rows, each pair."""
    for inner, _ in parenthesized(expression):
        compared = comparison(inner)
        if compared is None:
            continue
        operator, *operands = compared
        left, right = (_OF_ANY.sub("", each, count=1) for each in operands)
        lists = [_items(each) for each in (left, right)]
        if operator == "OVERLAPS":
            yield from ((one, other) for one in lists[0] for other in lists[1])
        elif len(lists[0]) == len(lists[1]) > 1:
            yield from zip(*lists, strict=True)
        else:
            yield left, right


def _items(side: str) -> list[str]:
    """Return the members of `ROW(a, b)` or `(a, b)`; of anything else, itself."""
    inner = next((inner for inner, end in parenthesized(side) if end == len(side)), None)
    if inner is None or side not in (f"({inner})", f"ROW({inner})"):
        return [side]
    items, begin = [], 0
    for length in map(len, hidden(inner).split(", ")):
        items.append(inner[begin : begin + length])
        begin += length + 2
    return items


def _is_instant(side: str) -> bool:
    return _INSTANT.search(side) is not None and _LOCAL.search(side) is None


def _refused(report_type: ReportType, column: Column, how: str, *, made: bool) -> DataRefused:
    schema, table, name = column
    if made:
        return DataRefused(
            f"Report type {report_type.id!r} {how} a time without time zone, which it makes of the column {name!r} of "
            f"{schema}.{table}: PostgreSQL would take it for a time of the report's timezone.",
            "Compare instants with instants: leave AT TIME ZONE out, or write it once more behind the expression, "
            "which makes an instant of it again.",
        )
    return DataRefused(
        f"Report type {report_type.id!r} {how} the column {name!r} of {schema}.{table}, which has no time zone: "
        "PostgreSQL would take its times for those of the report's timezone.",
        f"Say which zone its times are in, in the SQL or in the view: {name} AT TIME ZONE 'UTC'.",
    )
