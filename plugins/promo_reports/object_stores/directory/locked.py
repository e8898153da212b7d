"""Directories of the download area, opened without following symbolic links and locked.

Publication and retention lock the directory of an export (flock on the directory itself), so that they exclude each
other. The lock of a process that dies is released.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from promo_reports.domain.layout import is_window_key
from promo_reports.errors import DestinationUnavailable
from promo_reports.file_modes import ensure_directory, make_directory
from promo_reports.object_stores.port import Busy

MARKER = ".promo-reports"
"""A file in the root of a download area, made with its first export: it outlives all of them."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def made_and_locked(root: Path, *names: str, wait: float) -> Iterator[int]:
    """Yield a descriptor of the directory below these names, created (`file_modes`) and removed afterwards if empty.

    DestinationUnavailable if it stays locked for `wait` seconds; OSError as the file system gives it.
    """
    ensure_directory(root)
    path = root.joinpath(*names)
    deadline = time.monotonic() + wait
    while True:
        with ExitStack() as opened:
            try:
                opens = [_opened(opened, root, None)]
                for name in names:
                    _make(name, opens[-1])
                    opens.append(_opened(opened, name, opens[-1]))
                locked = _lock(opens[-1])
            except FileNotFoundError:
                if not root.is_dir():
                    raise
                continue  # retention has removed an empty parent meanwhile
            if not locked:
                _wait_for(deadline, path)
            elif _is_still(opens[-1], path):
                try:
                    yield opens[-1]
                finally:
                    with contextlib.suppress(OSError):
                        for name, parent in reversed(list(zip(names, opens, strict=False))):
                            os.rmdir(name, dir_fd=parent)
                return


@contextmanager
def locked_if_idle(root: Path, *names: str) -> Iterator[int]:
    """Yield a descriptor of an existing directory; Busy at once if it is locked or missing."""
    with ExitStack() as opened:
        try:
            directory = _opened(opened, root, None)
            for name in names:
                directory = _opened(opened, name, directory)
        except FileNotFoundError:
            raise Busy(*names) from None
        if not _lock(directory):
            raise Busy(*names)
        yield directory


@contextmanager
def as_it_is(root: Path, *names: str) -> Iterator[int | None]:
    """Yield a descriptor of a directory for reading, neither created nor locked; None if it is missing.

    FileNotFoundError if the root is missing: exports in an unmounted area have not expired.
    """
    with ExitStack() as opened:
        found = _opened(opened, root, None)
        directory: int | None = found
        try:
            for name in names:
                found = directory = _opened(opened, name, found)
        except FileNotFoundError:
            directory = None
        yield directory


def mark(root: Path) -> None:
    """Mark the root of a download area, so that it is recognized when it is empty."""
    with contextlib.suppress(OSError):  # exists already; an export itself fails on any other error
        os.close(os.open(root / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))


def is_an_area(root: Path) -> bool:
    """Return whether exports were delivered to this directory, also by a release that did not mark it."""
    with contextlib.suppress(FileNotFoundError):
        (root / MARKER).lstat()
        return True
    with os.scandir(root) as entries:
        return any(entry.is_dir(follow_symlinks=False) and _holds_exports(entry) for entry in entries)


def _holds_exports(report: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError), os.scandir(report) as entries:
        return any(is_window_key(entry.name) for entry in entries)
    return False


def _make(name: str, parent: int) -> None:
    with contextlib.suppress(FileExistsError):
        make_directory(name, parent)
        os.fsync(parent)


def _opened(opened: ExitStack, name: str | Path, parent: int | None) -> int:
    """Open a directory until the stack is left; below the root (`parent` given) it must not be a symbolic link."""
    descriptor = os.open(name, _DIRECTORY | (0 if parent is None else os.O_NOFOLLOW), dir_fd=parent)
    opened.callback(os.close, descriptor)
    return descriptor


def _lock(directory: int) -> bool:
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(directory: int, path: Path) -> bool:
    """Return whether the path still leads to the locked directory, which may have been removed while we waited."""
    try:
        return os.path.samestat(os.fstat(directory), path.lstat())
    except FileNotFoundError:
        return False


def _wait_for(deadline: float, path: Path) -> None:
    if time.monotonic() >= deadline:
        raise DestinationUnavailable(
            f"{path} is locked by another publication or by retention.",
            "If no run of this report is active, look for a process that hangs.",
        )
    time.sleep(0.05)
