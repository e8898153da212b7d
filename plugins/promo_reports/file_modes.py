"""Modes of directories and files: for their owner alone, or for the group of a directory that is set up to be shared.

A directory is shared if its group may do everything in it and hands itself on: mode 2770, the set-group-ID bit. The
image has such ones, and volumes for which Kubernetes has an `fsGroup`. Several user ids of the group may write there,
since platforms assign them. The directory above decides, whatever the umask.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from promo_reports.regular_file import open_regular

_PRIVATE = 0o700
_SHARED = stat.S_ISGID | 0o770
_SHARED_FILE = 0o660


def is_shared(directory: int | Path) -> bool:
    """Return whether what is made in a directory, given as its path or a descriptor, is for its group as well."""
    status = os.fstat(directory) if isinstance(directory, int) else directory.stat()
    return status.st_mode & _SHARED == _SHARED


def make_directory(name: str, parent: int | Path) -> None:
    """Make a directory in another one; FileExistsError where the name is taken."""
    path = parent / name if isinstance(parent, Path) else name
    descriptor = parent if isinstance(parent, int) else None
    mode = _SHARED if is_shared(parent) else _PRIVATE
    os.mkdir(path, mode, dir_fd=descriptor)
    if mode == _SHARED:
        os.chmod(path, mode, dir_fd=descriptor)  # the umask has taken some of it


def ensure_directory(path: Path) -> None:
    """Make a directory unless it is there, and those above it with the usual mode; FileExistsError for a file."""
    try:
        make_directory(path.name, path.parent)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_directory(path.name, path.parent)
    except FileExistsError:
        if not path.is_dir():
            raise


def share(file: int | Path, directory: int | Path) -> None:
    """Let the group read and write a file that was made in a directory which is shared; else leave it as it is.

    NotRegular for a link, which another member of the group may have put there to a file of this user.
    """
    if not is_shared(directory):
        return
    descriptor = file if isinstance(file, int) else open_regular(file)
    try:
        os.fchmod(descriptor, _SHARED_FILE)
    finally:
        if descriptor != file:
            os.close(descriptor)


def keeps_others_out(mode: int) -> bool:
    """Return whether a directory of this mode is for its owner alone, or for its group, and for nobody else."""
    return mode & 0o077 in {0, stat.S_IRWXG}
