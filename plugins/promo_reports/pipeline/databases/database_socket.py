"""The socket below a database driver: what it has received, and how to end a wait on it from another thread."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from promo_reports.sockets import duplicate_of, open_sockets, reset

_TCP_INFO_BYTES = 192
_BYTES_RECEIVED = 128  # offset of `tcpi_bytes_received` in Linux's `struct tcp_info`
_SECONDS_FOR_ANOTHER_TO_CONNECT = 5.0

_connecting: dict[int | None, threading.Lock] = {}


class DatabaseSocket:
    """A duplicate of a connection's file descriptor, which stays valid whatever the driver does with its own."""

    def __init__(self, fileno: int) -> None:
        self._socket = duplicate_of(fileno)
        self._received = self.received()

    def received(self) -> int | None:
        """Return bytes received so far; None where the system does not count them (Unix sockets, other than Linux)."""
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except (OSError, AttributeError):
            return None
        if len(info) < _BYTES_RECEIVED + 8:
            return None
        return int(struct.unpack_from("=Q", info, _BYTES_RECEIVED)[0])

    def heard(self) -> bool:
        """Return whether the peer has sent anything since the last call, or bytes wait unread."""
        received, before = self.received(), self._received
        self._received = received
        return received != before or self._unread()

    def shut(self) -> None:
        """End every wait on the connection, without a byte to the peer; the driver finds it closed."""
        with contextlib.suppress(OSError):
            reset(self._socket)

    def close(self) -> None:
        """Close the duplicate."""
        self._socket.close()

    def _unread(self) -> bool:
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


@contextlib.contextmanager
def watch_for_socket(port: int | None) -> Iterator[Callable[[], DatabaseSocket | None]]:
    """Note the open sockets; yield a function that finds the one connected to `port` since then.

    For drivers that do not tell their file descriptor. It finds None where there is not exactly one. Threads that
    connect to one port do so in turn, unless one of them waits for its server for longer than seconds.
    """
    turn = _connecting.setdefault(port, threading.Lock())
    is_ours = turn.acquire(timeout=_SECONDS_FOR_ANOTHER_TO_CONNECT)
    before = set(open_sockets())

    def find() -> DatabaseSocket | None:
        new = [fileno for inode, fileno in open_sockets().items() if inode not in before and _leads_to(fileno, port)]
        return DatabaseSocket(new[0]) if len(new) == 1 else None

    try:
        yield find
    finally:
        if is_ours:
            turn.release()


def _leads_to(fileno: int, port: int | None) -> bool:
    try:
        with duplicate_of(fileno) as each:
            peer = each.getpeername()
    except OSError:
        return False
    return isinstance(peer, tuple) and (port is None or peer[1] == port)
