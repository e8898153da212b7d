"""A directory of an SFTP server as an object store: files are renamed into place, under a lock."""

from __future__ import annotations

import hashlib
import os
import posixpath
import secrets
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from promo_reports.domain.account import Bucket
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.port import (
    MOST_BYTES,
    TEMPORARY,
    Busy,
    Entry,
    LostRace,
    Objects,
    OpenObject,
    Stored,
    damaged,
)
from promo_reports.object_stores.sftp import errors
from promo_reports.object_stores.sftp.client import Opened, Session, through_airflow
from promo_reports.object_stores.sftp.errors import Fault
from promo_reports.object_stores.sftp.lock import LEASE, Lock, Locked
from promo_reports.object_stores.sftp.remote_files import RemoteFiles, is_directory, is_file
from promo_reports.object_stores.staged_file import check_whole, chunks, gone, new_file

T = TypeVar("T")
Request = Callable[[RemoteFiles], Coroutine[Any, Any, T]]

LOCKS = ".promo-reports-locks"
"""A directory beside the folders of reports, with the locks and temporary files of attempts."""
LOCK_WAIT = 600.0
"""Seconds to wait for another publication of the same window."""


def sftp_store(bucket: Bucket) -> SftpStore:
    """Return the store of a connected server, with the credentials of its Airflow connection."""
    return SftpStore(bucket)


class SftpStore:
    """The directory `prefix` of a server, below the one in which sessions begin; addresses are `sftp://<bucket>/path`.

    `bucket.name` is a name of the server for people; where it is, says the connection. `opened` replaces the connection
    for tests. A session is opened for each folder.
    """

    def __init__(
        self, bucket: Bucket, *, opened: Opened | None = None, lease: float = LEASE, lock_wait: float = LOCK_WAIT
    ) -> None:
        self._bucket = bucket
        self._opened = opened or through_airflow(bucket.connection)
        self._lease, self._lock_wait = lease, lock_wait

    @contextmanager
    def folder(self, *names: str) -> Iterator[SftpObjects]:
        """Lock the folder, and make it; a second writer waits."""
        place = self._bucket.below("/".join(names))
        try:
            with self._locked(names, self._lock_wait) as (server, lock):
                server.ask(lambda files: files.make_all(place.prefix))
                try:
                    yield SftpObjects(server, place, lock)
                finally:
                    server.try_to(lambda files: _remove_empty(files, self._paths(names)))
        except Locked:
            raise DestinationUnavailable(
                f"{place.address} is locked by another publication.",
                "If no run of this report is active, look for a process that hangs: the lock's file `owner` names it.",
            ) from None

    @contextmanager
    def reading(self, *names: str) -> Iterator[SftpObjects | None]:
        """Return the folder as it is; readers and writers do not wait for each other."""
        place = self._bucket.below("/".join(names))
        with self._server() as server:
            found = server.ask(lambda files: files.status(place.prefix))
            yield SftpObjects(server, place, None) if is_directory(found) else None

    @contextmanager
    def idle_folder(self, *names: str) -> Iterator[SftpObjects]:
        """Open the folder if nobody publishes to it."""
        place = self._bucket.below("/".join(names))
        try:
            with self._locked(names, 0.0) as (server, lock):
                if not is_directory(server.ask(lambda files: files.status(place.prefix))):
                    raise Busy(*names)
                yield SftpObjects(server, place, lock)
        except Locked:
            raise Busy(*names) from None

    def folders(self, *names: str) -> Sequence[str]:
        """List directories, but no links to one."""
        path = self._bucket.below("/".join(names)).prefix
        with self._server() as server:
            found = server.ask(lambda files: files.names(path or "."))
        return [each.filename for each in found if is_directory(each.attrs) and each.filename != LOCKS]

    def remove_empty(self, *names: str) -> bool:
        """Remove an empty directory."""
        path = self._bucket.below("/".join(names)).prefix
        with self._server() as server:
            return server.ask(lambda files: files.remove_directory(path))

    def check_visible(self) -> None:
        """Raise unless the server lets us in and has the directory."""
        path = self._bucket.prefix or "."
        with self._server() as server:
            found = server.ask(lambda files: files.status(path))
        if found is None:
            raise DestinationUnavailable(f"There is no {self._bucket.address}.", "Nothing was ever delivered there.")

    def _paths(self, names: Sequence[str]) -> list[str]:
        """Return the paths of the folders below the prefix, the innermost first."""
        return [self._bucket.below("/".join(names[:depth])).prefix for depth in range(len(names), 0, -1)]

    @contextmanager
    def _locked(self, names: Sequence[str], wait: float) -> Iterator[tuple[_Server, Lock]]:
        path = self._bucket.below(f"{LOCKS}/{'~'.join(names)}").prefix
        with self._server() as server:
            lock = Lock(path, self._lease)
            try:
                server.ask(partial(lock.take, wait=wait))
                yield server, lock
            finally:
                if lock.begun:
                    server.try_to(lock.release)

    @contextmanager
    def _server(self) -> Iterator[_Server]:
        session = Session(self._opened)
        try:
            yield _Server(session, self._bucket)
        finally:
            session.close()


class _Server:
    """Requests of one session, which can be interrupted and raise the product's errors."""

    def __init__(self, session: Session, bucket: Bucket) -> None:
        self._session = session
        self._access = BucketAccess(bucket.name, bucket.connection, session.connected, errors)

    def ask(self, request: Request[T]) -> T:
        """Return what the server answers."""
        answered: Any = self._access.ask(lambda files: self._session.run(request(files)), end=self._session.cancel)
        found: T = answered
        return found

    def try_to(self, request: Request[Any]) -> None:
        """Ask for what is not worth an error: others tidy up as well."""
        with suppress(PromoReportsError):
            self.ask(request)


class SftpObjects:
    """The files of one directory; with its lock, for writing."""

    def __init__(self, server: _Server, place: Bucket, lock: Lock | None) -> None:
        self._server, self._place, self._lock = server, place, lock
        self.exclusive = lock is not None

    def get(self, name: str) -> Stored | None:
        """Return a file; its tag is its hash."""
        path = self._path(name)

        async def read(files: RemoteFiles) -> tuple[Any, bytes]:
            found = await files.status(path)
            return found, await files.read(path, MOST_BYTES + 1) if is_file(found) else b""

        found, content = self._server.ask(read)
        if found is None:
            return None
        if not is_file(found):
            raise DestinationRefused(f"{self.address(name)} is no regular file.", "Move it away.")
        return Stored(content, hashlib.sha256(content).hexdigest(), _written(found))

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Rename the new file over the old one, if that is still the one that was read."""
        present = self.get(name)
        if (present.tag if present else None) != replacing:
            raise LostRace
        wanted = len(content), hashlib.sha256(content).hexdigest()
        self._server.ask(lambda files: self._put(files, name, [content], wanted))

    def discard(self, name: str, *, stamp: str) -> None:
        """Remove the file that was listed."""
        found = self._server.ask(lambda files: files.status(self._path(name)))
        if found is not None and _stamp(found) != stamp:
            raise LostRace
        self.delete([(name, None)])

    def upload(self, file: ExportFile, source: Path) -> None:
        """Send a file under a temporary name, read it back, rename it."""
        wanted = file.bytes, file.sha256
        self._server.ask(lambda files: self._put(files, file.name, chunks(file, source), wanted))

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Have the server copy a file of another folder, where it has `copy-data@openssh.com`, and read the copy.

        Servers compute no checksums, so it is read; still it passes the network once, and not three times.
        """
        if not isinstance(source, SftpObjects) or not source._is_with(self._place):
            return False
        original, wanted = source._path(file.name), (file.bytes, file.sha256)

        async def copied(files: RemoteFiles) -> bool:
            if not is_file(await files.status(original)):
                raise gone(source.address(file.name))
            temporary = self._temporary()
            found = await files.copy(original, temporary, file.bytes)
            if found is None:
                return False
            if found != wanted and await files.digest(original) != wanted:
                raise damaged(source.address(file.name), "it is not the file that its manifest names")
            await self._put_in_place(files, temporary, file.name, found, wanted)
            return True

        return self._server.ask(copied)

    def digest(self, name: str) -> tuple[int, str] | None:
        """Read all of a file, and return its size and hash."""
        path = self._path(name)

        async def read(files: RemoteFiles) -> tuple[int, str] | None:
            return await files.digest(path) if is_file(await files.status(path)) else None

        return self._server.ask(read)

    def open(self, name: str) -> OpenObject | None:
        """Read all of a file into one without a name on this host: SFTP has no URLs that a browser opens."""
        with tempfile.TemporaryFile() as kept:
            found = self._read_into(name, kept.write)
            if found is None:
                return None
            kept.flush()
            content = FileIO(os.dup(kept.fileno()))
        content.seek(0)
        return OpenObject(*found, content)

    def entries(self) -> Sequence[Entry]:
        """List files; what killed attempts have left of their uploads went with their lock."""
        found = self._server.ask(lambda files: files.names(self._place.prefix))
        return [
            Entry(
                each.filename,
                each.attrs.size if is_file(each.attrs) else None,
                _written(each.attrs),
                unfinished=each.filename.startswith(TEMPORARY),
                stamp=_stamp(each.attrs),
            )
            for each in found
            if not is_directory(each.attrs)
        ]

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Move each file to the attempt's own directory, and remove it there."""

        for name, _ in names:
            self._server.ask(partial(self._remove, name))

    def address(self, name: str) -> str:
        """Return an `sftp://` URL; its host is the name that the account gives the server."""
        return f"{self._place.address}/{quote(name)}"

    def download(self, file: ExportFile, target: Path) -> None:
        """Read a file into a new local one."""
        with new_file(target) as local:
            found = self._read_into(file.name, local.write, most=file.bytes)
            if found is None:
                raise gone(self.address(file.name))
            check_whole(file, *found, self.address(file.name))

    def _is_with(self, place: Bucket) -> bool:
        """Return whether a place is on the same server, reached by the same connection."""
        return (self._place.name, self._place.connection) == (place.name, place.connection)

    def _read_into(
        self, name: str, write: Callable[[bytes], object], *, most: int | None = None
    ) -> tuple[int, str] | None:
        """Read a file, and return its size and hash; of one with more than `most` bytes the size alone."""
        path = self._path(name)

        async def read(files: RemoteFiles) -> tuple[int, str] | None:
            found = await files.status(path)
            if found is None:
                return None
            if not is_file(found):
                raise damaged(self.address(name), "it is no regular file")
            if most is not None and found.size > most:
                return found.size, ""
            return await files.digest(path, write)

        return self._server.ask(read)

    async def _remove(self, name: str, files: RemoteFiles) -> None:
        aside = self._temporary()
        try:
            await files.move(self._path(name), aside)
        except Fault as fault:
            if not fault.missing:
                raise
            await self._check_lock(files)
        else:
            await files.remove(aside)

    async def _put(self, files: RemoteFiles, name: str, content: Iterable[bytes], wanted: tuple[int, str]) -> None:
        temporary = self._temporary()
        try:
            found = await files.write(temporary, content, wanted[0])
        except Fault as fault:
            if fault.missing:
                await self._check_lock(files)
            raise
        await self._put_in_place(files, temporary, name, found, wanted)

    async def _put_in_place(
        self, files: RemoteFiles, temporary: str, name: str, found: tuple[int, str], wanted: tuple[int, str]
    ) -> None:
        if found != wanted:
            raise DestinationUnavailable(
                f"{self.address(name)} is not what was sent: the server gave other bytes back."
            )
        try:
            await files.put_in_place(temporary, self._path(name))
        except Fault as fault:
            if not fault.missing:
                raise
            await self._check_lock(files)
            await files.make_all(self._place.prefix)  # somebody has removed the empty folder meanwhile
            await files.put_in_place(temporary, self._path(name))

    async def _check_lock(self, files: RemoteFiles) -> None:
        """Raise unless the lock is still ours: else what is missing is our own directory."""
        if self._lock is None or not await self._lock.held(files):
            raise DestinationUnavailable(
                f"{self._place.address} has been taken over by another publication: this one had shown no sign of life."
            )

    def _temporary(self) -> str:
        if self._lock is None:
            raise ValueError(f"{self._place.address} was opened for reading")
        return posixpath.join(self._lock.own, TEMPORARY + secrets.token_hex(8))

    def _path(self, name: str) -> str:
        return posixpath.join(self._place.prefix, name)


async def _remove_empty(files: RemoteFiles, paths: Sequence[str]) -> None:
    for path in paths:
        if not await files.remove_directory(path):
            return


def _written(status: Any) -> datetime:
    return datetime.fromtimestamp(status.mtime or 0, UTC)


def _stamp(status: Any) -> str:
    """Return what differs after a replacement: of one in the same second only if its size differs, too."""
    return f"{status.mtime}-{status.size}"
