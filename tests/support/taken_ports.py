"""Somebody who takes a port after it was chosen and before its server binds it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest

from devstack.processes import free_port


class Occupant:
    """Listen on the first port that the module chooses, and answer every connection as a web server would."""

    def __init__(self) -> None:
        self.port = 0
        self._listener = socket.socket()

    def free_port(self, preferred: int = 0) -> int:
        """Choose a port as `free_port` does, and take the first one away."""
        port = free_port(preferred)
        if not self.port:
            self._listener.bind(("127.0.0.1", port))
            self._listener.listen()
            self.port = port
            threading.Thread(target=self._serve, daemon=True).start()
        return port

    def close(self) -> None:
        """Leave the port."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


@contextlib.contextmanager
def first_port_taken(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> Iterator[Occupant]:
    """Take the first port that the module chooses, before its server can."""
    occupant = Occupant()
    monkeypatch.setattr(module, "free_port", occupant.free_port)
    try:
        yield occupant
    finally:
        occupant.close()
