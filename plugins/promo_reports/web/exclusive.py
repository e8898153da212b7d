"""One request at a time for what must not be done twice, over all processes of the api-server."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import sqlalchemy as sa
from fastapi.concurrency import run_in_threadpool

from promo_reports.web.answers import Refusal
from promo_reports.web.project import metadata

PATIENCE = 60.0
"""Seconds that a request waits for its turn."""
_SECONDS_BETWEEN_TRIES = 0.1

_held: set[str] = set()
_guard = threading.Lock()


@asynccontextmanager
async def exclusive(name: str) -> AsyncIterator[None]:
    """Do the block while no other request does one of this name; 503 after a minute of waiting.

    A lock of this process, and an advisory lock of the metadata database where that is PostgreSQL. Whoever waits holds
    neither a thread nor a connection.
    """
    lock, deadline = _Lock(name), time.monotonic() + PATIENCE
    while not await run_in_threadpool(lock.take):
        if time.monotonic() > deadline:
            raise Refusal(503, "Another request has been doing the same for a minute.", "Try again in a moment.")
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        lock.release()  # on this thread: a request that is cancelled gets no other


class _Lock:
    def __init__(self, name: str) -> None:
        self._name = name
        self._taken = ExitStack()

    def take(self) -> bool:
        with _guard:
            if self._name in _held:
                return False
            _held.add(self._name)
        with ExitStack() as taking:
            taking.callback(self._let_go)
            session = taking.enter_context(metadata())
            if session.get_bind().dialect.name == "postgresql":
                key = int.from_bytes(hashlib.sha256(self._name.encode()).digest()[:8], "big", signed=True)
                if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(key))):
                    return False
            self._taken = taking.pop_all()
            return True

    def release(self) -> None:
        self._taken.close()

    def _let_go(self) -> None:
        with _guard:
            _held.discard(self._name)
