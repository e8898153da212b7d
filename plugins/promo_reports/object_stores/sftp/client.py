"""Sessions of SFTP servers with the credentials and the host keys of an Airflow connection."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, TypeVar

from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.sftp.errors import Fault
from promo_reports.object_stores.sftp.remote_files import RemoteFiles

T = TypeVar("T")
Opened = Callable[[], AbstractAsyncContextManager[Any]]
"""Returns what opens an `asyncssh.SFTPClient` when it is entered."""

SECONDS_TO_CONNECT = 30.0
SECONDS_TO_CLOSE = 5.0
SECONDS_TO_ABANDON = 0.3
"""For closing a session in which a request was cancelled: the task has little time left."""


def through_airflow(connection: str) -> Opened:
    """Sessions of the sftp provider's hook, which trusts the connection's `host_key`, or else known_hosts."""

    def opened() -> AbstractAsyncContextManager[Any]:
        try:
            from airflow.providers.common.compat.sdk import AirflowNotFoundException
            from airflow.providers.sftp.hooks.sftp import SFTPHookAsync
        except ModuleNotFoundError as missing:
            raise DestinationRefused(
                f"What talks to SFTP servers is not installed on this host: there is no module {missing.name!r}.",
                "Install promo-reports[airflow,sftp].",
            ) from None
        try:
            found = SFTPHookAsync.get_connection(connection)
        except AirflowNotFoundException:
            raise DestinationRefused(
                f"There is no Airflow connection {connection!r}.",
                "Create it, or correct the bucket's connection in include/account.yaml.",
            ) from None
        if not found.host:
            # The library would connect to this host.
            raise DestinationRefused(f"The Airflow connection {connection!r} has no host.", "Set it.")
        session: AbstractAsyncContextManager[Any] = SFTPHookAsync(sftp_conn_id=connection).get_managed_conn()
        return session

    return opened


class Session:
    """One session, opened by its first use; its requests run on an event loop in a thread of its own."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._closed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cancelled = False
        self._thread = threading.Thread(target=self._serve, name="export-sftp", daemon=True)
        self._thread.start()

    def connected(self) -> RemoteFiles:
        """Connect to the server."""
        opened = self._opened()
        # It would log each step, and what the server says.
        logging.getLogger("asyncssh").setLevel(logging.WARNING)

        async def connect() -> RemoteFiles:
            try:
                async with asyncio.timeout(SECONDS_TO_CONNECT):
                    return RemoteFiles(await self._stack.enter_async_context(opened))
            except Exception as error:
                raise Fault("connect", "", error) from None

        return self.run(connect())

    def run(self, request: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns, or raise what it raises; `cancel` cancels it."""

        async def tracked() -> T:
            task = asyncio.ensure_future(request)
            self._tasks.add(task)
            try:
                return await task
            finally:
                self._tasks.discard(task)

        return asyncio.run_coroutine_threadsafe(tracked(), self._loop).result()

    def cancel(self) -> None:
        """Cancel what runs, without waiting until it has tidied up after itself."""
        self._cancelled = True

        def cancel() -> None:
            for each in self._tasks:
                each.cancel()

        self._loop.call_soon_threadsafe(cancel)

    def close(self) -> None:
        """End the session; a server that does not answer is left."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(SECONDS_TO_ABANDON + 0.2 if self._cancelled else None)

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._until_closed())
        finally:
            self._loop.close()

    async def _until_closed(self) -> None:
        await self._closed.wait()
        for each in self._tasks:
            each.cancel()
        with suppress(Exception):
            async with asyncio.timeout(SECONDS_TO_ABANDON if self._cancelled else SECONDS_TO_CLOSE):
                await self._stack.aclose()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=0.1)
