"""Parts of libpq's errors that psycopg2 drops: the SQLSTATE of a refused login, the reason of an ended session."""

from __future__ import annotations

import ctypes
import re
import select
import time
from functools import cache
from typing import Any

LOGGED_IN = "00000"
"""SQLSTATE of a success: what was refused before is not refused any more."""
NOT_REACHED = "08001"
"""SQLSTATE of a client that finds no server."""

_VERBOSE, _SQLSTATE_ONLY = 2, 3  # PQERRORS_VERBOSE, PQERRORS_SQLSTATE
_SERVER_SAYS = b":  "  # between the severity, in the server's language, and the message
_SQLSTATE = re.compile(rb":  ([0-9A-Z]{5})\s*\Z")
_READING, _WRITING, _OK = 1, 2, 3  # PostgresPollingStatusType


def login_state(url: str, seconds: float) -> str | None:
    """Log in once more and return the SQLSTATE of the refusal; None where it has none, or libpq cannot be asked.

    LOGGED_IN where nothing is refused any more, NOT_REACHED where no server answers within `seconds`.

    libpq can be told to report errors by SQLSTATE, but only between beginning to connect and connecting, which psycopg2
    does in one step.
    """
    libpq, ends = _libpq(), time.monotonic() + seconds
    if libpq is None:
        return None
    connection = libpq.PQconnectStart(url.encode())
    try:
        libpq.PQsetErrorVerbosity(connection, _SQLSTATE_ONLY)
        status = _WRITING
        while status in (_READING, _WRITING):
            if not _ready(libpq.PQsocket(connection), status, ends - time.monotonic()):
                return NOT_REACHED
            status = libpq.PQconnectPoll(connection)
        if status == _OK:
            return LOGGED_IN
        message: bytes = libpq.PQerrorMessage(connection)
    finally:
        libpq.PQfinish(connection)
    found = _SQLSTATE.search(message)
    if found:
        return found[1].decode()
    return None if _SERVER_SAYS in message else NOT_REACHED


def tell_states(connection: Any) -> None:
    """Have `error_message` write a SQLSTATE before each message of the server.

    psycopg2 has none where the server ends the session.
    """
    libpq, address = _libpq(), getattr(connection, "pgconn_ptr", None)
    if libpq and address:
        libpq.PQsetErrorVerbosity(address, _VERBOSE)


def error_message(connection: Any) -> str:
    """Return all that libpq reports since a psycopg2 connection's last query began; psycopg2 has only the end of it.

    A server or pooler that ends a session says why before it closes the connection. No other thread may be using the
    connection. The message is empty where the connection is closed, or libpq cannot be asked.
    """
    libpq, address = _libpq(), getattr(connection, "pgconn_ptr", None)
    reported: bytes = libpq.PQerrorMessage(address) if libpq and address else b""
    return reported.decode("utf-8", "replace")


def _ready(socket: int, status: int, seconds: float) -> bool:
    """Wait until libpq can go on; unlike `select`, `poll` takes descriptors of 1024 and more."""
    if socket < 0:
        return False
    waiting = select.poll()
    waiting.register(socket, select.POLLIN if status == _READING else select.POLLOUT)
    return bool(waiting.poll(max(0.0, seconds) * 1000))


@cache
def _libpq() -> ctypes.CDLL | None:
    """Return the libpq that psycopg2 uses; None where a psycopg2 of another build does not show it."""
    from psycopg2 import _psycopg

    try:
        libpq = ctypes.CDLL(_psycopg.__file__)
        libpq.PQconnectStart.restype = ctypes.c_void_p
        libpq.PQconnectStart.argtypes = [ctypes.c_char_p]
        libpq.PQsetErrorVerbosity.argtypes = [ctypes.c_void_p, ctypes.c_int]
        libpq.PQerrorMessage.restype = ctypes.c_char_p
        for name in ("PQsocket", "PQconnectPoll", "PQerrorMessage", "PQfinish"):
            getattr(libpq, name).argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError):
        return None
    return libpq
