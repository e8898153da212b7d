"""What psycopg2 does not pass on of libpq's errors: the SQLSTATE of a refused login, why a session was ended."""

from __future__ import annotations

import ctypes
import re
import select
import time
from functools import cache
from typing import Any

_SQLSTATE_ONLY = 3  # PQERRORS_SQLSTATE
_SQLSTATE = re.compile(rb":  ([0-9A-Z]{5})\s*\Z")
_READING, _WRITING, _OK = 1, 2, 3  # PostgresPollingStatusType


def login_state(url: str, seconds: float) -> str | None:
    """Log in once more and return the SQLSTATE of the refusal; None where there is none, or no answer in time.

    libpq can be told to report errors by SQLSTATE, but only between beginning to connect and connecting, which psycopg2
    does in one step. It is the same libpq.
    """
    libpq, ends = _libpq(), time.monotonic() + seconds
    connection = libpq.PQconnectStart(url.encode())
    try:
        libpq.PQsetErrorVerbosity(connection, _SQLSTATE_ONLY)
        status = _WRITING
        while status in (_READING, _WRITING):
            waits = [libpq.PQsocket(connection)]
            if waits == [-1]:
                return None
            reads, writes = (waits, []) if status == _READING else ([], waits)
            if not any(select.select(reads, writes, [], max(0.0, ends - time.monotonic()))):
                return None
            status = libpq.PQconnectPoll(connection)
        return None if status == _OK else _sqlstate_in(libpq.PQerrorMessage(connection))
    finally:
        libpq.PQfinish(connection)


def error_message(connection: Any) -> str:
    """Return all that libpq reports since a psycopg2 connection's last query began; psycopg2 has only the end of it.

    A server or pooler that ends a session says why before it closes the connection.
    """
    address = connection.pgconn_ptr
    reported: bytes = _libpq().PQerrorMessage(address) if address else b""
    return reported.decode("utf-8", "replace")


def _sqlstate_in(message: bytes) -> str | None:
    """The SQLSTATE at the end of `... failed: FATAL:  28P01`; the severity is in the server's language."""
    found = _SQLSTATE.search(message)
    return found[1].decode() if found else None


@cache
def _libpq() -> ctypes.CDLL:
    from psycopg2 import _psycopg

    libpq = ctypes.CDLL(_psycopg.__file__)
    libpq.PQconnectStart.restype = ctypes.c_void_p
    libpq.PQconnectStart.argtypes = [ctypes.c_char_p]
    libpq.PQsetErrorVerbosity.argtypes = [ctypes.c_void_p, ctypes.c_int]
    libpq.PQerrorMessage.restype = ctypes.c_char_p
    for name in ("PQsocket", "PQconnectPoll", "PQerrorMessage", "PQfinish"):
        getattr(libpq, name).argtypes = [ctypes.c_void_p]
    return libpq
