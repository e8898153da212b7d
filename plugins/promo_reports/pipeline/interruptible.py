"""Waiting for a database so that a signal is heard.

libpq waits in C, where Python runs no signal handler: a task that is told to stop would hear it with the next row, or
never. The call therefore runs on a thread of its own, and this one can be interrupted.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Answer = TypeVar("Answer")

_PATIENCE = 2.0  # seconds until the next, ruder way of ending the call is tried


def interruptible(call: Callable[[], Answer], *endings: Callable[[], None]) -> Answer:
    """What `call` answers or raises.

    An interruption here is passed on when the call has ended, so that no thread is left with the connection. The
    `endings` are tried in turn to make it end; the last of them must do it.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []
    # Not `Thread.join`: where a signal's handler raises in it, Python 3.11 and 3.12 take the thread for dead.
    ended = threading.Event()

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="export-reader", daemon=True)
    try:
        thread.start()
        ended.wait()
    except BaseException as why:
        if thread.ident is not None or not isinstance(why, RuntimeError):  # which is how a thread fails to start
            end_by(endings, ended.wait)
            ended.wait()
            thread.join()
        raise
    thread.join()
    if errors:
        raise errors.pop()
    return answers.pop()


def end_by(endings: Sequence[Callable[[], None]], ended_within: Callable[[float], bool]) -> None:
    """Try the endings in turn until one of them has helped within some seconds; the last of them must do it."""
    for ending in endings:
        ending()
        if ended_within(_PATIENCE):
            return
