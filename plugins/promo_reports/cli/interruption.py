"""SIGTERM, answered as Ctrl-C is: by an exception in the main thread, so that what was begun is removed."""

from __future__ import annotations

import signal
from types import FrameType

ENDED = 143
"""Exit status after SIGTERM."""


def end_on_sigterm() -> None:
    """Leave by an exception when told to end."""
    signal.signal(signal.SIGTERM, _ended)


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(ENDED)
