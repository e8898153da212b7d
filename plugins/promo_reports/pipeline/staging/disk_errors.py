"""What errors of a disk mean for an attempt that is written to it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from promo_reports.errors import StagingError, StagingRefused

_REFUSED = {
    errno.EROFS: "is read-only",
    errno.EACCES: "is closed to this user",
    errno.EPERM: "is closed to this user",
    errno.ENOTDIR: "is not a directory, or has a file in its path",
    errno.EEXIST: "is not a directory",
    errno.ELOOP: "has too many symbolic links in its path",
    errno.ENAMETOOLONG: "is unable to take names this long",
    errno.EFBIG: "is unable to take files this large",
}


@dataclass(frozen=True)
class Disk:
    """A directory that attempts are written to: what people call it, and the setting that names it."""

    root: Path
    title: str = "staging area"
    setting: str = "PROMO_REPORTS_STAGING_DIR"

    def __str__(self) -> str:
        return f"The {self.title} {self.root}"


@contextmanager
def explained(
    disk: Disk, attempt: Path | None = None, needed: Callable[[], int | None] = lambda: None
) -> Iterator[None]:
    """Raise OSErrors of a disk as `StagingError`, or as `StagingRefused` if no retry helps.

    `attempt` is the directory that is removed when the attempt has failed; `needed` returns the bytes of the export.
    """
    try:
        yield
    except OSError as error:
        said = error.strerror or type(error).__name__
        if error.errno == errno.EDQUOT:
            raise StagingError(
                f"{disk}: the disk quota of this user is used up.{_needs(needed())}",
                f"Free space, raise the quota, or set {disk.setting} to another disk.",
            ) from None
        if error.errno == errno.ENOSPC:
            raise _full(disk, attempt, needed()) from None
        if error.errno == errno.ENOENT:
            raise StagingError(
                f"{disk}: the attempt's directory has been removed.",
                "Another attempt of this run has begun, or the area was swept.",
            ) from None
        if error.errno in _REFUSED:
            raise StagingRefused(
                f"{disk} {_REFUSED[error.errno]} ({said}).",
                f"Give this worker's user write access to it, or set {disk.setting} to another directory.",
            ) from None
        raise StagingError(f"{disk}: {said}.", "If it lasts, look at its disk.") from None


def _full(disk: Disk, attempt: Path | None, needed: int | None) -> StagingError:
    """Return the error for a full disk, with the bytes that are free once this attempt is removed."""
    there = next(path for path in (disk.root, *disk.root.parents) if path.exists())
    free = shutil.disk_usage(there).free + sum(_allocated(path) for path in (attempt.rglob("*") if attempt else ()))
    return StagingError(
        f"{disk} is full: {free:,} bytes are free.{_needs(needed)}",
        f"Free space, or set {disk.setting} to a larger disk.",
    )


def _needs(needed: int | None) -> str:
    return f" The export needs about {needed:,} bytes in all." if needed else ""


def _allocated(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_blocks * 512
    return 0
