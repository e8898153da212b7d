"""The columns of a query, and the OIDs of the built-in types, which are the same on every server."""

from __future__ import annotations

from typing import Any

from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.sql.bound import BoundQuery

BOOLEAN, NAME, BIGINT, SMALLINT, INTEGER, TEXT, OID, REAL, DOUBLE = 16, 19, 20, 21, 23, 25, 26, 700, 701
VARCHAR, DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC, UUID = 1043, 1082, 1114, 1184, 1700, 2950
TIMESTAMPS, DATES, TIMESTAMPTZS = 1115, 1182, 1185  # arrays of them
FLOATS = frozenset({REAL, DOUBLE})


def columns_of(cursor: Any, query: BoundQuery) -> dict[str, int]:
    """Return the OIDs of the types of a query's columns by their names, of a domain that of its base type."""
    described = f"SELECT * FROM (\n{query.pyformat()}\n) AS described LIMIT 0"  # noqa: S608 - no value is in it
    cursor.execute(described, literals(query.values))
    return {column.name: column.type_code for column in cursor.description}
