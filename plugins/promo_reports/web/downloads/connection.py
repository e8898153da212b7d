"""Ending a connection from within an ASGI application, which the protocol has no message for.

A server waits without end for a client that keeps its connection and reads nothing, and holds what it has for it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path

from starlette.types import Scope

_AT_ONCE = struct.pack("ii", 1, 0)


def hang_up(scope: Scope) -> bool:
    """Reset the TCP connection of a request, found among this process's sockets by its two addresses.

    False where there is none of them: behind a proxy that the server trusts, `client` is the proxy's own client, whom
    the proxy ends by its own limits.
    """
    client, server = scope.get("client"), scope.get("server")
    if not client or not server:
        return False
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not files
        with contextlib.suppress(OSError):  # closed meanwhile, or no socket of TCP
            if stat.S_ISSOCK(Path("/dev/fd", name).stat().st_mode):
                with socket.socket(fileno=os.dup(int(name))) as each:
                    if _is_between(each, client, server):
                        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                        each.shutdown(socket.SHUT_RDWR)
                        return True
    return False


def _is_between(connection: socket.socket, client: tuple[str, int], server: tuple[str, int]) -> bool:
    addresses = connection.getpeername()[:2], connection.getsockname()[:2]
    return addresses == (tuple(client), tuple(server))
