"""Limits of requests: paths and bodies, and how many may ask the promo database at one time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promo_reports.definitions.located import MAX_BYTES
from promo_reports.web.answers import Refusal, not_found

MOST_ASKING = 4
"""Requests of one process. Each holds one of the 40 threads that Airflow's own API works with, too."""

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_asking = threading.BoundedSemaphore(MOST_ASKING)


@contextmanager
def asking_the_promo_database() -> Iterator[None]:
    """Limit concurrent queries; answer 503 rather than block a thread."""
    if not _asking.acquire(blocking=False):
        raise Refusal(503, "Too many ask the promo database just now.", "Try again in a moment.")
    try:
        yield
    finally:
        _asking.release()


class PlainPath:
    """Middleware that answers 404 to a path with control characters: a route's pattern ignores a newline at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        plain = scope["type"] != "http" or not _CONTROL.search(scope["path"])
        await (self._app if plain else not_found("page").answer())(scope, receive, send)


class JsonOfLimitedSize:
    """Middleware that answers 415 to what is not JSON and 413 to what is larger than a definition may be.

    It checks while the body arrives, before anything reads it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_BYTES:
                await _too_large().answer()(scope, receive, send)
                return
        kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        if (body or scope["method"] in _WITH_BODY) and kind != "application/json" and _has_route(scope):
            await _not_json(kind).answer()(scope, receive, send)
            return
        delivered = False

        async def whole() -> Message:
            nonlocal delivered
            if delivered:
                return await receive()
            delivered = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, whole, send)


class NotKept:
    """What the API answers is about now and for one user: `Cache-Control: no-store`, unless a route says otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header where there is none."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def _has_route(scope: Scope) -> bool:
    """Whether the application has the path and the method; without, it answers 404 or 405."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def _too_large() -> Refusal:
    return Refusal(413, f"The request is larger than {MAX_BYTES // 1024} KiB.", "No definition needs so much.")


def _not_json(kind: str) -> Refusal:
    said = f"not {kind[:60]!r}" if kind else "and says no type"
    return Refusal(415, f"The request must be JSON, {said}.", "Send Content-Type: application/json.")
