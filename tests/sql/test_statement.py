"""One SELECT that names its columns, in the report type's order; each message has the template's file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promo_reports.errors import SqlTemplateError
from promo_reports.sql.template import Parameters
from tests.support.databases.sql_samples import COLUMNS, ORDER, PLAIN, PLAIN_WHERE, WINDOW, load, load_plain

WITH = "WITH recent AS (\n    SELECT t.id, t.moved_at FROM ledger t\n)\n"


def refusal(root: Path, template: str) -> str:
    with pytest.raises(SqlTemplateError) as refused:
        load(root, template, PLAIN)
    return str(refused.value).replace(str(root / "ledger.sql"), "ledger.sql")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "ledger.sql: holds no statement"),
        ("-- nothing\n{# here #}\n", "ledger.sql: holds no statement"),
        ("SELECT 1;", "ledger.sql:1: must be one statement without a semicolon"),
        (COLUMNS + PLAIN_WHERE + ORDER + ";\nSELECT 2", "ledger.sql:5: must be one statement without a semicolon"),
        (COLUMNS + PLAIN_WHERE + ORDER + "; DROP TABLE ledger", "ledger.sql:5: must be one statement"),
        ("UPDATE ledger SET id = 1", "ledger.sql:1: must be a SELECT, and starts with UPDATE"),
        ("\n\nDROP TABLE ledger", "ledger.sql:3: must be a SELECT, and starts with DROP"),
        ("VALUES (1)", "ledger.sql:1: must be a SELECT, and starts with VALUES"),
        ("(SELECT 1)", "ledger.sql:1: must be a SELECT, and starts with ("),
        ('"SELECT" 1', 'ledger.sql:1: must be a SELECT, and starts with "SELECT"'),
        (WITH + "TABLE recent", "ledger.sql:1: must be a SELECT, and starts with WITH"),
        (WITH + "DELETE FROM ledger WHERE id IN (SELECT id FROM recent)", "ledger.sql:1: must be a SELECT"),
        (
            "WITH gone AS (\n    DELETE FROM ledger RETURNING id\n)\nSELECT gone.id FROM gone",
            "ledger.sql:2: must only read, and says DELETE",
        ),
        ("WITH n AS (insert into ledger values (1)) SELECT 1", "ledger.sql:1: must only read, and says INSERT"),
        ("WITH n AS (Update ledger SET id = 1) SELECT 1", "ledger.sql:1: must only read, and says UPDATE"),
        ("WITH n AS (MERGE INTO ledger USING x ON a) SELECT 1", "ledger.sql:1: must only read, and says MERGE"),
        ("SELECT t.id\nINTO copy_of_it\nFROM ledger t", "ledger.sql:2: must only read, and says INTO"),
        ("SELECT 1 INTO/**/OUTFILE '/tmp/x'", "ledger.sql:1: must only read, and says INTO"),
        ("SELECT *\nFROM ledger", "ledger.sql:1: SELECT * is refused Name the columns."),
        ("SELECT\n    t.*\nFROM ledger t", "ledger.sql:2: SELECT * is refused"),
        ("SELECT t.id, * FROM ledger t", "ledger.sql:1: SELECT * is refused"),
        ("SELECT DISTINCT * FROM ledger", "ledger.sql:1: SELECT * is refused"),
        ("SELECT DISTINCT ON (a) * FROM ledger", "ledger.sql:1: SELECT * is refused"),
        ("SELECT ALL/* all */* FROM ledger", "ledger.sql:1: SELECT * is refused"),
        ("SELECT t.id FROM (SELECT * FROM ledger) t", "ledger.sql:1: SELECT * is refused"),
        ("SELECT (t).* FROM ledger t", "ledger.sql:1: SELECT * is refused"),
        ("SELECT 'open FROM ledger", "ledger.sql:1: opens a quote"),
        ("SELECT 1\nWHERE a < CAST({{ window.start }} AS timestamp)", "ledger.sql:2: casts the window"),
        ("SELECT 1 WHERE a < cast( {{ window.end }} as DATE)", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE a < {{ window.start }}::timestamp", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE a < {{ window.start }} :: date", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE a < CAST((({{ window.start }})) AS text)", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE b AND ({{ window.start }})::text > a", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE a < timestamp {{ window.start }}", "ledger.sql:1: casts the window"),
        ("SELECT 1 WHERE a < timestamp with time zone {{ window.start }}", "ledger.sql:1: casts the window"),
        ("SELECT 1) AS report; DROP TABLE x; --", "ledger.sql:1: closes a parenthesis that it has not opened"),
        ("SELECT $$ ; $$", "ledger.sql:1: has a $-quoted text, which not every database knows"),
    ],
)
def test_other_statements_are_refused(template: str, message: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, template).startswith(message)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("", "ledger.sql: has no ORDER BY at its end Order it by moved_at, id."),
        ("-- ORDER BY t.moved_at, t.id", "ledger.sql: has no ORDER BY at its end"),
        ("AND 'ORDER BY t.moved_at, t.id' = ''", "ledger.sql: has no ORDER BY at its end"),
        ("ORDER BY t.id", "ledger.sql:4: orders by t.id The report type's order is moved_at, id."),
        ("ORDER BY t.id, t.moved_at", "ledger.sql:4: orders by t.id, t.moved_at"),
        ("ORDER BY t.moved_at, t.id, t.note", "ledger.sql:4: orders by t.moved_at, t.id, t.note"),
        ("\nORDER BY t.moved_at DESC, t.id", "ledger.sql:5: orders by t.moved_at DESC, t.id"),
        ("ORDER BY t.moved_at, t.id NULLS FIRST", "ledger.sql:4: orders by t.moved_at, t.id NULLS FIRST"),
        ("ORDER BY date(t.moved_at), t.id", "ledger.sql:4: orders by date (t.moved_at), t.id"),
        ("ORDER BY 2, 1", "ledger.sql:4: orders by 2, 1"),
        ("ORDER BY t.moved_at, t.id,", "ledger.sql:4: orders by t.moved_at, t.id,"),
        ("ORDER BY", "ledger.sql:4: orders by nothing"),
        (ORDER + "LIMIT 10", "ledger.sql:5: LIMIT would leave rows out"),
        (ORDER + "OFFSET 1", "ledger.sql:5: OFFSET would leave rows out"),
        (ORDER + "FETCH FIRST ROW ONLY", "ledger.sql:5: FETCH would leave rows out"),
        (ORDER + "FOR SHARE", "ledger.sql:5: FOR would leave rows out, or lock them"),
        ("LIMIT 5 " + ORDER, "ledger.sql:4: LIMIT would leave rows out"),
    ],
)
def test_other_orders_are_refused(order: str, message: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, COLUMNS + PLAIN_WHERE + order).startswith(message)


@pytest.mark.parametrize(
    "select",
    [
        COLUMNS.replace("t.points", "2 * t.points * (1+1)*3 AS points"),
        COLUMNS.replace("t.points", "t.points*-1 AS points"),
        COLUMNS.replace("t.points", "(SELECT count(*) FROM ledger) AS points"),
        COLUMNS.replace("t.points", "(SELECT count( * ) FROM ledger) * 2 AS points"),
        COLUMNS.replace("t.note", "'a ; b' AS note"),
        COLUMNS.replace("t.note", "'SELECT * FROM x; DROP TABLE y --' AS note"),
        COLUMNS.replace("t.note", "/* ; DELETE FROM x */ t.note -- ; and 'so on"),
        COLUMNS.replace("t.note", '"update" AS note'),
        COLUMNS.replace("t.note", "t.update AS note"),
        COLUMNS.replace("t.note", "t.limit || t.offset AS note"),
        COLUMNS.replace("t.note", "replace(insert('a', 1, 1, 'b'), 'x', 'y') AS note"),
        COLUMNS.replace("t.note", "substring(t.note from 1 for 2) AS note"),
        COLUMNS.replace("t.note", "'50%' || '12:30' || '%(note)s' AS note"),
        COLUMNS.replace("t.note", "t.created_at::text AS note"),
        COLUMNS.replace("t.points", "sum(t.points) OVER (PARTITION BY t.kind ORDER BY t.id DESC) AS points"),
        COLUMNS.replace("ledger t", "(SELECT l.id FROM ledger l ORDER BY l.id LIMIT 5) t"),
        "with recent as (select 1 as id)\n" + COLUMNS.lower(),
        "WITH RECURSIVE a AS (SELECT 1), b AS (SELECT 2)\n" + COLUMNS,
    ],
)
def test_ordinary_sql_is_taken(select: str, tmp_path: Path) -> None:
    load_plain(tmp_path, select=select)


@pytest.mark.parametrize(
    "order",
    [
        "ORDER BY t.moved_at, t.id",
        "order by moved_at asc, T.ID ASC -- that is all; really",
        "ORDER\n  BY t.moved_at -- first\n, /* then */ t.id\n\n-- the end",
        'ORDER BY t."moved_at", "id"',
    ],
)
def test_the_order_may_be_written_in_many_ways(order: str, tmp_path: Path) -> None:
    load_plain(tmp_path, order=order)


def test_lines_are_those_of_the_template_where_jinja_leaves_some_out(tmp_path: Path) -> None:
    template = (
        "{# a comment\n   of two lines #}\nSELECT\n    t.id\nFROM ledger t\n"
        "{% if false %}\nWHERE 1 = 1\n    AND 2 = 2\n{% endif %}\n"
        '{%- if window %}\nWHERE {{ window.covers(\n    "t.moved_at"\n) }}\n{% endif %}\n'
        "  AND t.id IN (SELECT *\n FROM x)\n"
    )
    line = next(number for number, text in enumerate(template.split("\n"), start=1) if "SELECT *" in text)
    assert refusal(tmp_path, template).startswith(f"ledger.sql:{line}: SELECT * is refused")


def test_windows_line_ends_count_once(tmp_path: Path) -> None:
    assert refusal(tmp_path, "SELECT\r\n  t.id,\r\n  t.*\r\nFROM x t").startswith("ledger.sql:3:")


def test_the_closing_order_is_what_is_cut_off(tmp_path: Path) -> None:
    select = COLUMNS.replace("t.points", "max(t.points) OVER (ORDER BY t.id) AS points")
    text = load_plain(tmp_path, select=select, order=ORDER + "-- done\n").rows(Parameters({}, WINDOW)).named()
    assert "OVER (ORDER BY t.id)" in text
    assert re.search(r"AS report\nORDER BY report\.moved_at, report\.id$", text)
    assert "done" not in text


def test_distinct_on_keeps_the_order_that_says_which_row_it_keeps(tmp_path: Path) -> None:
    select = COLUMNS.replace("SELECT ", "SELECT DISTINCT ON (t.moved_at) ", 1)
    text = load_plain(tmp_path, select=select).rows(Parameters({}, WINDOW)).named()
    assert re.search(r"ORDER BY t\.moved_at, t\.id\s*\) AS report\nORDER BY report\.moved_at, report\.id$", text)
    within = COLUMNS.replace("t.points", "(SELECT DISTINCT ON (o.id) o.points FROM other o) AS points")
    assert load_plain(tmp_path, select=within).rows(Parameters({}, WINDOW)).named().count("ORDER BY") == 1
