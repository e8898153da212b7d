"""The socket below a database driver: what it has received, and how to end a wait on it from another thread."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path

_TCP_INFO_BYTES = 192
_BYTES_RECEIVED = 128  # offset of `tcpi_bytes_received` in Linux's `struct tcp_info`
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_FILE_DESCRIPTORS = Path("/dev/fd")


class DatabaseSocket:
    """A duplicate of a connection's file descriptor, which stays valid whatever the driver does with its own."""

    def __init__(self, fileno: int) -> None:
        self._socket = socket.socket(fileno=os.dup(fileno))
        self._received = self.received()

    def received(self) -> int | None:
        """Bytes received so far; None where the system does not count them (Unix sockets, other than Linux)."""
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except (OSError, AttributeError):
            return None
        if len(info) < _BYTES_RECEIVED + 8:
            return None
        return int(struct.unpack_from("=Q", info, _BYTES_RECEIVED)[0])

    def heard(self) -> bool:
        """Whether the peer has sent anything since the last call, or has sent what the driver has not read yet."""
        received, before = self.received(), self._received
        self._received = received
        return received != before or self._unread()

    def shut(self) -> None:
        """End every wait on the connection: the driver finds it closed, without a byte to the peer.

        When the driver closes it, the peer gets a reset. After a mere end of the stream, a server that waits for room
        to send would go on waiting.
        """
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the duplicate back."""
        self._socket.close()

    def _unread(self) -> bool:
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


def watch_for_socket(port: int | None) -> Callable[[], DatabaseSocket | None]:
    """Note the open sockets; return a function that finds the one connected to `port` since then.

    For drivers that do not tell their file descriptor. It finds None where there is not exactly one.
    """
    before = set(_sockets())

    def find() -> DatabaseSocket | None:
        new = [fileno for inode, fileno in _sockets().items() if inode not in before and _leads_to(fileno, port)]
        return DatabaseSocket(new[0]) if len(new) == 1 else None

    return find


def _sockets() -> dict[int, int]:
    """The file descriptor of each open socket, by inode."""
    found: dict[int, int] = {}
    for path in _FILE_DESCRIPTORS.iterdir() if _FILE_DESCRIPTORS.is_dir() else ():
        with contextlib.suppress(OSError):
            status = os.fstat(int(path.name))
            if stat.S_ISSOCK(status.st_mode):
                found[status.st_ino] = int(path.name)
    return found


def _leads_to(fileno: int, port: int | None) -> bool:
    try:
        with socket.socket(fileno=os.dup(fileno)) as each:
            peer = each.getpeername()
    except OSError:
        return False
    return isinstance(peer, tuple) and (port is None or peer[1] == port)
