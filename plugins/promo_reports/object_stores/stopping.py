"""End transfers early: whoever asked for one may be told to end in the middle of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator


class Stopped(Exception):
    """The transfer was stopped."""


def check(stopped: threading.Event) -> None:
    """Raise Stopped once the event is set."""
    if stopped.is_set():
        raise Stopped


def until(stopped: threading.Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks until `stopped` is set; then raise Stopped."""
    for chunk in chunks:
        check(stopped)
        yield chunk
