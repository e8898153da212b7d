"""The sockets that this process has open, and how to end a connection that another part of the program owns."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path

_FILE_DESCRIPTORS = Path("/dev/fd")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def open_sockets() -> dict[int, int]:
    """Return the file descriptor of each open socket, by inode; none where the system does not list them.

    Other threads may close one at any time, and its number be used again.
    """
    found: dict[int, int] = {}
    for path in _FILE_DESCRIPTORS.iterdir() if _FILE_DESCRIPTORS.is_dir() else ():
        with contextlib.suppress(OSError):
            status = os.fstat(int(path.name))
            if stat.S_ISSOCK(status.st_mode):
                found[status.st_ino] = int(path.name)
    return found


def duplicate_of(fileno: int) -> socket.socket:
    """Return a socket with a descriptor of its own for the same connection; OSError where there is none."""
    return socket.socket(fileno=os.dup(fileno))


def reset(connection: socket.socket) -> None:
    """End every wait on a connection: its owner finds it closed, without a byte to the peer; OSError where it is.

    When the owner closes it, the peer gets a reset. After a mere end of the stream, a peer that waits for room to send
    would go on waiting.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.shutdown(socket.SHUT_RDWR)
