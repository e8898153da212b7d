"""What may stand in the place of a regular file."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 107 bytes
        try:
            bound.bind(path.name)
        finally:
            os.chdir(here)


SPECIAL_FILES: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": _socket,
    "a symbolic link": lambda path: path.symlink_to("/etc/hostname"),
    "a device": lambda path: path.symlink_to("/dev/zero"),
}
