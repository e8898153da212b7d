"""Limits of requests: paths, size and type of bodies, and concurrent use, in total and per person."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promo_reports.definitions.inputs.yaml_reader import MAX_BYTES
from promo_reports.web.error_handlers import Refusal, not_found

MOST_ASKING = 4
"""Concurrent queries of one process. Each holds one of the 40 threads that Airflow's own API shares."""
MOST_ASKING_OF_ONE_PERSON = 2
"""Concurrent queries of one person: a preview and the choices of a filter, or two tabs."""
RETRY_AFTER = {"Retry-After": "10"}

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Places:
    """A limit of concurrent uses in one process, in total and per person.

    `too_many` is the reason and fix of the 503 when all places are taken, `too_many_yours` of the 429 when the person
    has taken as many as one may.
    """

    def __init__(
        self, *, per_process: int, per_person: int, too_many: tuple[str, str], too_many_yours: tuple[str, str]
    ) -> None:
        self._per_process, self._per_person = per_process, per_person
        self._too_many, self._too_many_yours = too_many, too_many_yours
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, person: str) -> Iterator[None]:
        """Take a place during the block; raise 429 or 503 at once if there is none."""
        with self._lock:
            if self._taken[person] >= self._per_person:
                raise Refusal(429, *self._too_many_yours, headers=RETRY_AFTER)
            if self._taken.total() >= self._per_process:
                raise Refusal(503, *self._too_many, headers=RETRY_AFTER)
            self._taken[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[person] -= 1
                if not self._taken[person]:
                    del self._taken[person]


asking_the_promo_database = Places(
    per_process=MOST_ASKING,
    per_person=MOST_ASKING_OF_ONE_PERSON,
    too_many=("Too many queries of the promo database are running at the moment.", "Try again in a moment."),
    too_many_yours=(
        f"You have {MOST_ASKING_OF_ONE_PERSON} queries of the promo database running already.",
        "Try again when one of them has ended.",
    ),
)
"""Limit of concurrent queries; answers 503 rather than block a thread."""

counting_rows = Places(
    per_process=2,
    per_person=1,
    too_many=("Too many exports are being counted at the moment.", "Try again in a moment, or export without it."),
    too_many_yours=("Your last count is running still.", "Try again when it has ended, or export without it."),
)
"""Limit of concurrent counts of the form, which nobody asked for: they take no place of a preview or of choices."""


class PlainPath:
    """Middleware that answers 404 for paths with control characters: route patterns ignore a trailing newline."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer the error."""
        plain = scope["type"] != "http" or not _CONTROL.search(scope["path"])
        await (self._app if plain else not_found("page").answer())(scope, receive, send)


class JsonOfLimitedSize:
    """Middleware that answers 415 for bodies that are not JSON and 413 for those larger than a definition may be.

    The body is checked while it is received, before a route reads it.
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
    """Middleware that sets `Cache-Control: no-store` unless the route has set the header."""

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
    """Return whether the application has the path and the method; without, it answers 404 or 405."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def _too_large() -> Refusal:
    return Refusal(413, f"The request is larger than {MAX_BYTES // 1024} KiB.", "No definition needs so much.")


def _not_json(kind: str) -> Refusal:
    said = f"not {kind[:60]!r}" if kind else "and says no type"
    return Refusal(415, f"The request must be JSON, {said}.", "Send Content-Type: application/json.")
