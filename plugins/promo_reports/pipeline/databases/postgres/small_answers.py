"""Small answers of PostgreSQL, as the texts that it sends: totals, borders of ranges, values of filters."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from promo_reports.pipeline.databases.postgres.checks.query_columns import BOOLEAN, FLOATS, TIMESTAMP, TIMESTAMPTZ
from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.pipeline.databases.source import Option, values_and_titles
from promo_reports.sql.bound import BoundQuery


def rows_as_sent(cursor: Any, query: BoundQuery) -> list[Sequence[Any]]:
    """Return all rows of a query; None is NULL."""
    from psycopg2.extensions import new_type, register_type, string_types

    register_type(new_type(tuple(string_types), "AS_SENT", lambda value, _: value), cursor)
    cursor.execute(query.pyformat(), literals(query.values))
    return list(cursor.fetchall())


def filter_options(cursor: Any, query: BoundQuery) -> list[Option]:
    """Return the values that an options query answers.

    They are bound as texts, which PostgreSQL reads as values of the type that they are compared with.
    """
    rows = rows_as_sent(cursor, query)
    former = _former_text(cursor.description[0].type_code)
    return [Option(value, value, title, former(value)) for value, title in values_and_titles(rows)]


def _former_text(type_code: int) -> Callable[[str], str | None]:
    """A function from a text of a type to what releases chose that took it through Python; None where it was equal."""
    if type_code == BOOLEAN:
        return {"t": "True", "f": "False"}.get
    if type_code in FLOATS:
        return lambda text: str(float(text))
    if type_code in (TIMESTAMP, TIMESTAMPTZ):
        return _former_time
    return lambda text: None


def _former_time(text: str) -> str | None:
    with contextlib.suppress(ValueError):  # infinite, or of another era
        return str(datetime.fromisoformat(text))
    return None
