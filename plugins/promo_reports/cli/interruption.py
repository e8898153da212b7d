"""Ctrl-C and SIGTERM, answered at once.

A database driver keeps the thread that waits for a query from seeing a signal, so work that queries is done in another
one, and the main thread waits where a signal can reach it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

ENDED = 143
"""Exit status after SIGTERM."""

DoneT = TypeVar("DoneT")


def interruptible(work: Callable[[], DoneT]) -> DoneT:
    """What `work` returns or raises; a signal is raised here, and leaves the work to end with the process."""
    done: list[DoneT] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="work", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return done[0]


def end_on_sigterm() -> None:
    """Leave by an exception when told to end, so that what was begun is removed."""
    signal.signal(signal.SIGTERM, _ended)


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(ENDED)
