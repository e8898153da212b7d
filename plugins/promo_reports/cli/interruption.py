"""SIGTERM handling: like Ctrl-C, an exception in the main thread, so that unfinished work is removed."""

from __future__ import annotations

import signal
from types import FrameType

ENDED = 143
"""Exit status after SIGTERM."""


def end_on_sigterm() -> None:
    """Install a handler that raises `SystemExit` on SIGTERM."""
    signal.signal(signal.SIGTERM, _ended)


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(ENDED)
