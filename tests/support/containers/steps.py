"""Steps of a run on containers, which takes minutes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told(step: str) -> Iterator[None]:
    """Print how long a step has taken."""
    started = time.monotonic()
    try:
        yield
    finally:
        print(f"\n{time.monotonic() - started:6.1f} s  {step}", flush=True)  # noqa: T201 - a run takes minutes
