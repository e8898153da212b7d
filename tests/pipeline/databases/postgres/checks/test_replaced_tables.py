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
from tests.support.databases.promo import DAY, NOON, ORDER, SELECT, WHERE, Move, PostgresPromo, Project, numbered
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
# Month by month in tables of its own; the readers of an older snapshot would miss, or see, a whole table.
PARTITIONED = (
    "CREATE TABLE ledger (LIKE moves) PARTITION BY RANGE (moved_at)",
    "CREATE TABLE of_march PARTITION OF ledger FOR VALUES FROM ('2026-03-01+00') TO ('2026-03-01 06:00+00')",
    "CREATE TABLE of_others PARTITION OF ledger DEFAULT",
    "CREATE TABLE of_noon (LIKE ledger)",
    "CREATE TABLE inherited () INHERITS (moves)",
)
HOLD = "LOCK TABLE ledger"
AT_NOON = (
    "ALTER TABLE ledger ATTACH PARTITION of_noon FOR VALUES FROM ('2026-03-01 11:00+00') TO ('2026-03-01 13:00+00')"
)
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
    with pytest.raises(SourceUnavailable, match=rf"{table}, or .* was emptied, .* had begun"):
        during(lambda: project.make(on_postgres.source), *(text.format(table) for text in statements))
    assert project.left == []
    assert project.make(on_postgres.source).manifest.rows == 3


@pytest.fixture
def partitioned(on_postgres: PostgresPromo, project: Project) -> Iterator[PostgresPromo]:
    """A partition of its own for row 1; row 2 is with all others."""
    on_postgres.execute(*PARTITIONED)
    on_postgres.load(Move(1, moved_at=DAY), Move(2, moved_at=NOON))
    on_postgres.execute("INSERT INTO ledger SELECT * FROM moves")
    project.write((SELECT + WHERE + ORDER).replace("FROM moves m", "FROM ledger m"))
    yield on_postgres
    on_postgres.execute("DROP TABLE IF EXISTS ledger, of_march, of_noon, inherited")


@pytest.mark.parametrize(
    ("table", "statements"),
    [
        ("ledger", (HOLD, "ALTER TABLE ledger DETACH PARTITION of_march")),
        ("ledger", (HOLD, "DROP TABLE of_march")),
        ("of_march", ("TRUNCATE of_march",)),
        (
            "of_noon",
            (HOLD, "INSERT INTO of_noon SELECT * FROM of_others", "DELETE FROM of_others", AT_NOON),
        ),
        (
            "ledger",
            (
                HOLD,
                "ALTER TABLE ledger DETACH PARTITION of_others",
                "CREATE TABLE of_later PARTITION OF ledger DEFAULT",
                "DROP TABLE of_others",
            ),
        ),
    ],
    ids=["detached", "dropped", "emptied", "rows moved to a new one", "swapped"],
)
def test_a_partition_that_an_older_snapshot_cannot_see(
    table: str, statements: tuple[str, ...], during: Callable[..., None], partitioned: PostgresPromo, project: Project
) -> None:
    with pytest.raises(SourceUnavailable, match=rf"{table}, .* the export had begun"):
        during(lambda: project.make(partitioned.source), *statements)
    assert project.left == []


def test_a_full_partition_that_comes_after_the_snapshot(
    during: Callable[..., None], partitioned: PostgresPromo, project: Project
) -> None:
    """Its rows are older than the snapshot, and were not in the table."""
    partitioned.execute("DELETE FROM ledger WHERE id = 2", "INSERT INTO of_noon SELECT * FROM moves WHERE id = 2")
    with pytest.raises(SourceUnavailable, match=r"of_noon, .* the export had begun"):
        during(lambda: project.make(partitioned.source), HOLD, AT_NOON)
    assert project.make(partitioned.source).manifest.rows == 2


def test_a_full_partition_that_comes_between_count_and_copy(partitioned: PostgresPromo, project: Project) -> None:
    """That takes no lock that an export would hold up, where there is no default partition."""
    partitioned.execute("DROP TABLE of_others", "INSERT INTO of_noon SELECT * FROM moves WHERE id = 2")

    def attach(rows: int, counted: int) -> None:
        if rows == 0:
            partitioned.execute(AT_NOON)

    with pytest.raises(SourceUnavailable, match=r"of_noon, .* the export had begun"):
        project.make(partitioned.source, progress=attach)
    assert project.left == []


def test_a_child_that_is_dropped(during: Callable[..., None], partitioned: PostgresPromo, project: Project) -> None:
    """Children by INHERITS are no partitions."""
    partitioned.execute(
        "INSERT INTO inherited SELECT * FROM ONLY moves WHERE id = 2", "DELETE FROM ONLY moves WHERE id = 2"
    )
    project.write(SELECT + WHERE + ORDER)
    with pytest.raises(SourceUnavailable, match=r"moves, .* the export had begun"):
        during(lambda: project.make(partitioned.source), "LOCK TABLE moves", "DROP TABLE inherited")


def test_a_new_partition_of_another_month_is_no_hindrance(partitioned: PostgresPromo, project: Project) -> None:
    partitioned.execute("DROP TABLE of_others")

    def attach(rows: int, counted: int) -> None:
        if rows == 0:
            partitioned.execute(
                "CREATE TABLE of_may (LIKE ledger)",
                "ALTER TABLE ledger ATTACH PARTITION of_may FOR VALUES FROM ('2026-05-01+00') TO ('2026-06-01+00')",
            )

    assert project.make(partitioned.source, progress=attach).manifest.rows == 1


def test_a_detachment_that_was_interrupted_is_no_hindrance(partitioned: PostgresPromo, project: Project) -> None:
    """DETACH CONCURRENTLY waits for whoever reads the table; the partition is none from its beginning on."""
    partitioned.execute("DROP TABLE of_others")
    with contextlib.closing(psycopg2.connect(partitioned.owner_url)) as reader, reader.cursor() as reading:
        reading.execute("SELECT FROM ledger")
        with contextlib.closing(psycopg2.connect(partitioned.owner_url)) as other, other.cursor() as cursor:
            other.autocommit = True
            cursor.execute("SET statement_timeout = '200ms'")
            with pytest.raises(psycopg2.errors.QueryCanceled):
                cursor.execute("ALTER TABLE ledger DETACH PARTITION of_march CONCURRENTLY")
    assert project.make(partitioned.source).manifest.rows == 0
    partitioned.execute("ALTER TABLE ledger DETACH PARTITION of_march FINALIZE")
    assert project.make(partitioned.source).manifest.rows == 0


def test_a_table_that_a_function_reads_within_its_body(
    during: Callable[..., None], on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.execute(ODD_NOTE)
    project.write((SELECT + WHERE + ORDER).replace("m.note,", "note_of(m.id) AS note,"))
    on_postgres.load(Move(1))
    with pytest.raises(SourceUnavailable, match=r"shelves, or .* emptied"):
        during(lambda: project.make(on_postgres.source), *(text.format("shelves") for text in LOADED_ANEW))


def test_what_happens_to_indexes_and_rows_is_no_hindrance(on_postgres: PostgresPromo) -> None:
    on_postgres.load(*numbered(3))
    counted = BoundQuery("SELECT count(*) FROM moves WHERE kind = 'in'", {})
    with snapshot(on_postgres.source) as given:
        on_postgres.execute("CREATE INDEX moves_later ON moves (kind)", "REINDEX TABLE moves", "DELETE FROM moves")
        assert given.fetch(counted) == given.fetch(counted) == [("3",)]
    on_postgres.execute("DROP INDEX moves_later")
