"""Limits of the downloads that are open at one time: each has a connection, a descriptor and some 200 KB of buffers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from promo_reports.web.answers import Refusal

RETRY_AFTER = {"Retry-After": "10"}


class OpenDownloads:
    """The open downloads of one process, counted by person."""

    def __init__(self, *, per_process: int, per_person: int) -> None:
        self._per_process, self._per_person = per_process, per_person
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, person: str) -> Iterator[None]:
        """Count one download of a person during the block.

        Raise `Refusal`: 429 where the person has as many open as one may have, 503 where the process has.
        """
        with self._lock:
            if self._open[person] >= self._per_person:
                raise Refusal(
                    429,
                    f"You have {self._per_person} downloads open already.",
                    "Wait until one of them has ended.",
                    headers=RETRY_AFTER,
                )
            if self._open.total() >= self._per_process:
                raise Refusal(
                    503, "Too many files are being downloaded just now.", "Try again in a moment.", headers=RETRY_AFTER
                )
            self._open[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[person] -= 1
                if not self._open[person]:
                    del self._open[person]
