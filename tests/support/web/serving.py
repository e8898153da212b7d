"""A server that sends exports through the same kinds of middleware as Airflow's api-server, and who watches it."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from promo_reports.delivery import OpenFile, PresignedFile, PublishedExport
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.errors import Expired
from promo_reports.web.downloads.response import file_response, manifest_response
from promo_reports.web.error_handlers import Refusal
from tests.support.delivery.exports import LocalPlace

PATIENCE = 20.0
"""Seconds to wait for a condition before the test fails."""


async def _as_refreshing_a_token_does(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


MIDDLEWARE = [
    Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
    Middleware(BaseHTTPMiddleware, dispatch=_as_refreshing_a_token_does),
]
"""The kinds that Airflow's api-server has."""


@contextmanager
def server(
    open_file: Callable[[], OpenFile | PresignedFile],
    read_manifest: Callable[[], PublishedExport],
    *,
    stall_seconds: float = PATIENCE,
) -> Iterator[int]:
    """Serve `/download` and `/manifest` from this process; the port."""

    def download(request: Request) -> Response:
        opened = open_file()
        try:
            return file_response(request, opened, stall_seconds=stall_seconds)
        except Refusal as refusal:
            assert isinstance(opened, OpenFile)
            opened.close()
            return refusal.answer()

    def manifest(request: Request) -> Response:
        return manifest_response(request, read_manifest())

    def gone(_request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 410)

    routes = [Route("/download", download), Route("/manifest", manifest)]
    with serving(Starlette(routes=routes, middleware=MIDDLEWARE, exception_handlers={Expired: gone})) as port:
        yield port


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serve an application from this process; the port."""
    running = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds; AssertionError if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


class SlowClient:
    """A client that has asked for the file and reads of it only what it is told to."""

    def __init__(self, port: int, path: str = "/download", status: int = 200, **headers: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(1024)
        head, self._begin = received.split(b"\r\n\r\n", 1)
        if not head.startswith(f"HTTP/1.1 {status} ".encode()):
            self.leave()
            raise AssertionError(head)

    def rest(self) -> bytes:
        """Everything else that the server sends."""
        parts = [self._begin]
        while part := self._socket.recv(1 << 20):
            parts.append(part)
        self.leave()
        return b"".join(parts)

    def leave(self) -> None:
        """Hang up."""
        self._socket.close()


def sparse(local: LocalPlace, manifest: Manifest, size: int, marks: dict[int, bytes]) -> ExportFile:
    """Lay an export of so many bytes there, almost all of them zeros that take no room, with `marks` at offsets."""
    file = ExportFile("Large-5ba45e00.csv", 1, size, "5ba45e00" + 56 * "0")
    local.folder.mkdir(parents=True)
    with (local.folder / file.name).open("wb") as large:
        large.truncate(size)
        for offset, mark in marks.items():
            large.seek(offset)
            large.write(mark)
    (local.folder / "manifest.json").write_bytes(dataclasses.replace(manifest, files=(file,)).to_json())
    return file
