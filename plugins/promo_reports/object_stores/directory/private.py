"""Folders of small files, private to their owner or group (`file_modes`), on a directory that several hosts may share.

A file is linked or renamed into its place when it is whole. What is there is replaced and removed under one lock file,
so that of two hosts that replace the same file one finds that it is no longer the one it has read. A new file needs no
lock: a link is made only where nothing is.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from promo_reports.atomic_files import create_file, locked, replace_file
from promo_reports.file_modes import ensure_directory, keeps_others_out, make_directory
from promo_reports.object_stores.directory.file_stamps import check_of_one_file, generation_of, stamp_from, stamp_of
from promo_reports.object_stores.port import MOST_BYTES, Entry, Incomplete, LostRace, Stored
from promo_reports.regular_file import open_regular

LOCK = ".lock"
"""The lock file in the root, which earlier releases lock, too."""


class PrivateDirectory:
    """Folders below a root; directories are 0700, files 0600, or 2770 and 0660; addresses are paths.

    `folders` are made by `prepare` and must be there from then on; any other is made when it is first written to.
    `may_be_missing` says that a root that is not there was never made; else somebody has not mounted it.
    """

    def __init__(self, root: Path, folders: Collection[str], *, may_be_missing: bool = False) -> None:
        self.root = root
        self._needed, self._may_be_missing = tuple(folders), may_be_missing

    @property
    def address(self) -> str:
        """The path of the root."""
        return str(self.root)

    def exist(self) -> bool:
        """Return False where the root is missing and may be; Incomplete where it or a folder is missing otherwise."""
        missing = [name for name in self._needed if not (self.root / name).is_dir()]
        if missing and self._may_be_missing and not self.root.exists():
            return False
        if missing:
            raise Incomplete(f"{missing[0]}/ directory")
        return True

    def copied(self) -> bool:
        """Return False: a file system keeps no listings while it is away."""
        return False

    def fetch(self) -> None:
        """Leave it at that: files are read where they are."""

    def prepare(self) -> str:
        """Make the root and its folders; PermissionError where this user may not write to the root."""
        said = make_private(self.root)
        for name in self._needed:
            make_private(self.root / name)
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return said

    def folder(self, name: str) -> PrivateFolder:
        """Return one folder."""
        return PrivateFolder(self.root, name, made_when_used=name not in self._needed)

    def watched(self, name: str) -> PrivateFolder:
        """Return one folder."""
        return self.folder(name)


def make_private(directory: Path) -> str:
    """Make a directory that keeps others out, and return how it is now, in words; one that is there is left alone."""
    made = not directory.exists()
    ensure_directory(directory)
    mode = stat.S_IMODE(directory.stat().st_mode)
    if made:
        return f"made, mode {mode:04o}"
    wider = "" if keeps_others_out(mode) else "; others than its owner may use it, 0700 keeps them out"
    return f"already there, mode {mode:04o}{wider}"


class PrivateFolder:
    """The files of one folder."""

    def __init__(self, root: Path, name: str, *, made_when_used: bool) -> None:
        self.path = root / name
        self._lock = root / LOCK
        self._made_when_used = made_when_used

    def get(self, name: str) -> Stored | None:
        """Return a file; its tag is its hash. NotRegular for what is none, IsADirectoryError for a directory."""
        try:
            descriptor = open_regular(self.path / name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            content = file.read(min(status.st_size, MOST_BYTES) + 1)  # read() allocates as much as it is asked for
        return Stored(content, hashlib.sha256(content).hexdigest(), datetime.fromtimestamp(status.st_mtime, UTC))

    def recent(self, name: str) -> Stored | None:
        """Return a file as it is now."""
        return self.get(name)

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Link a new file where there is none, or rename it over the one that was read."""
        if self._made_when_used:
            try:
                make_directory(self.path.name, self.path.parent)
            except FileExistsError:
                if not self.path.is_dir():
                    raise
        if replacing is None:
            try:
                create_file(self.path / name, content)
            except FileExistsError:
                raise LostRace from None
            return
        with locked(self._lock):
            present = self.get(name)
            if present is None or present.tag != replacing:
                raise LostRace
            replace_file(self.path / name, content)

    def discard(self, name: str, *, stamp: str) -> None:
        """Unlink the file that was listed."""
        with locked(self._lock):
            if self.stamp(name) not in ("", stamp):
                raise LostRace
            (self.path / name).unlink(missing_ok=True)

    def entries(self) -> Sequence[Entry]:
        """List files, and links and directories in the place of one, which only opening them refuses."""
        found = []
        with os.scandir(self.path) as entries:
            for each in entries:
                try:
                    status = each.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    check_of_one_file(error)
                    found.append(Entry(each.name, None, datetime.fromtimestamp(0, UTC), stamp="unreadable"))
                    continue
                linked = stat.S_ISLNK(status.st_mode)
                stamp = stamp_of(each) if linked else stamp_from(status)
                written = datetime.fromtimestamp(status.st_mtime, UTC)
                found.append(Entry(each.name, None if linked else status.st_size, written, stamp=stamp))
        return found

    def stamp(self, name: str) -> str:
        """Return a text that changes when the file does; empty where it is gone."""
        return stamp_of(self.path / name)

    def revision(self) -> str:
        """Return what the time of the directory says: one stat."""
        return generation_of([self.path])

    def contents(self) -> object:
        """Return the entries: a file edited in place does not change the time of its directory."""
        return tuple(self.entries())

    def address(self, name: str) -> str:
        """Return the path of a file."""
        return str(self.path / name)
