"""A blocking call that is left: by a signal, or because its time is over."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from promo_reports.interruptible import LimitReached, interruptible


class Stopped(Exception):
    """What Airflow's SIGTERM makes a task raise."""


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT])
def stop(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Send this process a signal that raises `Stopped` in its main thread."""

    def raised(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(request.param, raised)
    yield lambda: os.kill(os.getpid(), request.param)
    signal.signal(request.param, before)


def test_it_returns_and_raises_what_the_call_does() -> None:
    assert interruptible(lambda: threading.current_thread().name) == "export-reader"
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    with pytest.raises(SystemExit):
        interruptible(lambda: exec("raise SystemExit"))


def test_the_call_sees_the_context_of_its_caller() -> None:
    task = contextvars.ContextVar("task", default="none")
    task.set("mine")
    assert interruptible(task.get) == "mine"


def test_a_signal_ends_the_call_and_waits_for_it(stop: Callable[[], None]) -> None:
    """`Thread.join`, interrupted, would take the thread for dead while it still reads from the connection."""
    told, may_end, states = threading.Event(), threading.Event(), []

    def call() -> None:
        stop()
        told.wait()
        threading.Timer(0.05, may_end.set).start()
        may_end.wait()
        states.append("ended")

    with pytest.raises(Stopped):
        interruptible(call, end=told.set, grace=60)
    assert states == ["ended"]


def test_a_call_that_does_not_end_is_left_and_what_it_returns_is_discarded(stop: Callable[[], None]) -> None:
    may_end, discarded = threading.Event(), threading.Event()

    def call() -> threading.Event:
        stop()
        may_end.wait()
        return discarded

    with pytest.raises(Stopped):
        interruptible(call, discard=threading.Event.set, grace=0.01)
    assert not discarded.is_set()
    may_end.set()
    assert discarded.wait(60)


def test_what_it_has_returned_when_it_is_told_to_end_is_discarded_too() -> None:
    may_end, discarded = threading.Event(), threading.Event()

    def call() -> threading.Event:
        may_end.wait()
        return discarded

    with pytest.raises(LimitReached):
        interruptible(call, end=may_end.set, remaining=lambda: 0.0, discard=threading.Event.set, grace=60)
    assert discarded.is_set()


def test_a_call_has_as_long_as_is_left() -> None:
    may_end, left = threading.Event(), [0.01, 0.01, 0.01]
    with pytest.raises(LimitReached):
        interruptible(may_end.wait, end=may_end.set, remaining=lambda: left.pop() if left else 0.0)
    assert may_end.is_set()
    assert interruptible(lambda: 1, remaining=lambda: 60.0) == 1
