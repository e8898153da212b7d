"""Locks of an SFTP server's folders, which no frozen attempt can outlive.

A lock is a directory, and whoever is alone in it has it: each attempt makes a directory of its own in it, with a random
name, in which it writes its temporary files. The file `owner` there grows while the attempt lives. Who waits, and sees
it unchanged for a whole lease, removes that directory with all that is in it.

Nothing is put in place or removed but by renaming from this directory or into it. So an attempt that was taken for dead
and wakes up can neither publish nor remove anything any more: its directory is gone. No clocks are compared.
"""

from __future__ import annotations

import asyncio
import logging
import os
import posixpath
import random
import secrets
import socket

from promo_reports.object_stores.sftp.errors import Fault
from promo_reports.object_stores.sftp.remote_files import RemoteFiles

log = logging.getLogger(__name__)

LEASE = 60.0
"""Seconds without a sign of life after which a lock is taken over."""
BEATS = 6
"""Signs of life in one lease."""
OWNER = "owner"
"""The file whose first line names the host and the process that have the lock."""


class Locked(Exception):
    """Somebody else has the lock, and has shown that they live."""


class Lock:
    """The lock at a path, for one attempt.

    `own` is the directory for its temporary files while it has the lock, `begun` says that something may be there.
    """

    def __init__(self, path: str, lease: float) -> None:
        self._path, self._lease = path, lease
        self._token = secrets.token_hex(8)
        self.own = posixpath.join(path, self._token)
        self.begun = False
        self._beating: asyncio.Task[None] | None = None
        self._seen: dict[str, tuple[object, float]] = {}

    async def take(self, files: RemoteFiles, *, wait: float) -> None:
        """Take the lock; Locked if somebody else has it for `wait` seconds. `release` has to follow in any case."""
        self.begun = True
        now = asyncio.get_running_loop().time
        ends = now() + wait
        while not await self._taken(files):
            if now() >= ends:
                raise Locked
            await asyncio.sleep(min(1.0, self._lease / BEATS) * random.uniform(0.5, 1.0))  # noqa: S311
        self._beating = asyncio.create_task(self._beat(files))

    async def release(self, files: RemoteFiles) -> None:
        """Leave the lock, and remove what is left of the attempt's temporary files."""
        if self._beating is not None:
            self._beating.cancel()
        await self._drop(files, self._token)
        if await files.remove_directory(self._path):
            await files.remove_directory(posixpath.dirname(self._path))

    async def held(self, files: RemoteFiles) -> bool:
        """Return whether nobody has taken the lock over."""
        return await files.status(self.own) is not None

    async def _taken(self, files: RemoteFiles) -> bool:
        await files.make_all(self._path)
        for name in await self._holders(files):
            if not await self._dead(files, name):
                return False
            log.warning("Took over the lock %s: its owner showed no sign of life for %s s", self._path, self._lease)
            await self._drop(files, name)
        try:
            await files.make(self.own)
            await files.append(posixpath.join(self.own, OWNER), f"{socket.gethostname()} {os.getpid()}\n".encode())
        except Fault as fault:
            if fault.missing:  # the last owner has removed the directory meanwhile
                return False
            raise
        if await self._holders(files) == [self._token]:
            return True
        await self._drop(files, self._token)
        return False

    async def _holders(self, files: RemoteFiles) -> list[str]:
        return [each.filename for each in await files.names(self._path)]

    async def _dead(self, files: RemoteFiles, name: str) -> bool:
        """Return whether an owner has shown no sign of life for a lease."""
        sign = await files.status(posixpath.join(self._path, name, OWNER))
        shown = None if sign is None else (sign.size, sign.mtime)
        now = asyncio.get_running_loop().time()
        last, since = self._seen.get(name, (object(), now))
        if shown != last:
            self._seen[name] = shown, now
            return False
        return now - since >= self._lease

    async def _drop(self, files: RemoteFiles, name: str) -> None:
        """Remove an attempt's directory; one that writes to it again lives, and keeps it."""
        directory = posixpath.join(self._path, name)
        for each in await files.names(directory):
            await files.remove(posixpath.join(directory, each.filename))
        await files.remove_directory(directory)
        self._seen.pop(name, None)

    async def _beat(self, files: RemoteFiles) -> None:
        while True:
            await asyncio.sleep(self._lease / BEATS)
            try:
                await files.append(posixpath.join(self.own, OWNER), b".")
            except Fault as fault:
                if fault.missing:
                    return
                log.warning("Could not show the server that the owner of %s lives (%s)", self._path, fault.code)
