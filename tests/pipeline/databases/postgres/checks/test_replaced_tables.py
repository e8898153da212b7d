"""A table that is emptied or replaced while an export begins: its rows are in no older snapshot, and are missed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest

from promo_reports.errors import PromoReportsError, SourceUnavailable
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import ORDER, SELECT, WHERE, Move, PostgresPromo, Project, numbered
from tests.support.databases.snapshots import snapshot

LOADED_ANEW = ("CREATE TEMPORARY TABLE kept AS SELECT * FROM {0}", "TRUNCATE {0}", "INSERT INTO {0} SELECT * FROM kept")
REPLACED = (
    "CREATE TABLE new_one (LIKE {0} INCLUDING ALL)",
    "GRANT SELECT ON new_one TO promo_reader",
    "INSERT INTO new_one SELECT * FROM {0}",
    "DROP TABLE {0}",
    "ALTER TABLE new_one RENAME TO {0}",
)
REWRITTEN = ("ALTER TABLE moves ALTER rate TYPE numeric(30, 4)",)
ODD_NOTE = """CREATE FUNCTION note_of(bigint) RETURNS text LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN (SELECT count(*) FROM shelves); END $$"""


@pytest.fixture
def during(on_postgres: PostgresPromo) -> Iterator[Callable[..., None]]:
    """Run what a test gives in a thread, while another session executes statements and commits them when it waits."""

    def run(given: Callable[[], object], *statements: str) -> None:
        failures: list[PromoReportsError] = []

        def work() -> None:
            try:
                given()
            except PromoReportsError as error:
                failures.append(error)

        with contextlib.closing(psycopg2.connect(on_postgres.owner_url)) as other, other.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            thread = threading.Thread(target=work)
            thread.start()
            while thread.is_alive() and not _waits(on_postgres):
                time.sleep(0.02)
            other.commit()
            thread.join()
        if failures:
            raise failures[0]

    yield run
    on_postgres.execute("ALTER TABLE moves ALTER rate TYPE numeric", "DROP FUNCTION IF EXISTS note_of(bigint)")


def _waits(promo: PostgresPromo) -> bool:
    """Whether an export waits for a lock."""
    with contextlib.closing(psycopg2.connect(promo.owner_url)) as asking, asking.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
            "WHERE NOT l.granted AND a.application_name = 'promo-reports')"
        )
        ((found,),) = cursor.fetchall()
        return bool(found)


@pytest.mark.parametrize(
    ("table", "statements"),
    [
        ("moves", LOADED_ANEW),
        ("moves", REPLACED),
        ("moves", REWRITTEN),
        ("shops", LOADED_ANEW),
    ],
    ids=["loaded anew", "replaced", "rewritten", "choices of a filter"],
)
def test_rows_that_an_older_snapshot_cannot_see_are_missed_by_no_file(
    table: str,
    statements: tuple[str, ...],
    during: Callable[..., None],
    on_postgres: PostgresPromo,
    project: Project,
) -> None:
    on_postgres.load(*numbered(3))
    with pytest.raises(SourceUnavailable, match=rf"{table} was emptied, rewritten or replaced .* begun"):
        during(lambda: project.make(on_postgres.source), *(text.format(table) for text in statements))
    assert project.left == []
    assert project.make(on_postgres.source).manifest.rows == 3


def test_a_table_that_a_function_reads_within_its_body(
    during: Callable[..., None], on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.execute(ODD_NOTE)
    project.write((SELECT + WHERE + ORDER).replace("m.note,", "note_of(m.id) AS note,"))
    on_postgres.load(Move(1))
    with pytest.raises(SourceUnavailable, match="shelves was emptied"):
        during(lambda: project.make(on_postgres.source), *(text.format("shelves") for text in LOADED_ANEW))


def test_what_happens_to_indexes_and_rows_is_no_hindrance(on_postgres: PostgresPromo) -> None:
    on_postgres.load(*numbered(3))
    counted = BoundQuery("SELECT count(*) FROM moves WHERE kind = 'in'", {})
    with snapshot(on_postgres.source) as given:
        on_postgres.execute("CREATE INDEX moves_later ON moves (kind)", "REINDEX TABLE moves", "DELETE FROM moves")
        assert given.fetch(counted) == given.fetch(counted) == [("3",)]
    on_postgres.execute("DROP INDEX moves_later")
