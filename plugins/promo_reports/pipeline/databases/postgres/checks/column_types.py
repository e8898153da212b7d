"""Whether a query's columns are of the types that the report type declares; a domain counts as its base type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.postgres.checks.query_columns import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOATS,
    INTEGER,
    NUMERIC,
    OID,
    SMALLINT,
    TEXT,
    TIMESTAMPTZ,
)
from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.sql.bound import BoundQuery

_WHOLE = frozenset({BIGINT, SMALLINT, INTEGER, OID})
_ACCEPTED = {
    ColumnType.INTEGER: _WHOLE | {NUMERIC},
    ColumnType.DECIMAL: _WHOLE | FLOATS | {NUMERIC},
    ColumnType.BOOLEAN: frozenset({BOOLEAN}),
    ColumnType.DATE: frozenset({DATE}),
    ColumnType.TIMESTAMP: frozenset({TIMESTAMPTZ}),
}
_CAST_TO = {
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
}


def check_column_types(cursor: Any, rows: BoundQuery, types: Mapping[str, int], report_type: ReportType) -> None:
    """Raise `DataRefused` for the first column whose values may be others than its declared type has.

    `types` are those of the query's columns, by name.
    Any type may be declared text. A column that is nothing but NULL may be declared anything: PostgreSQL takes it for
    text. The values are looked at only where the type leaves open what they are.
    """

    def is_any(condition: str) -> bool:
        body = f"(\n{rows.pyformat()}\n) AS described"
        cursor.execute(f"SELECT EXISTS (SELECT FROM {body} WHERE {condition})", literals(rows.values))  # noqa: S608
        return bool(cursor.fetchone()[0])

    for column in report_type.columns:
        if column.type is ColumnType.TEXT:
            continue
        found, cell = types[column.name], f"described.{column.name}"
        if found not in _ACCEPTED[column.type]:
            if found != TEXT or is_any(f"{cell} IS NOT NULL"):
                raise _refused(report_type, column, _type_name(cursor, found))
        elif found in FLOATS and column.scale is None:
            raise DataRefused(
                f"Column {column.name!r} of report type {report_type.id!r} is of type "
                f"{_type_name(cursor, found)}, whose digits are not exact.",
                f"Declare its scale, to which it is then rounded, or cast it in the report type's SQL: "
                f"CAST(t.{column.name} AS numeric) AS {column.name}.",
            )
        elif (
            # A sum of integers is numeric: what counts is how its values are written.
            found == NUMERIC
            and column.type is ColumnType.INTEGER
            and is_any(f"pg_catalog.scale({cell}) IS DISTINCT FROM 0 AND {cell} IS NOT NULL")
        ):
            raise _refused(report_type, column, "numeric with digits after the point")


def _type_name(cursor: Any, type_code: int) -> str:
    cursor.execute("SELECT pg_catalog.format_type(%s, NULL)", (type_code,))
    return str(cursor.fetchone()[0])


def _refused(report_type: ReportType, column: Column, found: str) -> DataRefused:
    name = column.name
    if column.type is ColumnType.TIMESTAMP:
        return DataRefused(
            f"Column {name!r} of report type {report_type.id!r} is not of type timestamptz, but {found}.",
            f"In its SQL, say which zone its times are in, also where the window is: "
            f"t.{name} AT TIME ZONE 'UTC' AS {name}.",
        )
    return DataRefused(
        f"Column {name!r} of report type {report_type.id!r} is declared {column.type.value}, but its SQL says {found}.",
        f"Cast it in the report type's SQL, CAST(t.{name} AS {_CAST_TO[column.type]}) AS {name}, or declare it as the "
        "type that it is; text takes any.",
    )
