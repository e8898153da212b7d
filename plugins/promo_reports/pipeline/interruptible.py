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

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="export-reader", daemon=True)
    try:
        thread.start()
        thread.join()
    except BaseException:
        hang_up()
        if thread.ident is not None:
            thread.join()
        raise
    if errors:
        raise errors.pop()
    return answers.pop()
