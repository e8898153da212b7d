"""An export that is told to stop stops at once, wherever it waits, and leaves nothing behind."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from zoneinfo import ZoneInfo

import pytest

from include.demo.stack.postgres import PostgresServer
from promo_reports.pipeline.interruptible import interruptible
from promo_reports.pipeline.postgres import PostgresSnapshot
from promo_reports.sql.bound import BoundQuery
from tests.pipeline.promo import ORDER, SELECT, WHERE, Move, PostgresPromo, Project, SqlitePromo, numbered


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


def test_it_answers_and_raises_what_the_call_does() -> None:
    assert interruptible(lambda: threading.current_thread().name, lambda: None) == "export-reader"
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0, lambda: None)
    with pytest.raises(SystemExit):
        interruptible(lambda: exec("raise SystemExit"), lambda: None)


def test_the_call_sees_the_context_of_its_caller() -> None:
    task = contextvars.ContextVar("task", default="none")
    task.set("mine")
    assert interruptible(task.get, lambda: None) == "mine"


def test_a_signal_hangs_up_and_waits_for_the_call(stop: Callable[[], None]) -> None:
    line, ended = threading.Event(), []

    def call() -> None:
        stop()
        line.wait()
        ended.append(True)

    with pytest.raises(Stopped):
        interruptible(call, line.set)
    assert ended == [True]


def test_no_interruption_returns_before_the_call_has_ended(stop: Callable[[], None]) -> None:
    """`Thread.join`, interrupted, would take the thread for dead while it still reads from the connection."""
    hung_up, may_end, states = threading.Event(), threading.Event(), []

    def call() -> None:
        stop()
        hung_up.wait()
        threading.Timer(0.05, may_end.set).start()
        may_end.wait()
        states.append("ended")

    with pytest.raises(Stopped):
        interruptible(call, hung_up.set)
    assert states == ["ended"]


def test_the_next_ending_is_tried_where_one_is_in_vain(
    stop: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promo_reports.pipeline.interruptible._PATIENCE", 0.01)
    line, tried = threading.Event(), []

    def call() -> None:
        stop()
        line.wait()

    with pytest.raises(Stopped):
        interruptible(call, lambda: tried.append("cancel"), lambda: (tried.append("hang up"), line.set())[0])
    assert tried == ["cancel", "hang up"]


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
def test_while_nothing_answers(
    stop: Callable[[], None], postgres: PostgresServer, on_postgres: PostgresPromo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that is gone takes no cancel either; the server sees within 2 s that nobody waits any more."""
    monkeypatch.setattr("promo_reports.pipeline.interruptible._PATIENCE", 0.01)
    monkeypatch.setattr(PostgresSnapshot, "cancel", lambda self: None)
    source, zone = on_postgres.source, ZoneInfo("UTC")
    with PostgresSnapshot(source, zone, statement_timeout_minutes=1) as snapshot:
        ((pid,),) = snapshot.fetch(BoundQuery("SELECT pg_backend_pid()", {}))
        works = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"

        def stop_when_it_works() -> None:
            while not postgres.execute(works):
                pass
            stop()

        watcher = threading.Thread(target=stop_when_it_works, daemon=True)
        watcher.start()
        with pytest.raises(Stopped):
            snapshot.fetch(BoundQuery("SELECT pg_sleep(600)", {}))
        watcher.join()
    while postgres.execute(works):
        pass


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
