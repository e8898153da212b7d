"""Stop a task whose supervisor, the Airflow process that started it, has been killed.

Its result could no longer be reported, and Airflow, missing its heartbeats, starts the next attempt.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from promo_reports.interruptible import SECONDS_UNTIL_KILLED

_SECONDS_BETWEEN_CHECKS = 1.0


@contextmanager
def ended_with_supervisor() -> Iterator[None]:
    """Stop this process when its supervisor is gone, as that would: with SIGTERM, then with SIGKILL."""
    supervisor, over = os.getppid(), threading.Event()

    def watch() -> None:
        while not over.wait(_SECONDS_BETWEEN_CHECKS):
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
