"""Close a connection from within an ASGI application, for which the protocol has no message.

A server waits without end for a client that keeps its connection and reads nothing, and holds what it has for it.
"""

from __future__ import annotations

import contextlib
import socket

from starlette.types import Scope

from promo_reports.sockets import duplicate_of, open_sockets, reset


def hang_up(scope: Scope) -> bool:
    """Reset the TCP connection of a request, found among this process's sockets by its two addresses.

    False where there is none of them: behind a proxy that the server trusts, `client` is the proxy's own client, whom
    the proxy ends by its own limits.
    """
    client, server = scope.get("client"), scope.get("server")
    if not client or not server:
        return False
    for fileno in open_sockets().values():
        # One that is closed meanwhile, or is none of TCP, fails.
        with contextlib.suppress(OSError), duplicate_of(fileno) as each:
            if _is_between(each, client, server):
                reset(each)
                return True
    return False


def _is_between(connection: socket.socket, client: tuple[str, int], server: tuple[str, int]) -> bool:
    addresses = connection.getpeername()[:2], connection.getsockname()[:2]
    return addresses == (tuple(client), tuple(server))
