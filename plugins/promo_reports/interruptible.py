"""Run a blocking call so that signals are heard and time limits are kept.

Drivers of databases and object stores wait in C, or swallow the exceptions of signal handlers. The call therefore runs
on a thread of its own, while the thread that asked waits where it can be interrupted and can give up.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

SECONDS_UNTIL_KILLED = 5.0
"""From SIGTERM to SIGKILL in Airflow (`WatchedSubprocess.kill`); by then a task has removed its temporaries."""

# What follows on it (closing a connection, tidying up) must fit in as well, on a busy machine too.
GRACE = 2.0
"""Seconds that a call gets to end once it has been told to; then it is left to its thread."""

_LOOK = 1.0  # seconds between two looks at the time that is left


class LimitReached(Exception):
    """The call had no time left."""


def interruptible(
    call: Callable[[], Answer],
    *,
    end: Callable[[], None] | None = None,
    remaining: Callable[[], float] | None = None,
    discard: Callable[[Answer], object] | None = None,
    grace: float = GRACE,
) -> Answer:
    """Return what `call` returns, or raise what it raises.

    `remaining` tells the seconds that are left, `LimitReached` is raised when none are. Then, and when this thread is
    interrupted, `end` makes the call end; it must not block. A call that does not end within `grace` seconds is left on
    its daemon thread. What it still returns goes to `discard`.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []
    left = threading.Event()
    returning = threading.Lock()
    # Not `Thread.join`: where a signal's handler raises in it, Python 3.10 to 3.12 take the thread for dead.
    ended = threading.Event()

    def run() -> None:
        try:
            answer = call()
            with returning:
                if not left.is_set():
                    answers.append(answer)
                    return
            if discard is not None:
                discard(answer)
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="export-reader", daemon=True)
    try:
        thread.start()
        if remaining is None:
            ended.wait()
        else:
            while not ended.wait(min(_LOOK, max(0.0, remaining()))):
                if remaining() <= 0:
                    raise LimitReached
    except BaseException as why:
        with returning:
            left.set()
        if end is not None:
            end()
        if answers and discard is not None:
            discard(answers.pop())
        if thread.ident is not None or not isinstance(why, RuntimeError):  # which is how a thread fails to start
            ended.wait(grace)
        raise
    thread.join()
    if errors:
        raise errors.pop()
    return answers.pop()
