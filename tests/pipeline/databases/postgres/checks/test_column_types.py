"""What PostgreSQL sends is of the declared type, column by column, before a row is read."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from promo_reports.domain.report_type import ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.preview import preview
from tests.support.databases.promo import (
    HEADER,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    Move,
    PostgresPromo,
    Project,
    content,
    export,
)

INTEGER, TIMESTAMP, DECIMAL, DATE, BOOLEAN = "id", "recorded_at", "rate", "day", "active"


def write(project: Project, column: str, expression: str) -> None:
    selected = re.sub(rf"m\.{column}\b", f"{expression} AS {column}", SELECT)
    project.write(selected + WHERE + (ORDER if column != "id" else "ORDER BY m.moved_at, id\n"))


@pytest.mark.parametrize(
    ("column", "expression", "found", "fix"),
    [
        (INTEGER, "'abc'", "is declared integer, but its SQL says text", "CAST(t.id AS bigint) AS id"),
        (INTEGER, "1.5", "numeric with digits after the point", "bigint"),
        (INTEGER, "1.50::numeric(10, 2)", "numeric with digits after the point", "bigint"),
        (INTEGER, "1::float8", "double precision", "bigint"),
        (INTEGER, "true", "boolean", "bigint"),
        (DECIMAL, "12.5::money", "is declared decimal, but its SQL says money", "CAST(t.rate AS numeric) AS rate"),
        (DECIMAL, "'=1+1'", "text", "numeric"),
        (DECIMAL, "'12.50'::varchar(9)", "character varying", "numeric"),
        (DECIMAL, "0.1::float8", "double precision, whose digits are not exact", "Declare its scale"),
        (DECIMAL, "0.1::real", "real, whose digits are not exact", "Declare its scale"),
        (DECIMAL, "ARRAY[1]", "integer[]", "numeric"),
        (BOOLEAN, "1", "is declared boolean, but its SQL says integer", "CAST(t.active AS boolean)"),
        (BOOLEAN, "'yes'", "text", "boolean"),
        (DATE, "m.moved_at", "is declared date, but its SQL says timestamp with time zone", "CAST(t.day AS date)"),
        (DATE, "'2026-01-01'", "text", "date"),
        (DATE, "timestamp '2026-01-01'", "timestamp without time zone", "date"),
        (TIMESTAMP, "timestamp '2026-03-01 12:00'", "timestamp without time zone", "AT TIME ZONE 'UTC'"),
        (TIMESTAMP, "m.moved_at::date", "is not of type timestamptz, but date", "AT TIME ZONE 'UTC'"),
        (TIMESTAMP, "'2026-03-01 12:00:00'", "text", "AT TIME ZONE 'UTC'"),
    ],
)
def test_other_types_are_refused(
    column: str, expression: str, found: str, fix: str, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.load(Move(1))
    write(project, column, expression)
    with pytest.raises(DataRefused, match=rf"Column '{column}' of report type 'moves' .*{re.escape(found)}") as refused:
        project.make(on_postgres.source)
    assert fix in refused.value.fix
    assert project.left == []


@pytest.mark.parametrize(
    ("column", "expression", "cell"),
    [
        (INTEGER, "7::smallint", "7"),
        (INTEGER, "(SELECT sum(n) FROM (VALUES (7::bigint), (8)) AS given (n))", "15"),
        (INTEGER, "7::whole", "7"),
        (DECIMAL, "7", "7"),
        (DECIMAL, "7.50::exact", "7.50"),
        (DECIMAL, "NULL", ""),
        (DATE, "'2026-01-02'::some_day", "2026-01-02"),
        (DATE, "NULL", ""),
        (BOOLEAN, "m.id = 1", "t"),
        (BOOLEAN, "NULL", ""),
        (TIMESTAMP, "m.moved_at::moment", "2026-03-01 12:00:00+00"),
        (TIMESTAMP, "NULL", ""),
        ("note", "m.moved_at::timestamp", "2026-03-01 12:00:00"),
        ("note", "7", "7"),
        ("note", "m.points > 0", "t"),
    ],
)
def test_types_that_mean_the_same_are_exported(
    column: str, expression: str, cell: str, on_postgres: PostgresPromo, project: Project
) -> None:
    domains = {"whole": "integer", "exact": "numeric(9, 2)", "some_day": "date", "moment": "timestamptz"}
    on_postgres.load(Move(1))
    on_postgres.execute(*(f"CREATE DOMAIN {name} AS {base}" for name, base in domains.items()))
    try:
        write(project, column, expression)
        whole = content(project.make(on_postgres.source)).decode()
    finally:
        on_postgres.execute(f"DROP DOMAIN {', '.join(domains)}")
    names, cells = whole.removesuffix("\n").split("\n")
    assert dict(zip(names.split(","), cells.split(","), strict=True))[column] == cell
    assert whole.startswith(HEADER)


def test_types_are_checked_where_there_is_no_row(on_postgres: PostgresPromo, project: Project) -> None:
    write(project, "rate", "m.note::json")
    with pytest.raises(DataRefused, match="is declared decimal, but its SQL says json"):
        project.make(on_postgres.source)


def test_a_preview_checks_types_too(on_postgres: PostgresPromo, project: Project) -> None:
    write(project, "rate", "12.5::money")
    with pytest.raises(DataRefused, match="money"):
        preview(export(), on_postgres.source, project.settings, 5)


def test_text_may_be_of_any_type(on_postgres: PostgresPromo, project: Project) -> None:
    columns = tuple(replace(column, type=ColumnType.TEXT, scale=None, total=False) for column in MOVES.columns)
    texts = replace(MOVES, columns=columns, window_column=None, recorded_column=None, totals_by=None)
    on_postgres.load(Move(1))
    project.write(
        SELECT
        + WHERE.replace('window.covers("m.moved_at")', "window.start }} <= m.moved_at AND m.moved_at < {{ window.end")
        + ORDER
    )
    assert content(project.make(on_postgres.source, export(report_type=texts))).decode().startswith(HEADER + "1,2026")
