"""Mutual exclusion between requests, over all processes of the api-server."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager

import sqlalchemy as sa
from fastapi.concurrency import run_in_threadpool

from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.web.error_handlers import Refusal

PATIENCE = 60.0
"""Seconds that a request waits for the locks."""
MOST_AT_ONE_TIME = 4
"""Locked blocks of one process; each holds one of the 15 metadata connections that all requests share."""
_SECONDS_BETWEEN_TRIES = 0.1

_held: list[frozenset[str]] = []
_guard = threading.Lock()


@asynccontextmanager
async def exclusive(*names: str) -> AsyncIterator[None]:
    """Run the block while no other request holds a lock of any of these names; raise 503 after PATIENCE.

    Uses a lock of this process and, on PostgreSQL, advisory locks of the metadata database. A waiting request holds
    neither a thread nor a connection. Blocks must not be nested: waiting inner blocks could use up all connections.
    """
    lock, deadline = _Lock(frozenset(names)), time.monotonic() + PATIENCE
    while not await run_in_threadpool(lock.take):
        if time.monotonic() > deadline:
            raise Refusal(503, "Another request has been doing the same for a minute.", "Try again in a moment.")
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        lock.release()  # on this thread: a cancelled request cannot await another


class _Lock:
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._taken = ExitStack()

    def take(self) -> bool:
        with _guard:
            if len(_held) >= MOST_AT_ONE_TIME or any(self._names & each for each in _held):
                return False
            _held.append(self._names)
        with ExitStack() as taking:
            taking.callback(self._let_go)
            session = taking.enter_context(metadata_session())
            if session.get_bind().dialect.name == "postgresql" and not all(map(session.scalar, self._questions())):
                return False
            self._taken = taking.pop_all()
            return True

    def release(self) -> None:
        self._taken.close()

    def _questions(self) -> Iterator[sa.Select[tuple[bool]]]:
        for name in self._names:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            yield sa.select(sa.func.pg_try_advisory_xact_lock(key))

    def _let_go(self) -> None:
        with _guard:
            _held.remove(self._names)
