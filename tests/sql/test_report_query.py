"""The queries around a template: what is asked for, what must be used, which rows they answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import DateRangeRule, ReportType
from promo_reports.errors import SqlTemplateError
from promo_reports.pipeline.databases.postgres.expressions import PostgresExpressions
from promo_reports.sql.cell_policies.formulas import FORMULA_PATTERN, FORMULA_PATTERN_OF_BYTES, is_formula
from promo_reports.sql.cell_policies.transform import transform_of
from promo_reports.sql.report_query import load_options_query
from promo_reports.sql.row_range import RowRange
from promo_reports.sql.template import Parameters, WindowPredicates
from tests.support.databases.sql_samples import (
    AS_OF,
    CHOSEN,
    COLUMNS,
    GOOD,
    LEDGER,
    OPTIONAL,
    ORDER,
    PARAMETERS,
    SNAPSHOT,
    WHERE,
    WINDOW,
    load,
)

RANGE = "\n    AND {{ window.start }} <= t.moved_at AND t.moved_at < {{ window.end }}\n"
ON_POSTGRESQL = PostgresExpressions({"kind": 25, "note": 25}, utf8=True, equal_texts=False)
COVERS = '\n    AND {{ window.covers("t.moved_at") }}\n'


def test_the_rows_are_the_declared_columns_in_the_declared_order(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).rows(PARAMETERS).named() == (
        "SELECT\n    report.id,\n    report.moved_at,\n    report.kind,\n    report.note,\n    report.points\nFROM (\n"
        "SELECT t.id, t.moved_at, t.kind, t.note, t.points\nFROM ledger t\nWHERE t.wallet = :filter_wallet\n"
        "    AND t.kind IN (:list_kind_0, :list_kind_1)\n"
        "    AND (t.moved_at >= :window_start AND t.moved_at < :window_end)\n\n) AS report\n"
        "ORDER BY report.moved_at, report.id"
    ).replace("\n\n)", "\n)")


def test_a_range_of_rows_is_compared_as_the_order_does(tmp_path: Path) -> None:
    query = load(tmp_path, GOOD)
    edge, end = ("2026-03-01 12:00:00+00", "7"), ("2026-03-02 00:00:00.5+00", "8")
    whole = query.rows(PARAMETERS)
    for within, condition, values in (
        (RowRange(None, None), "TRUE", {}),
        (RowRange(None, end), "(report.moved_at, report.id) < (:end_0, :end_1)", {"end_0": end[0]}),
        (RowRange(edge, None), "(report.moved_at, report.id) >= (:first_0, :first_1)", {"first_1": "7"}),
        (
            RowRange(edge, end),
            "(report.moved_at, report.id) >= (:first_0, :first_1)"
            "\n    AND (report.moved_at, report.id) < (:end_0, :end_1)",
            {"first_0": edge[0], "end_1": "8"},
        ),
    ):
        part = query.rows(PARAMETERS, within=within)
        assert part.named() == whole.named().replace("\nORDER BY", f"\nWHERE {condition}\nORDER BY")
        assert part.values.items() >= {**whole.values, **values}.items()


def test_places_are_of_rows_that_the_order_tells_apart(tmp_path: Path) -> None:
    query = load(tmp_path, GOOD).places(PARAMETERS, every=3, last=8)
    text = query.named()
    assert text.startswith(
        'SELECT\n    report."PLACE",\n    CAST(report.moved_at AS text), CAST(report.id AS text)\nFROM (\n'
        'SELECT\n    rank() OVER (ORDER BY report.moved_at, report.id) AS "PLACE",\n    report.moved_at, report.id\n'
    )
    assert text.endswith(
        ") AS report\nWHERE report.moved_at IS NOT NULL AND report.id IS NOT NULL\n) AS report\n"
        'WHERE (report."PLACE" - 1) % :every = 0 OR report."PLACE" = :last\nORDER BY report."PLACE"'
    )
    assert query.values.items() >= {"every": 3, "last": 8}.items()


def test_totals_are_counted_by_the_group_and_not_sorted(tmp_path: Path) -> None:
    text = load(tmp_path, GOOD).totals(PARAMETERS).named()
    assert text.startswith("SELECT\n    report.kind,\n    count(*),\n    sum(report.points)\nFROM (")
    assert text.endswith(") AS report\nGROUP BY report.kind")
    assert "ORDER BY" not in text


def test_totals_without_groups_are_one_row(tmp_path: Path) -> None:
    text = load(tmp_path, GOOD, replace(LEDGER, totals_by=None)).totals(PARAMETERS).named()
    assert text.startswith("SELECT\n    NULL,\n    count(*),")
    assert "GROUP BY" not in text


def test_formulas_are_escaped_in_text_columns_only(tmp_path: Path) -> None:
    query = replace(load(tmp_path, GOOD), expressions=ON_POSTGRESQL)
    rows = query.rows(PARAMETERS, transform_of(SPREADSHEET)).named()
    totals = query.totals(PARAMETERS, transform_of(SPREADSHEET)).named()
    is_tested = r"WHE(?:N|RE) pg_catalog.ascii\(CAST\(report\.(\w+) AS text\)\) "
    assert re.findall(is_tested, rows) == ["kind", "note"]
    assert re.findall(is_tested, totals) == ["kind", "note"]
    assert "    report.points\nFROM" in rows


def test_nothing_is_escaped_where_no_column_is_text(tmp_path: Path) -> None:
    numbers = replace(LEDGER, columns=tuple(c for c in LEDGER.columns if c.type.value != "text"), totals_by=None)
    query = replace(load(tmp_path, GOOD, numbers), expressions=ON_POSTGRESQL)
    assert "ascii" not in query.totals(PARAMETERS, transform_of(SPREADSHEET)).text


def test_excluded_rows_are_those_without_a_time(tmp_path: Path) -> None:
    odd = WindowPredicates(timeless="({column} IS NULL OR odd({column}))")
    conditions = {WindowPredicates(): "t.moved_at IS NULL", odd: "(t.moved_at IS NULL OR odd(t.moved_at))"}
    for predicates, condition in conditions.items():
        query = replace(load(tmp_path, GOOD), predicates=predicates).excluded(PARAMETERS)
        assert query is not None
        assert condition in query.text
        assert set(query.values) == {"filter_wallet", "list_kind_0", "list_kind_1"}


def test_rows_inside_are_what_the_database_takes_for_them(tmp_path: Path) -> None:
    predicates = WindowPredicates(inside="inside({column}, {start}, {end})")
    query = replace(load(tmp_path, GOOD), predicates=predicates)
    for asked in (query.rows(PARAMETERS), query.totals(PARAMETERS)):
        assert "inside(t.moved_at, :window_start, :window_end)" in asked.named()


def test_snapshots_and_aggregates_exclude_nothing(tmp_path: Path) -> None:
    template = COLUMNS + WHERE.replace(COVERS.strip("\n"), "    AND t.moved_at < {{ as_of }}") + ORDER
    query = load(tmp_path, template, SNAPSHOT)
    assert query.excluded(Parameters(CHOSEN, None, AS_OF)) is None
    assert query.late(Parameters(CHOSEN, WINDOW), AS_OF) is None


def test_late_rows_are_those_recorded_since(tmp_path: Path) -> None:
    since = datetime(2026, 3, 3, tzinfo=UTC)
    query = load(tmp_path, GOOD, replace(LEDGER, recorded_column="moved_at")).late(PARAMETERS, since)
    assert query is not None
    assert query.named().endswith(") AS report\nWHERE report.moved_at >= :since")
    assert query.values["since"] == since
    assert load(tmp_path, GOOD).late(PARAMETERS, since) is None


@pytest.mark.parametrize("shop", [None, ("north",), ("north", "south")])
def test_a_filter_for_all_is_left_out_or_bound(shop: tuple[str, ...] | None, tmp_path: Path) -> None:
    query = load(tmp_path, GOOD).rows(Parameters({**CHOSEN, "shop": shop}, WINDOW))
    places = ", ".join(f":list_shop_{index}" for index in range(len(shop or ())))
    assert (f"t.shop IN ({places})" in query.named()) == (shop is not None)
    assert [value for name, value in query.values.items() if "shop" in name] == list(shop or ())


def test_values_are_bound_whatever_they_are(tmp_path: Path) -> None:
    hostile = "x'); DROP TABLE ledger; --\x00mark\x00 {{ as_of }} %(a)s"
    query = load(tmp_path, GOOD).rows(Parameters({**CHOSEN, "wallet": (hostile,), "kind": (hostile,)}, WINDOW))
    assert "DROP" not in query.text
    assert [value for value in query.values.values() if value == hostile] == [hostile, hostile]


@pytest.mark.parametrize(
    ("template", "report_type", "missing"),
    [
        (GOOD.replace("t.wallet = {{ filters.wallet }}", "true"), LEDGER, "filters.wallet"),
        (GOOD.replace("{{ filters.kind }}", "('credit')"), LEDGER, "filters.kind"),
        (GOOD.replace("AND t.shop IN {{ filters.shop }}", ""), LEDGER, "filters.shop"),
        (GOOD.replace("{% if filters.shop %}", "{% if false %}"), LEDGER, "filters.shop"),
        (GOOD.replace(COVERS, ""), LEDGER, "window.end, window.start"),
        (GOOD.replace(COVERS, "\n  AND t.moved_at > {{ window.start }}\n"), LEDGER, "window.end"),
        (GOOD.replace(COVERS, ""), SNAPSHOT, "as_of"),
        (
            GOOD.replace("{{ filters.kind }}", "('a')").replace("{{ filters.wallet }}", "1"),
            LEDGER,
            "filters.kind, filters.w",
        ),
        (GOOD.replace(COVERS, "{% if window %}\n{% endif %}"), OPTIONAL, "window.end, window.start"),
    ],
)
def test_a_filter_or_a_window_that_is_ignored_is_refused(
    template: str, report_type: ReportType, missing: str, tmp_path: Path
) -> None:
    with pytest.raises(SqlTemplateError, match=rf"ledger\.sql: does not use {missing}.* A filter or a window that"):
        load(tmp_path, template, report_type)


def test_a_window_column_needs_window_covers(tmp_path: Path) -> None:
    template = GOOD.replace(COVERS, RANGE)
    with pytest.raises(SqlTemplateError, match=r"ledger\.sql: does not call window\.covers"):
        load(tmp_path, template)
    load(tmp_path, template, replace(LEDGER, window_column=None))


def test_an_optional_window_is_rendered_with_and_without(tmp_path: Path) -> None:
    template = GOOD.replace(COVERS, "\n{% if window %}\n" + COVERS + "{% endif %}\n")
    query = load(tmp_path, template, OPTIONAL)
    assert "window_start" in query.rows(Parameters(CHOSEN, WINDOW)).values
    assert "window_start" not in query.rows(Parameters(CHOSEN, None, AS_OF)).values
    assert query.excluded(Parameters(CHOSEN, None, AS_OF)) is None
    with pytest.raises(SqlTemplateError, match="'None' has no attribute 'covers'"):
        load(tmp_path, GOOD, OPTIONAL)


def test_a_filter_that_may_be_all_is_tried_without_values(tmp_path: Path) -> None:
    template = GOOD.replace("{% if filters.shop %}\n", "").replace("{% endif %}\n", "")
    with pytest.raises(SqlTemplateError, match=r"ledger\.sql:6: a filter that may be all is None here"):
        load(tmp_path, template)


def test_a_snapshot_has_an_instant_and_no_window(tmp_path: Path) -> None:
    template = COLUMNS + WHERE.replace(COVERS.strip("\n"), "    AND t.moved_at < {{ as_of }}") + ORDER
    assert SNAPSHOT.date_range is DateRangeRule.NONE
    assert load(tmp_path, template, SNAPSHOT).rows(Parameters(CHOSEN, None, AS_OF)).values["as_of"] == AS_OF
    with pytest.raises(SqlTemplateError, match="'None' has no attribute 'covers'"):
        load(tmp_path, GOOD, SNAPSHOT)


def test_a_filter_that_is_ignored_by_one_combination_alone_is_refused_there(tmp_path: Path) -> None:
    optional = tuple(replace(each, select=Select.ALL, options="x", choices=()) for each in LEDGER.filters[:2])
    wallet, kind = (each.name for each in optional)
    nested = (
        f"{{% if filters.{kind} %}}{{% if filters.{wallet} %}} AND t.wallet IN {{{{ filters.{wallet} }}}}{{% endif %}}"
        f" AND t.kind IN {{{{ filters.{kind} }}}}{{% endif %}}\n"
    )
    template = COLUMNS + "WHERE " + COVERS.strip().removeprefix("AND ") + "\n" + nested + ORDER
    query = load(tmp_path, template, replace(LEDGER, filters=optional))
    alone = replace(PARAMETERS, filters={wallet: ("w",), kind: None})
    with pytest.raises(SqlTemplateError, match=f"does not use filters.{wallet}"):
        query.rows(alone)


@pytest.mark.parametrize(
    ("template", "parent", "message"),
    [
        ("SELECT s.a, s.b FROM s ORDER BY s.a DESC LIMIT 5", None, None),
        ("SELECT s.a, s.b FROM s WHERE s.c = {{ filters.shop }}", "shop", None),
        ("SELECT s.a, s.b FROM s", "shop", "does not use filters.shop The filter depends on 'shop'"),
        ("SELECT s.a, s.b FROM s WHERE s.c = {{ filters.shop }}", None, "there is no filter 'shop'"),
        ("SELECT * FROM s", None, "SELECT \\* is refused"),
        ("DELETE FROM s", None, "must be a SELECT"),
        ("SELECT s.a FROM s WHERE s.c = '{{ filters.shop }}'", "shop", "puts a bind into"),
    ],
)
def test_options_queries(template: str, parent: str | None, message: str | None, tmp_path: Path) -> None:
    (tmp_path / "options").mkdir()
    (tmp_path / "options" / "shelves.sql").write_text(template)
    if message is None:
        load_options_query(tmp_path, "shelves", parent)
        return
    with pytest.raises(SqlTemplateError, match=message):
        load_options_query(tmp_path, "shelves", parent)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("=1+1", True),
        ("+1", True),
        ("-1", True),
        ("@a", True),
        ("\tx", True),
        ("\rx", True),
        ("\nx", True),
        ("＝1", True),
        ("＋1", True),
        ("－1", True),
        ("＠1", True),
        (" =1", True),
        ("  \t =1", True),
        ("'=1", True),
        ("''=1", True),
        ("' =1", True),
        (" '=1", True),
        ("x=1", False),
        ("1-1", False),
        ("'x", False),
        ("", False),
        (" ", False),
        ("'", False),
        ("a\n=1", False),
        ("\\t=1", False),
    ],
)
def test_formulas(text: str, formula: bool) -> None:
    assert is_formula(text) == formula
    assert is_formula("'" + text) == formula, "an escaped cell still matches, so that one apostrophe can be taken away"


def test_the_pattern_is_plain_ascii() -> None:
    assert FORMULA_PATTERN.isascii()
    assert FORMULA_PATTERN_OF_BYTES.isascii()


@pytest.mark.parametrize("before", ["", "'", "a"])
def test_both_patterns_match_what_is_called_a_formula(before: str) -> None:
    for letter in map(chr, [*range(1, 0xD800), *range(0xE000, 0x20000)]):
        for text in (before + letter, before + letter + "="):
            escaped = "".join(f"\\{b:03o}" if b > 127 else "\\\\" if b == 92 else chr(b) for b in text.encode())
            found = re.search(FORMULA_PATTERN, text) is not None
            assert (re.search(FORMULA_PATTERN_OF_BYTES, escaped) is not None) == found == is_formula(text)
