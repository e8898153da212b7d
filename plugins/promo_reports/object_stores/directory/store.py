"""The download area: a directory of this host or of a shared file system, from which people download."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from promo_reports.domain.account import Bucket
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.file_modes import share
from promo_reports.object_stores.directory.file_stamps import stamp_from
from promo_reports.object_stores.directory.locked import as_it_is, is_an_area, locked_if_idle, made_and_locked, mark
from promo_reports.object_stores.port import (
    MOST_BYTES,
    TEMPORARY,
    Entry,
    LostRace,
    Objects,
    OpenObject,
    Stored,
    damaged,
)
from promo_reports.object_stores.staged_file import CHUNK, copy, digest_of, gone, new_file, receive
from promo_reports.regular_file import NotRegular, open_regular

LOCK_WAIT = 600.0
"""Seconds to wait for another publication of the same window: longer than a worker may freeze and wake up again."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {
    errno.EROFS: "read-only",
    errno.EACCES: "closed to this user",
    errno.EPERM: "closed to this user",
    errno.ELOOP: "a symbolic link, or has one in it",
    errno.ENOTDIR: "not a directory, or has a file in its path",
    errno.EEXIST: "not a directory",
    errno.EISDIR: "holding a directory in the place of a file",
    errno.ENAMETOOLONG: "unable to take names this long",
}


def download_directory(directory: Bucket) -> DirectoryStore:
    """Return the host's own download area."""
    return DirectoryStore(Path(directory.name), marked=True)


class DirectoryStore:
    """A download area in a directory; directories are 0700, files 0600, or 2770 and 0660; addresses `file:///...`.

    The host's own is `marked` by its exports, so that an unmounted directory is not taken for it; one that somebody
    exports to by hand is not.
    """

    def __init__(self, root: Path, *, marked: bool = False, lock_wait: float = LOCK_WAIT) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would hide a link that the operator sees
        self._marked, self._lock_wait = marked, lock_wait

    @contextmanager
    def folder(self, *names: str) -> Iterator[DirectoryObjects]:
        """Open the export's directory and lock it; a second writer waits."""
        path = self.root.joinpath(*names)
        with contextlib.ExitStack() as stack:
            with _told(self.root):
                directory = stack.enter_context(made_and_locked(self.root, *names, wait=self._lock_wait))
            yield DirectoryObjects(path, directory, exclusive=True)
        if self._marked and path.is_dir():  # a check of the area leaves nothing, a mark neither
            mark(self.root)

    @contextmanager
    def reading(self, *names: str) -> Iterator[DirectoryObjects | None]:
        """Open the export's directory as it is; readers and writers do not wait for each other."""
        with contextlib.ExitStack() as stack:
            self._check_there()
            with _told(self.root):
                directory = stack.enter_context(as_it_is(self.root, *names))
            yield (
                None if directory is None else DirectoryObjects(self.root.joinpath(*names), directory, exclusive=False)
            )

    @contextmanager
    def idle_folder(self, *names: str) -> Iterator[DirectoryObjects]:
        """Open the export's directory if nobody publishes to it."""
        with contextlib.ExitStack() as stack:
            with _told(self.root):
                directory = stack.enter_context(locked_if_idle(self.root, *names))
            yield DirectoryObjects(self.root.joinpath(*names), directory, exclusive=True)

    def folders(self, *names: str) -> Sequence[str]:
        """List directories, but no links to one."""
        path = self.root.joinpath(*names)
        with _told(path), contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
            return [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        return []

    def remove_empty(self, *names: str) -> bool:
        """Remove an empty directory; the root is marked, so that it is known when its last export is gone."""
        path = self.root.joinpath(*names)
        with contextlib.suppress(OSError):
            path.rmdir()
            mark(self.root)
            return True
        return False

    def check_visible(self) -> None:
        """Raise unless exports were ever delivered to this directory: an unmounted one has not expired."""
        self._check_there()
        with _told(self.root):
            seen = is_an_area(self.root)
        if not seen:
            raise self._unseen("no export was ever delivered to this directory")

    def _check_there(self) -> None:
        with _told(self.root):
            there = os.path.lexists(self.root)
        if not there:
            raise self._unseen("there is no such directory")

    def _unseen(self, why: str) -> DestinationUnavailable:
        return DestinationUnavailable(
            f"This host does not see the download area at {self.root}: {why}.",
            "Mount the directory that the workers deliver to, or set PROMO_REPORTS_DOWNLOAD_DIR as they have it.",
        )


class DirectoryObjects:
    """One directory, accessed through its descriptor so that no link leads elsewhere; locked for writing."""

    def __init__(self, path: Path, directory: int, *, exclusive: bool) -> None:
        self._path = path
        self._directory = directory
        self.exclusive = exclusive

    def get(self, name: str) -> Stored | None:
        """Return a file; its tag is its hash."""
        with _told(self._path):
            try:
                descriptor = open_regular(name, directory=self._directory)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                content = file.read(min(status.st_size, MOST_BYTES) + 1)  # read() allocates as much as it is asked for
                written = datetime.fromtimestamp(status.st_mtime, UTC)
        return Stored(content, hashlib.sha256(content).hexdigest(), written)

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Rename the new file over the old one, if that is still the one that was read."""
        present = self.get(name)
        if (present.tag if present else None) != replacing:
            raise LostRace
        self._write(name, lambda file: file.write(content), len(content))

    def discard(self, name: str, *, stamp: str) -> None:
        """Unlink the file that was listed."""
        with _told(self._path), contextlib.suppress(FileNotFoundError):
            if stamp_from(os.stat(name, dir_fd=self._directory, follow_symlinks=False)) != stamp:
                raise LostRace
        self.delete([(name, None)])

    def upload(self, file: ExportFile, source: Path) -> None:
        """Copy to a temporary file, verify it, sync, rename."""
        self._write(file.name, lambda target: copy(file, source, target), file.bytes)

    def download(self, file: ExportFile, target: Path) -> None:
        """Read the file itself, and write it to another place."""
        descriptor = self._opened(file.name)
        if descriptor is None:
            raise gone(self.address(file.name))
        with os.fdopen(descriptor, "rb") as present, new_file(target) as received:
            receive(file, iter(partial(present.read, CHUNK), b""), received, self.address(file.name))

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Return False: a file that is on this host already is uploaded from its place."""
        return False

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the size and hash of the file, None if there is no regular file; a link is refused."""
        with _told(self._path):
            try:
                descriptor = open_regular(name, directory=self._directory)
            except FileNotFoundError:
                return None
            except NotRegular as found:
                if found.errno == errno.ELOOP:
                    raise
                return None
            with os.fdopen(descriptor, "rb") as present:
                return digest_of(present)

    def open(self, name: str) -> OpenObject | None:
        """Open the file itself: links and FIFOs in its place are refused."""
        descriptor = self._opened(name)
        return None if descriptor is None else OpenObject(os.fstat(descriptor).st_size, None, FileIO(descriptor))

    def entries(self) -> Sequence[Entry]:
        """List files, and the temporary ones of killed attempts; directories are left out."""
        with _told(self._path), os.scandir(self._directory) as entries:
            return [
                _entry(each.name, each.stat(follow_symlinks=False))
                for each in entries
                if not each.is_dir(follow_symlinks=False)
            ]

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Unlink files; readers that have one open keep it until the end."""
        with _told(self._path):
            for name, _ in names:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=self._directory)
            os.fsync(self._directory)

    def address(self, name: str) -> str:
        """Return a `file:///...` URI."""
        return (self._path / name).as_uri()

    def _opened(self, name: str) -> int | None:
        """Return a descriptor of the file itself, None if it is gone; Damaged if it is no regular file."""
        with _told(self._path):
            try:
                return open_regular(name, directory=self._directory)
            except FileNotFoundError:
                return None
            except (NotRegular, IsADirectoryError) as found:
                if found.errno == errno.ELOOP:
                    raise
                raise damaged(self.address(name), "it is no regular file") from None

    def _write(self, name: str, fill: Callable[[BinaryIO], object], size: int) -> None:
        temporary = TEMPORARY + secrets.token_hex(8)
        with _told(self._path, size):
            self._make_room(size)
            try:
                descriptor = os.open(
                    temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=self._directory
                )
                with os.fdopen(descriptor, "w+b") as file:
                    fill(file)
                    file.flush()
                    share(descriptor, self._directory)
                    os.fsync(descriptor)
                os.replace(temporary, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=self._directory)
                raise
            os.fsync(self._directory)

    def _make_room(self, size: int) -> None:
        """Fail early where free space is insufficient; some file systems do not tell it."""
        free = os.fstatvfs(self._directory)
        if free.f_blocks and size > free.f_bavail * free.f_frsize:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _entry(name: str, status: os.stat_result) -> Entry:
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return Entry(name, size, written, unfinished=name.startswith(TEMPORARY), stamp=stamp_from(status))


@contextmanager
def _told(path: Path, needed: int | None = None) -> Iterator[None]:
    """Translate an OSError of the download area, and whether a retry can help."""
    try:
        yield
    except OSError as error:
        raise _meaning(error, path, needed) from None


def _meaning(error: OSError, path: Path, needed: int | None) -> PromoReportsError:
    if error.errno in _FULL:
        reason = f"The download area at {path} cannot take more ({error.strerror})"
        with contextlib.suppress(OSError):
            space = os.statvfs(path)
            reason += f": {needed or 0:,} bytes are needed and {space.f_bavail * space.f_frsize:,} are free"
        return DestinationUnavailable(f"{reason}.", "Make room, or lower PROMO_REPORTS_RETENTION_DAYS.")
    if isinstance(error, NotRegular):
        return DestinationRefused(
            f"The download area at {path} holds {error.what} in the place of a file.", "Move it away."
        )
    if error.errno in _REFUSED:
        return DestinationRefused(
            f"The download area at {path} is {_REFUSED[error.errno]}.", "Correct it, or PROMO_REPORTS_DOWNLOAD_DIR."
        )
    return DestinationUnavailable(f"The download area at {path} fails: {error.strerror or type(error).__name__}.")
