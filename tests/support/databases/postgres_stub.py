"""The beginning of PostgreSQL's protocol, for what no server here says: messages in other languages, a pooler's end."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

_REFUSED_UPGRADES = {80877103, 80877104}  # SSLRequest, GSSENCRequest


@contextlib.contextmanager
def refusing_login(**fields: bytes) -> Iterator[int]:
    """The port of a server that answers every login with an ErrorResponse of these fields, by their letters."""
    with _serving(lambda client: client.sendall(_error(fields))) as port:
        yield port


@contextlib.contextmanager
def refusing_one_login(*, then_lets_in: bool, **fields: bytes) -> Iterator[int]:
    """The port of a server that refuses the first login so; then it lets everybody in, or closes each connection."""
    refused: list[bool] = []

    def serve(client: socket.socket) -> None:
        if not refused:
            refused.append(True)
            client.sendall(_error(fields))
        elif then_lets_in:
            _let_in(client)

    with _serving(serve) as port:
        yield port


@contextlib.contextmanager
def ending_sessions(**fields: bytes) -> Iterator[int]:
    """The port of a server that lets everybody in and answers the first query with such an error, and its end."""

    def serve(client: socket.socket) -> None:
        _let_in(client)
        client.recv(1 << 16)
        client.sendall(_error(fields))

    with _serving(serve) as port:
        yield port


@contextlib.contextmanager
def _serving(serve) -> Iterator[int]:  # type: ignore[no-untyped-def]
    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client, contextlib.suppress(OSError):
                    _start_up(client)
                    serve(client)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, name="postgres-stub", daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _start_up(client: socket.socket) -> None:
    while True:
        (length, code) = struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))
        if code not in _REFUSED_UPGRADES:
            client.recv(length - 8, socket.MSG_WAITALL)
            return
        client.sendall(b"N")


def _let_in(client: socket.socket) -> None:
    known = {"server_version": "15.0", "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "TimeZone": "UTC"}
    client.sendall(_message(b"R", struct.pack("!i", 0)))
    for name, value in known.items():
        client.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
    client.sendall(_message(b"K", struct.pack("!ii", 1, 1)) + _message(b"Z", b"I"))


def _error(fields: dict[str, bytes]) -> bytes:
    return _message(b"E", b"".join(letter.encode() + text + b"\0" for letter, text in fields.items()) + b"\0")


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content
