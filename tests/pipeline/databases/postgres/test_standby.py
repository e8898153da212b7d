"""Exports from a hot standby: the same bytes, the age of what it has replayed, and conflicts with its recovery."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from devstack.credentials import Credentials
from devstack.postgres import PostgresServer
from devstack.postgres_cluster import clean_environment, runnable_programs
from devstack.unprivileged import home_for, unprivileged_user
from promo_reports.errors import SourceUnavailable
from promo_reports.pipeline.databases.source import Source
from tests.support.databases.promo import Move, PostgresPromo, Project, content, numbered


@pytest.fixture(scope="module")
def standby(
    postgres: PostgresServer, credentials: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    """A standby of the tests' server, which waits for nobody that reads what is to be removed."""
    server = PostgresServer(
        tmp_path_factory.mktemp("standby") / "standby",
        password=credentials.postgres,
        port=0,
        durable=False,
        settings={"max_standby_streaming_delay": "0", "wal_retrieve_retry_interval": "1s"},
    )
    user = unprivileged_user()
    home = home_for(server.wanted_dir, user)
    program = runnable_programs(user, home) / "bin" / "pg_basebackup"
    subprocess.run(
        [program, "-d", postgres.url(), "-D", home / "data", "-R", "-c", "fast"],
        check=True,
        capture_output=True,
        env=clean_environment(),
        cwd="/",
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    server.start()
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture
def source(on_postgres: PostgresPromo, standby: PostgresServer, postgres: PostgresServer) -> Iterator[Source]:
    """The promo database as the standby has it."""
    yield Source("promo_db", on_postgres.source.url.replace(f":{postgres.port}/", f":{standby.port}/"))
    standby.execute("SELECT pg_wal_replay_resume()")


def caught_up(postgres: PostgresServer, standby: PostgresServer) -> None:
    """Wait until the standby has replayed all that is there."""
    ((written,),) = postgres.execute("SELECT pg_current_wal_flush_lsn()")
    while not standby.execute("SELECT pg_last_wal_replay_lsn() >= %s", [written])[0][0]:
        time.sleep(0.02)


def test_the_file_is_that_of_the_primary(
    source: Source, on_postgres: PostgresPromo, postgres: PostgresServer, standby: PostgresServer, project: Project
) -> None:
    on_postgres.load(*numbered(50))
    caught_up(postgres, standby)
    expected = content(project.make(on_postgres.source, rows_per_file=9))
    assert content(project.make(source, rows_per_file=9)) == expected
    assert content(project.make(source, rows_per_file=9, connections_per_export=3)) == expected


def test_its_snapshot_is_as_old_as_what_it_has_replayed(
    source: Source, on_postgres: PostgresPromo, postgres: PostgresServer, standby: PostgresServer, project: Project
) -> None:
    """Else rows that come later would be late in no report, and the window would be called closed."""
    on_postgres.load(Move(1))
    caught_up(postgres, standby)
    standby.execute("SELECT pg_wal_replay_pause()")
    while standby.execute("SELECT pg_get_wal_replay_pause_state()") != [("paused",)]:
        time.sleep(0.02)
    before = datetime.now(UTC)
    on_postgres.load(Move(2))
    manifest = project.make(source).manifest
    assert manifest.rows == 1
    assert datetime.fromisoformat(manifest.snapshot_at) < before


def test_a_conflict_with_its_recovery_is_tried_again(
    source: Source, on_postgres: PostgresPromo, postgres: PostgresServer, standby: PostgresServer, project: Project
) -> None:
    on_postgres.load(*numbered(50))
    caught_up(postgres, standby)

    def empty(rows: int, counted: int) -> None:
        if rows == 0:
            on_postgres.execute("TRUNCATE moves")
            caught_up(postgres, standby)

    with pytest.raises(SourceUnavailable, match=r"On a standby, set hot_standby_feedback .* tried again"):
        project.make(source, progress=empty)
    assert project.left == []
