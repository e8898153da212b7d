"""Open files that others may have put there: regular ones alone, so that no FIFO is waited for and no link followed.

Kubernetes shows the files of a ConfigMap or Secret through links of its own: `x.yaml` leads to `..data/x.yaml`, and
`..data` to a directory beside it. These links alone are followed, by their form, and only inside their directory. A
link's target is named in no message.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_VOLUME = "..data"


class NotRegular(OSError):
    """It is there, and is no regular file; `what` says what it is, and it was not opened."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.ELOOP if what == _KINDS[stat.S_IFLNK] else errno.EINVAL, f"it is {what}")
        self.what = what


def open_regular(path: str | Path, *, directory: int | None = None) -> int:
    """Return a descriptor for reading a regular file, below an open directory where one is given; the caller closes it.

    NotRegular for anything else, which is not opened; IsADirectoryError; OSError as the file system gives it.
    """
    if directory is None:
        path = _shown_by_volume(Path(path))
    _check(os.stat(path, dir_fd=directory, follow_symlinks=False))
    descriptor = os.open(path, _FLAGS, dir_fd=directory)
    try:
        _check(os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | Path, most: int, *, directory: int | None = None) -> bytes:
    """Return the bytes of a regular file, at most `most` and one more, by which a larger file is told."""
    descriptor = open_regular(path, directory=directory)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(min(os.fstat(descriptor).st_size, most) + 1)  # which takes as much memory as is asked for


def status_of(path: Path) -> os.stat_result:
    """Return what is at a path without following a link, unless it is one of a Kubernetes volume."""
    status = path.lstat()
    return _shown_by_volume(path).lstat() if stat.S_ISLNK(status.st_mode) else status


def _shown_by_volume(path: Path) -> Path:
    """Return the file that a Kubernetes volume shows under this path; any other path as it is."""
    with suppress(OSError):
        if str(path.readlink()) == f"{_VOLUME}/{path.name}":
            version = str((path.parent / _VOLUME).readlink())
            if version.startswith("..") and version != ".." and "/" not in version:
                return path.parent / version / path.name
    return path


def _check(status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if kind != stat.S_IFREG:
        raise NotRegular(_KINDS.get(kind, "no regular file"))
