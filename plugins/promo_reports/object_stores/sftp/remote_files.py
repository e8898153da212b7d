"""Files and directories of an SFTP server: each request with a time limit, each error with what was asked for."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import stat
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from promo_reports.object_stores.sftp.errors import Fault, NoRoom
from promo_reports.object_stores.staged_file import CHUNK

SECONDS = 60.0
"""Seconds that a server gets for one request, or for taking or giving one chunk of a file."""
_SLOWEST_COPY = 1 << 20
"""Bytes that a server copies in a second at least."""
_ATTEMPTS = 5
"""Times that a directory is made again whose parent somebody else has removed meanwhile."""


class RemoteFiles:
    """What lies below the directory in which a session begins; `sftp` is an `asyncssh.SFTPClient`.

    Every method raises Fault; paths have slashes, and never lead up.
    """

    def __init__(self, sftp: Any) -> None:
        self._sftp = sftp
        self._gave_up: BaseException | None = None

    async def status(self, path: str) -> Any | None:
        """Return size, mtime and permissions of what has a name; a link is not followed; None if there is nothing."""
        try:
            async with self._asking("look at", path):
                return await self._sftp.lstat(path)
        except Fault as fault:
            if fault.missing:
                return None
            raise

    async def names(self, path: str) -> list[Any]:
        """List a directory, each entry with `filename` and `attrs`; empty if it is missing."""
        try:
            async with self._asking("list", path):
                return [each for each in await self._sftp.readdir(path) if each.filename not in (".", "..")]
        except Fault as fault:
            if fault.missing:
                return []
            raise

    async def make(self, path: str) -> bool:
        """Make a directory, and return whether it was not there."""
        try:
            async with self._asking("make the directory", path):
                await self._sftp.mkdir(path)
        except Fault as fault:
            there = None if fault.missing else await self._followed(path)
            if is_directory(there):
                return False
            if there is not None:  # for which servers have no answer but that they failed
                raise Fault(fault.operation, path, NotADirectoryError()) from None
            raise
        return True

    async def make_all(self, path: str) -> None:
        """Make a directory and what is missing above it."""
        for attempt in range(_ATTEMPTS):
            if not path or is_directory(await self._followed(path)):
                return
            await self.make_all(posixpath.dirname(path))
            try:
                await self.make(path)
            except Fault as fault:
                if not fault.missing or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    async def read(self, path: str, most: int) -> bytes:
        """Return the first bytes of a file, at most `most`."""
        async with self._open(path, "rb", "read") as file, self._asking("read", path):
            content: bytes = await file.read(most)
            return content

    async def digest(self, path: str, to: Callable[[bytes], object] | None = None) -> tuple[int, str]:
        """Read all of a file, and return its bytes and their sha256; each chunk goes to `to`."""
        digest, size = hashlib.sha256(), 0
        async with self._open(path, "rb", "read") as file:
            while True:
                async with self._asking("read", path):
                    chunk = await file.read(CHUNK, size)
                if not chunk:
                    return size, digest.hexdigest()
                digest.update(chunk)
                size += len(chunk)
                if to is not None:
                    to(chunk)

    async def write(self, path: str, chunks: Iterable[bytes], size: int) -> tuple[int, str]:
        """Write a new file, have it synced to the disk where the server can, and return what it has then.

        NoRoom where the file system has fewer than `size` bytes free, and tells so.
        """
        await self._make_room(path, size)
        try:
            async with self._new(path) as file:
                for chunk in chunks:
                    async with self._asking("write", path):
                        await file.write(chunk)
        except Fault as fault:
            if fault.code == "SFTPFailure":  # which is all that version 3 of the protocol says of a full disk
                await self._make_room(path, size)
            raise
        return await self.digest(path)

    async def append(self, path: str, content: bytes) -> None:
        """Add bytes to a file, which is made where it is missing."""
        async with self._open(path, "ab", "write") as file, self._asking("write", path):
            await file.write(content)

    async def copy(self, source: str, target: str, size: int) -> tuple[int, str] | None:
        """Have the server copy a file to a new one, and return what that has then; None where it cannot."""
        if not self._sftp.supports_remote_copy:
            return None
        await self._make_room(target, size)
        async with (
            self._open(source, "rb", "read") as original,
            self._new(target) as file,
            self._asking("write", target, longer=size / _SLOWEST_COPY),
        ):
            await self._sftp.remote_copy(original, file)
        return await self.digest(target)

    async def put_in_place(self, path: str, target: str) -> None:
        """Rename a file to `target`, whatever has that name.

        Without `posix-rename@openssh.com` what has the name is moved beside `path` first: for a moment there is none.
        """
        try:
            async with self._asking("rename to", target):
                await self._sftp.posix_rename(path, target)
            return
        except Fault as fault:
            if fault.code != "SFTPOpUnsupported":
                raise
        aside = f"{path}-replaced"
        there = await self._moved(target, aside)
        try:
            await self.move(path, target)
        except BaseException:
            if there:
                await self._moved(aside, target)
            raise

    async def move(self, path: str, target: str) -> None:
        """Rename a file to a name that nothing has."""
        async with self._asking("rename to", target):
            await self._sftp.rename(path, target)

    async def remove(self, path: str) -> None:
        """Remove a file; a missing one is no error."""
        try:
            async with self._asking("remove", path):
                await self._sftp.remove(path)
        except Fault as fault:
            if not fault.missing:
                raise

    async def remove_directory(self, path: str) -> bool:
        """Remove a directory if it is empty, and return whether it is gone."""
        try:
            async with self._asking("remove the directory", path):
                await self._sftp.rmdir(path)
        except Fault as fault:
            return fault.missing
        return True

    async def _moved(self, path: str, target: str) -> bool:
        try:
            await self.move(path, target)
        except Fault as fault:
            if fault.missing:
                return False
            raise
        return True

    async def _followed(self, path: str) -> Any | None:
        with suppress(Fault):
            async with self._asking("look at", path):
                return await self._sftp.stat(path)
        return None

    @asynccontextmanager
    async def _asking(self, operation: str, path: str, *, longer: float = 0.0) -> AsyncIterator[None]:
        """Limit the time of one request, and turn what goes wrong into a Fault.

        A server that has not answered once is not asked again: each request of tidying up would wait as long.
        """
        from asyncssh import Error

        if self._gave_up is not None:
            raise Fault(operation, path, self._gave_up)
        try:
            async with asyncio.timeout(SECONDS + longer):
                yield
        except TimeoutError as error:
            self._gave_up = error
            raise Fault(operation, path, error) from None
        except (Error, OSError) as error:
            raise Fault(operation, path, error) from None

    @asynccontextmanager
    async def _new(self, path: str) -> AsyncIterator[Any]:
        """Open a new file for writing, and have it synced at the end where the server can."""
        async with self._open(path, "xb", "make") as file:
            yield file
            try:
                async with self._asking("sync", path):
                    await file.fsync()
            except Fault as fault:
                if fault.code != "SFTPOpUnsupported":
                    raise

    @asynccontextmanager
    async def _open(self, path: str, mode: str, operation: str) -> AsyncIterator[Any]:
        async with self._asking(operation, path):
            file = await self._sftp.open(path, mode)
        try:
            yield file
        except BaseException:
            with suppress(Fault):
                await self._close(file, path)
            raise
        await self._close(file, path)

    async def _close(self, file: Any, path: str) -> None:
        async with self._asking("close", path):
            await file.close()

    async def _make_room(self, path: str, size: int) -> None:
        try:
            async with self._asking("look at", path):
                found = await self._sftp.statvfs(posixpath.dirname(path) or ".")
        except Fault:
            return  # the server does not tell
        free = found.bavail * (found.frsize or found.bsize)
        if found.blocks and size > free:
            raise NoRoom(path, size, free)


def is_directory(status: Any | None) -> bool:
    """Return whether it is a directory by its status."""
    return status is not None and stat.S_ISDIR(status.permissions or 0)


def is_file(status: Any | None) -> bool:
    """Return whether it is a regular file by its status."""
    return status is not None and stat.S_ISREG(status.permissions or 0)
