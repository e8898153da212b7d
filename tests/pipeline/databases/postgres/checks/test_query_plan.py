"""What an exported snapshot does not cover is read on one connection."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from promo_reports.pipeline.databases.postgres.checks.query_plan import QueryPlan
from promo_reports.pipeline.extract import extract
from promo_reports.pipeline.staging.directory import StagingDirectory
from tests.support.databases.promo import NOW, ORDER, SELECT, WHERE, PostgresPromo, Project, content, export, numbered

FUNCTION = """CREATE FUNCTION remote_moves() RETURNS SETOF moves LANGUAGE plpgsql AS
    $$ BEGIN RETURN QUERY SELECT * FROM moves; END $$"""


@pytest.mark.parametrize(
    ("node", "beyond"),
    [
        ({"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "moves"}, None),
        ({"Node Type": "Foreign Scan", "Schema": "public", "Relation Name": "moves"}, "the foreign table moves"),
        (
            {"Node Type": "Foreign Scan", "Relations": "(public.a) INNER JOIN (public.b)"},
            "the foreign table (public.a)",
        ),
        ({"Node Type": "WindowAgg"}, "the results of a window function"),
        ({"Node Type": "Limit"}, "the first rows of a subquery"),
        ({"Node Type": "Custom Scan", "Custom Plan Provider": "Citus Adaptive"}, "what Citus Adaptive reads"),
        ({"Node Type": "Function Scan", "Schema": "public", "Function Name": "dblink"}, "the function public.dblink"),
        ({"Node Type": "Function Scan", "Schema": "pg_catalog", "Function Name": "generate_series"}, None),
        ({"Node Type": "Function Scan", "Table Function Name": "xmltable"}, None),
    ],
)
def test_nodes_that_a_snapshot_does_not_cover(node: dict[str, Any], beyond: str | None) -> None:
    found = QueryPlan(({"Node Type": "Append"}, node)).beyond_snapshot()
    assert found == beyond if beyond is None else str(found).startswith(beyond)


@pytest.mark.parametrize("view", [False, True])
def test_one_connection_reads_what_may_lie_elsewhere(
    view: bool, on_postgres: PostgresPromo, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    on_postgres.load(*numbered(20))
    on_postgres.execute(FUNCTION, "CREATE VIEW seen AS SELECT m.* FROM remote_moves() AS m")
    try:
        source = "seen" if view else "remote_moves()"
        project.write((SELECT + WHERE + ORDER).replace("FROM moves m", f"FROM {source} m"))
        with caplog.at_level(logging.INFO):
            settings = project.settings.model_copy(update={"rows_per_file": 6, "connections_per_export": 3})
            area = StagingDirectory(settings.staging)
            several = extract(export(), on_postgres.source, area, settings, now=lambda: NOW)
        assert "One connection: the query reads the function public.remote_moves" in caplog.text
        assert [member.rows for member in several.manifest.files[0].members] == [6, 6, 6, 2]
    finally:
        on_postgres.execute("DROP VIEW seen", "DROP FUNCTION remote_moves()")


def test_tables_are_read_on_several(
    on_postgres: PostgresPromo, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    on_postgres.load(*numbered(20))
    with caplog.at_level(logging.INFO):
        staged = project.make(on_postgres.source, rows_per_file=6, connections_per_export=3)
    assert "One connection" not in caplog.text
    assert len(content(staged)) > 0
