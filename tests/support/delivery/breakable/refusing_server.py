"""A server that refuses over the wire, as a cloud's does: with texts that must not be repeated.

What is to pass is passed on to another server, without a look at its signature.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, SIGNATURE = "AKIAIOSFODNN7EXAMPLE", "feedfacefeedface"
TEXT = f"The text of the server, with {KEY} and https://x.example/?X-Amz-Signature={SIGNATURE}"
SECRETS = (KEY, SIGNATURE, "X-Amz", "The text of the server")
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Refusing:
    """An answer, with the error code that its cloud gives it; that to a HEAD has no body."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


@contextmanager
def refusing_server(
    answer: Refusing, *, methods: Collection[str] = ("GET", "HEAD", "PUT", "POST", "DELETE"), behind: int = 0
) -> Iterator[str]:
    """Yield the address of a server that answers these methods so, and passes others on to a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command in methods:
                self._send(answer.status, list(answer.headers), answer.body.encode())
                return
            there = http.client.HTTPConnection("127.0.0.1", behind, timeout=60)
            try:
                there.request(self.command, self.path, body, dict(self.headers))
                got = there.getresponse()
                self._send(got.status, got.getheaders(), got.read())
            finally:
                there.close()

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            if "date" not in (name.lower() for name, _ in headers):
                self.send_header("Date", self.date_time_string())
            for name, value in headers:
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the names of the base class

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
