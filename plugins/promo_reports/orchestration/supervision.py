"""The end of a task whose supervisor, the process of Airflow that started it, was killed.

Nobody would take its result any more, and Airflow, which misses its heartbeats, begins the next attempt.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from promo_reports.interruptible import SECONDS_UNTIL_KILLED

_SECONDS_BETWEEN_LOOKS = 1.0


@contextmanager
def ended_with_supervisor() -> Iterator[None]:
    """Stop this process, as its supervisor would, when that is gone: by SIGTERM, and if that does not help, SIGKILL."""
    supervisor, over = os.getppid(), threading.Event()

    def watch() -> None:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            if os.getppid() != supervisor:
                os.kill(os.getpid(), signal.SIGTERM)
                if not over.wait(SECONDS_UNTIL_KILLED):
                    os.kill(os.getpid(), signal.SIGKILL)
                return

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()
    try:
        yield
    finally:
        over.set()
