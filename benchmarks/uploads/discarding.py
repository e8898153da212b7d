"""What servers that discard what they get have in common: they keep the sizes and headers of objects, and no content.

A module of each protocol is started with `python -m`. It prints the Airflow connection that leads to it as one line of
JSON, takes any credentials, and serves until it is killed.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LONG_AGO = "Mon, 01 Jan 2024 00:00:00 GMT"
_AT_ONE_TIME = 4 << 20


class Discarding(BaseHTTPRequestHandler):
    """One connection; what was begun and what is there is in tables of the class."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Have the answer sent at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = memoryview(bytearray(_AT_ONE_TIME))

    def log_message(self, *_: object) -> None:
        """Quietly."""

    def asked(self) -> tuple[str, dict[str, str]]:
        """Return the path of the request and its parameters."""
        url = urlsplit(self.path)
        return url.path, {name: given[0] for name, given in parse_qs(url.query, keep_blank_values=True).items()}

    def body(self) -> bytes:
        """Return the body of a request that describes something."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def discard(self) -> int:
        """Take the body of a request without having the kernel copy it; return its bytes."""
        size = left = int(self.headers.get("Content-Length") or 0)
        if left:
            left -= len(self.rfile.read(min(left, len(self.rfile.peek()))))  # type: ignore[attr-defined]
        while left:
            taken = self.connection.recv_into(self._rest, min(left, _AT_ONE_TIME), socket.MSG_TRUNC)
            if not taken:
                raise ConnectionError("the client has gone")
            left -= taken
        return size

    def answer(self, status: int = 200, text: str = "", /, **headers: str) -> None:
        """Answer with a text, and headers whose `-` are `_` here."""
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def serve(handler: type[Discarding], connection: Callable[[str], dict[str, Any]]) -> None:
    """Serve on a free port; `connection` returns the Airflow connection that leads to a URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(json.dumps(connection(f"http://127.0.0.1:{server.server_port}")), flush=True)
        server.serve_forever()
