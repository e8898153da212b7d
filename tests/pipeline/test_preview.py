"""A preview: all of an export counted, its first rows as it would write them, within a time."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.errors import PreviewTooSlow, QueryTooSlow, SourceRefused, UnknownValue
from promo_reports.pipeline.databases.columns import record_renderer
from promo_reports.pipeline.preview import cells, preview
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import (
    DAY,
    HEADER,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    Move,
    PostgresPromo,
    Project,
    Promo,
    SqlitePromo,
    content,
    export,
    numbered,
)


def test_all_is_counted_and_the_first_rows_are_those_of_the_file(promo: Promo, project: Project) -> None:
    promo.load(*numbered(5), Move(6, kind="out", points="-2.50"), Move(7, moved_at=None))
    seen = preview(export(), promo.source, project.settings, 2)
    totals = seen.counted.totals
    assert (totals.rows, seen.counted.excluded, totals.sums["points"]) == (6, 1, Decimal("2.50"))
    assert {by: group.rows for by, group in totals.groups.items()} == {"in": 5, "out": 1}
    assert seen.header == HEADER.strip().split(",")
    file = content(project.make(promo.source))
    assert b"".join(seen.lines()) == b"".join(file.splitlines(keepends=True)[:3])


def test_null_and_the_empty_text_are_told_apart(promo: Promo, project: Project) -> None:
    promo.load(Move(1, kind="", note=None, points=None), Move(2, note='a "b",\r\nc', points="0.10"))
    one, two = preview(export(), promo.source, project.settings, 20).rows
    assert one == ["1", "2026-03-01 12:00:00+00", "", None, None, None, None, None, None]
    assert two[3:5] == ['a "b",\r\nc', "0.10"]


def test_a_preview_for_spreadsheets_escapes_as_the_file_does(promo: Promo, project: Project) -> None:
    promo.load(Move(1, note="=1+1"))
    seen = preview(export(spreadsheet=True), promo.source, project.settings, 20)
    assert seen.rows[0][3] == "'=1+1"
    assert seen.counted.totals.rows == 1


def test_no_rows(promo: Promo, project: Project) -> None:
    seen = preview(export(), promo.source, project.settings, 20)
    assert (seen.rows, seen.counted.totals.rows, b"".join(seen.lines())) == ([], 0, HEADER.encode())


def test_a_value_that_the_database_does_not_know(promo: Promo, project: Project) -> None:
    report = export(filters={"shop": ("mian",), "shelf": None, "kind": None})
    with pytest.raises(UnknownValue, match=r"'mian' is not in the promo database\. Did you mean main") as refused:
        preview(report, promo.source, project.settings, 20)
    assert refused.value.filter == "shop"
    report = export(filters={"shop": ("main",), "shelf": ("back",), "kind": None})
    with pytest.raises(UnknownValue, match=r"'back' is not in the promo database for shop 'main'") as refused:
        preview(report, promo.source, project.settings, 20)
    assert refused.value.filter == "shelf"


@pytest.mark.parametrize("broken", ["options/shops.sql", "moves.sql"])
def test_what_the_database_refuses_is_no_unknown_value(promo: Promo, project: Project, broken: str) -> None:
    path = project.sql / broken
    path.write_text(path.read_text().replace("FROM shops s", "FROM stores s").replace("FROM moves m", "FROM rows m"))
    with pytest.raises(SourceRefused, match=r"stores|rows") as refused:
        preview(export(), promo.source, project.settings, 20)
    assert type(refused.value) is SourceRefused


def test_a_preview_that_takes_too_long(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1))
    project.write((SELECT + WHERE + ORDER).replace("WHERE", "WHERE pg_sleep(30) IS NOT NULL AND"))
    with pytest.raises(PreviewTooSlow) as refused:
        preview(export(), on_postgres.source, project.settings, 20, seconds=2)
    assert refused.value.reason == "The preview took longer than 2 seconds."
    assert refused.value.fix == "Choose a shorter date range, or export without a preview."
    settings = project.settings.model_copy(update={"statement_timeout_minutes": 0.002})
    with pytest.raises(QueryTooSlow, match="STATEMENT_TIMEOUT_MINUTES"):
        preview(export(), on_postgres.source, settings, 20)


def test_all_queries_have_one_time_together(on_postgres: PostgresPromo, project: Project) -> None:
    """What one of them has taken is not there for the next: none of these takes as long as it may alone."""
    on_postgres.load(Move(1))
    for path in (project.sql / "options").iterdir():
        path.write_text(path.read_text().replace(" AS value", " || pg_sleep(0.4)::text AS value", 1))
    report = export(filters={"shop": ("main",), "shelf": ("top",), "kind": ("in",)})
    preview(report, on_postgres.source, project.settings, 20, seconds=30)
    with pytest.raises(PreviewTooSlow, match=r"longer than 1 seconds"):
        preview(report, on_postgres.source, project.settings, 20, seconds=1)


def test_another_database_is_asked_nothing_when_the_time_is_over(on_sqlite: SqlitePromo, project: Project) -> None:
    with pytest.raises(PreviewTooSlow):
        preview(export(), on_sqlite.source, project.settings, 20, seconds=1e-9)


def test_a_time_that_is_not_reached_changes_nothing(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(*numbered(3, recorded_at=DAY + timedelta(days=1)))
    plain = preview(export(), on_postgres.source, project.settings, 20)
    assert preview(export(), on_postgres.source, project.settings, 20, seconds=30) == plain


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")) | st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "\\.", ' "a" ']
)


@given(st.lists(st.none() | TEXT, min_size=1, max_size=5))
def test_any_record_is_read_as_it_was_written(values: list[str | None]) -> None:
    column = MOVES.column("note")
    (record,) = record_renderer([column] * len(values), export().zone, transform=UNCHANGED)([values])
    assert cells(record) == values
    if record != b"\n":
        assert next(csv.reader([record.decode()])) == [value or "" for value in values]
