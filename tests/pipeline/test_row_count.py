"""The rows of an export counted without making it, within a time."""

from __future__ import annotations

import pytest

from promo_reports.errors import QueryTooSlow, UnknownValue
from promo_reports.pipeline.row_count import count_rows
from tests.support.databases.promo import (
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


def test_the_rows_are_those_of_the_file(promo: Promo, project: Project) -> None:
    assert count_rows(export(), promo.source, project.settings, seconds=30) == 0
    promo.load(*numbered(5), Move(6, kind="out", points="-2.50"), Move(7, moved_at=None))
    assert count_rows(export(), promo.source, project.settings, seconds=30) == 6
    assert len(content(project.make(promo.source)).splitlines()) == 1 + 6


def test_a_value_that_the_database_does_not_know(promo: Promo, project: Project) -> None:
    report = export(filters={"shop": ("mian",), "shelf": None, "kind": None})
    with pytest.raises(UnknownValue, match=r"'mian' is not in the promo database\. Did you mean main"):
        count_rows(report, promo.source, project.settings, seconds=30)


def test_a_count_that_takes_too_long_is_ended(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1))
    project.write((SELECT + WHERE + ORDER).replace("WHERE", "WHERE pg_sleep(30) IS NOT NULL AND"))
    with pytest.raises(QueryTooSlow):
        count_rows(export(), on_postgres.source, project.settings, seconds=2)


def test_another_database_is_asked_nothing_when_the_time_is_over(on_sqlite: SqlitePromo, project: Project) -> None:
    with pytest.raises(QueryTooSlow):
        count_rows(export(), on_sqlite.source, project.settings, seconds=1e-9)
