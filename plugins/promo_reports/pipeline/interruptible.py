"""Waiting for a database so that a signal is heard.

libpq waits in C, where Python runs no signal handler: a task that is told to stop would hear it with the next row, or
never. The call therefore runs on a thread of its own, and this one can be interrupted.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def interruptible(call: Callable[[], Answer], hang_up: Callable[[], None]) -> Answer:
    """What `call` answers or raises; an interruption here first makes it end by `hang_up`, so no thread is left."""
    answers: list[Answer] = []
    errors: list[BaseException] = []
    # Not `Thread.join`: where a signal's handler raises in it, Python 3.10 to 3.12 take the thread for dead.
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
        hang_up()
        if thread.ident is not None or not isinstance(why, RuntimeError):  # which is how a thread fails to start
            ended.wait()
            thread.join()
        raise
    thread.join()
    if errors:
        raise errors.pop()
    return answers.pop()
