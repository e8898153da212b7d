"""Whether a query compares the window's ends, or the snapshot's instant, with instants.

PostgreSQL takes a `timestamp` without time zone, or a `date`, for a time of the session's timezone where it is compared
with an instant: the rows of another window would be exported. `PREPARE` tells without reading a row what a parameter is
taken for.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.postgres.checks.query_columns import DATE, TIMESTAMP
from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.sql.bound import BoundQuery

_WITHOUT_ZONE = {TIMESTAMP: "timestamp without time zone", DATE: "date"}
_COLUMN = r'((?:[\w$]+|"[^"]+")(?:\.(?:[\w$]+|"[^"]+"))?)'
_AFTER = re.compile(rf"\s*(?:[<>]=?|=|<>|!=)\s*{_COLUMN}")
# Of the text that is before a parameter, read from its end: only so it is not begun anew at each character.
_BEFORE = re.compile(rf"\s*(?:=[<>!]?|><|[<>]|(?:DNA\s+\S+\s+)?NEEWTEB\b)\s*{_COLUMN}", re.IGNORECASE)


def check_window_bounds(cursor: Any, rows: BoundQuery, report_type: ReportType) -> None:
    """Raise `DataRefused` for the first bound that PostgreSQL takes for a time without zone.

    All of them are asked about at once. Where PostgreSQL cannot tell the type of one without a cast, as in
    `{{ window.start }} - interval '1 day'`, each is asked about alone, and that one is left to the check of the plan.
    """
    bounds = [name for name, value in rows.values.items() if isinstance(value, datetime)]
    asked, places = rows.numbered(bounds)
    if not places:
        return
    types = _parameter_types(cursor, asked)
    if types is None:
        types = []
        for place in range(len(places)):
            alone, _ = rows.numbered(bounds, only=place)
            types += _parameter_types(cursor, alone) or [0]
    for place, (name, type_code) in enumerate(zip(places, types, strict=True)):
        if type_code in _WITHOUT_ZONE:
            raise _refused(report_type, name, _compared_with(asked.text, place + 1), _WITHOUT_ZONE[type_code])


def _parameter_types(cursor: Any, query: BoundQuery) -> list[int] | None:
    """Return what PostgreSQL takes the parameters `$1`, `$2` ... for; None where it cannot tell.

    The statement is gone when this returns, so that a pooler hands it to nobody; its name is in no other session.
    """
    import psycopg2

    name = f"promo_reports_{secrets.token_hex(8)}"
    cursor.execute("SAVEPOINT promo_reports")
    try:
        cursor.execute(f"PREPARE {name} AS\n{query.pyformat()}", literals(query.values))
    except psycopg2.ProgrammingError:
        cursor.execute("ROLLBACK TO SAVEPOINT promo_reports")
        cursor.execute("RELEASE SAVEPOINT promo_reports")
        return None
    cursor.execute("RELEASE SAVEPOINT promo_reports")  # within it, the snapshot could not be shared
    cursor.execute(
        "SELECT CAST(kind AS oid) FROM pg_catalog.pg_prepared_statements AS prepared, "
        "pg_catalog.unnest(prepared.parameter_types) WITH ORDINALITY AS parameter (kind, place) "
        "WHERE prepared.name = %s ORDER BY place",
        (name,),
    )
    types = [int(kind) for (kind,) in cursor.fetchall()]
    cursor.execute(f"DEALLOCATE {name}")
    return types


def _compared_with(text: str, number: int) -> str:
    """Return the column beside a parameter, as the SQL writes it."""
    mark = f"${number}"
    start = text.index(mark)
    while text[start + len(mark) :][:1].isdigit():
        start = text.index(mark, start + 1)
    if before := _BEFORE.match(text[:start][::-1]):
        return before[1][::-1]
    after = _AFTER.match(text[start + len(mark) :])
    return after[1] if after else ""


def _refused(report_type: ReportType, bound: str, column: str, kind: str) -> DataRefused:
    called = bound.replace("window_", "window.")
    what, example = column or "an expression", column or "t.column"
    cast = f"{example} AT TIME ZONE 'UTC'" if kind != "date" else f"CAST({example} AS timestamp) AT TIME ZONE 'UTC'"
    return DataRefused(
        f"Report type {report_type.id!r} compares {called} with {what}, which is of type {kind}: PostgreSQL would take "
        f"its times for those of the report's timezone.",
        f"Say which zone its times are in, in a subquery or a view: {cast}; and compare {called} without a cast.",
    )
