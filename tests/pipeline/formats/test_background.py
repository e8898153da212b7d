"""The writer's thread: in order, bounded, and gone whatever happens."""

from __future__ import annotations

import queue
import threading
from functools import partial

import pytest

from promo_reports.pipeline.formats.background import Background


class Boom(Exception):
    pass


def fail() -> None:
    raise Boom("a job failed")


def test_jobs_run_in_order_on_one_other_thread() -> None:
    seen: list[tuple[int, int]] = []
    with Background() as background:
        for number in range(100):
            background.submit(partial(lambda number: seen.append((number, threading.get_ident())), number))
    assert [number for number, _ in seen] == list(range(100))
    assert {thread for _, thread in seen} != {threading.get_ident()}
    assert len({thread for _, thread in seen}) == 1


def test_an_error_surfaces_when_the_block_is_left_and_later_jobs_do_not_run() -> None:
    ran: list[str] = []

    def submit(background: Background) -> None:
        background._jobs.put(fail)
        background._jobs.put(lambda: ran.append("after"))

    with pytest.raises(Boom, match="a job failed"), Background() as background:
        submit(background)
    assert ran == []


def test_an_error_surfaces_with_the_next_job() -> None:
    failed = threading.Event()

    def fail_and_tell() -> None:
        try:
            fail()
        finally:
            failed.set()

    def submit_many(background: Background) -> None:
        background.submit(fail_and_tell)
        failed.wait()
        for _ in range(1_000):
            background.submit(list)

    with pytest.raises(Boom), Background() as background:
        submit_many(background)


def test_at_most_eight_jobs_wait() -> None:
    gate, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        gate.wait()

    with Background() as background:
        background.submit(hold)
        begun.wait()
        for _ in range(8):
            background.submit(list)
        with pytest.raises(queue.Full):
            background._jobs.put_nowait(list)
        gate.set()


def test_jobs_that_wait_are_dropped_when_the_block_fails() -> None:
    gate, begun, ran = threading.Event(), threading.Event(), []

    def hold() -> None:
        begun.set()
        gate.wait()

    background = Background()
    background.__enter__()
    background.submit(hold)
    background.submit(lambda: ran.append("waiting"))
    begun.wait()
    error = Boom()
    background._abandoned = True
    gate.set()
    background.__exit__(Boom, error, None)
    assert ran == []


def test_the_error_of_the_block_is_not_hidden_by_that_of_a_job() -> None:
    def fail_too(background: Background) -> None:
        background.submit(fail)
        raise KeyError

    with pytest.raises(KeyError), Background() as background:
        fail_too(background)


def test_an_interruption_while_it_finishes_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    background = Background()
    background.__enter__()
    wait = background._ended.wait
    interrupted: list[bool] = []

    def interrupted_once() -> None:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        wait()

    monkeypatch.setattr(background._ended, "wait", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        background.__exit__(None, None, None)
    assert not background._thread.is_alive()


def started_then_interrupted(background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    start = background._thread.start

    def start_and_interrupt() -> None:
        start()
        raise KeyboardInterrupt

    monkeypatch.setattr(background._thread, "start", start_and_interrupt)


def test_an_interruption_while_it_starts_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    background = Background()
    started_then_interrupted(background, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        background.__enter__()
    background._thread.join()
