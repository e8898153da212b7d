"""Files that are either whole or not there, on a directory that several hosts may share (`file_modes`: and users)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from promo_reports.file_modes import share

LEFT_BEHIND_SECONDS = 3600.0
_PREFIX = ".new-"


def create_file(path: Path, content: str | bytes) -> None:
    """Write a new file, visible only when whole; FileExistsError where the name is taken, whoever was first."""
    _sweep(path.parent)
    temporary = _written(path.parent, content)
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()
    _sync(path.parent)


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file in place of the one that may be there; readers see the old or the new, whole."""
    _sweep(path.parent)
    temporary = _written(path.parent, content)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file for the block; waits for other processes, and ends with ours even if it is killed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            share(descriptor, path.parent)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _written(directory: Path, content: str | bytes) -> Path:
    descriptor, name = mkstemp(prefix=_PREFIX, dir=directory)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        share(temporary, directory)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(directory: Path) -> None:
    """Remove what a writer that was killed left behind."""
    oldest = time.time() - LEFT_BEHIND_SECONDS
    for path in directory.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # another writer finished, or swept it, in this moment
            if path.lstat().st_mtime < oldest:
                path.unlink()
