"""Detect changes of files and directories by their status; nothing is opened."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from pathlib import Path

from promo_reports.errors import StoreError
from promo_reports.regular_file import status_of

RACY_NANOSECONDS = 2_000_000_000
"""Age up to which a directory may have changed again within the same instant of its clock."""
# Errors of one file alone, such as a name that is too long; others concern the disk.
_OF_ONE_FILE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EACCES, errno.ENAMETOOLONG)


def stamp_of(file: Path | os.DirEntry[str]) -> str:
    """Return a text that changes when a file does; empty where it is gone. A link, which is refused, has its own."""
    try:
        return stamp_from(status_of(Path(file)))
    except FileNotFoundError:
        return "dangling" if Path(file).is_symlink() else ""
    except OSError as error:
        check_of_one_file(error)
        return "unreadable"


def stamp_from(status: os.stat_result) -> str:
    """Return the stamp of a file of this status."""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def generation_of(paths: Iterable[Path]) -> str:
    """Return a value that differs after any file was added to, removed from or replaced in the directories.

    It costs one stat each. A change within the last two seconds may share its directory's time with a later one: the
    value has a `?` then, and is never given twice. A file edited in place does not change its directory: its stamp
    tells.
    """
    now = time.time_ns()
    parts = []
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            parts.append("-")
            continue
        except OSError as error:
            raise unreadable(path, error) from error
        racy = f"?{now:x}" if now - status.st_mtime_ns < RACY_NANOSECONDS else ""
        parts.append(f"{status.st_mtime_ns:x}.{status.st_ino:x}{racy}")
    return "_".join(parts)


def check_of_one_file(error: OSError) -> None:
    """Raise again an error that may affect more than one file, so that DAGs do not go stale."""
    if error.errno not in _OF_ONE_FILE:
        raise error


def unreadable(path: Path, error: OSError) -> StoreError:
    """Return the error for a directory or file that cannot be read whole."""
    return StoreError(
        f"{path} cannot be read: {error.strerror or error}.",
        "Check that it is mounted and that its permissions allow it.",
    )
