"""An export that is told to stop stops at once, wherever it waits, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from zoneinfo import ZoneInfo

import pytest

from devstack.postgres import PostgresServer
from promo_reports.errors import SourceUnavailable
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import ORDER, SELECT, WHERE, Move, PostgresPromo, Project, SqlitePromo, numbered


class Stopped(Exception):
    """What Airflow's SIGTERM makes a task raise."""


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT])
def stop(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Send this process, once, a signal that raises `Stopped` in its main thread."""
    assert threading.current_thread() is threading.main_thread()

    def raised(number: int, frame: FrameType | None) -> None:
        raise Stopped

    sent: list[bool] = []

    def stop_once() -> None:
        if not sent:
            sent.append(True)
            os.kill(os.getpid(), request.param)

    before = signal.signal(request.param, raised)
    yield stop_once
    signal.signal(request.param, before)


def gone(postgres: PostgresServer) -> bool:
    return not postgres.execute(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'promo-reports' AND query LIKE 'COPY%'"
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize("limit", [1_000_000, 15_000])
def test_while_rows_come(
    limit: int, stop: Callable[[], None], postgres: PostgresServer, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.generate(40_000, note="repeat('x', 600)")
    with pytest.raises(Stopped):
        project.make(on_postgres.source, progress=lambda rows, expected: rows and stop(), rows_per_file=limit)
    assert project.left == []
    while not gone(postgres):
        pass


@pytest.mark.timeout(60)
@pytest.mark.parametrize("stop", [signal.SIGTERM], indirect=True)
def test_while_the_server_works(
    stop: Callable[[], None], postgres: PostgresServer, on_postgres: PostgresPromo, project: Project
) -> None:
    """The query would take minutes, and libpq would wait for it without hearing the signal."""
    project.write((SELECT + WHERE + ORDER).replace("WHERE", "WHERE pg_sleep(600) IS NOT NULL AND"))
    on_postgres.load(Move(1))
    sleepers = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = 'promo-reports'"
    before = set(postgres.execute(sleepers))

    def stop_when_it_works() -> None:
        while not set(postgres.execute(sleepers)) - before:
            pass
        stop()

    watcher = threading.Thread(target=stop_when_it_works, daemon=True)
    watcher.start()
    with pytest.raises(Stopped):
        project.make(on_postgres.source)
    watcher.join()
    assert project.left == []
    while set(postgres.execute(sleepers)) - before:
        pass


@pytest.mark.timeout(60)
@pytest.mark.parametrize("notices", [True, False])
def test_the_server_ends_a_query_that_nobody_waits_for(
    notices: bool, postgres: PostgresServer, on_postgres: PostgresPromo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks every two seconds; one that is older than PostgreSQL 14 is asked to, on another connection."""
    if not notices:
        monkeypatch.setattr("promo_reports.pipeline.databases.postgres.snapshot._HAS_CONNECTION_CHECK", 10**9)
    with PostgresSnapshot(on_postgres.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot:
        ((pid,),) = snapshot.fetch(BoundQuery("SELECT pg_backend_pid()", {}))
        works = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"
        watcher = threading.Thread(target=end_when_it_works, args=(snapshot, postgres, works), daemon=True)
        watcher.start()
        with pytest.raises(SourceUnavailable, match="the connection was lost"):
            snapshot.fetch(BoundQuery("SELECT pg_sleep(600)", {}))
        watcher.join()
    while postgres.execute(works) or any(each.name == "export-cancel" for each in threading.enumerate()):
        time.sleep(0.02)


def end_when_it_works(snapshot: PostgresSnapshot, postgres: PostgresServer, works: str) -> None:
    while not postgres.execute(works):
        time.sleep(0.02)
    snapshot.end()


def test_while_sqlite_is_read(stop: Callable[[], None], on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(*numbered(20_000))
    with pytest.raises(Stopped):
        project.make(on_sqlite.source, progress=lambda rows, expected: rows and stop())
    assert project.left == []


def test_a_progress_bar_that_fails_ends_the_export(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1))

    def fail(rows: int, expected: int) -> None:
        if rows:
            raise Stopped

    with pytest.raises(Stopped):
        project.make(on_postgres.source, progress=fail)
    assert project.left == []
