"""The ASGI application that Airflow mounts; it imports the API at the first request, which takes seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from promo_reports.web.airflow.host_app import AIRFLOW_APP

PREFIX = "/promo-reports"
"""Where Airflow mounts the API, below its own base path."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class ReportsApi:
    """An ASGI application that makes the API at its first request and passes all requests to it."""

    def __init__(self) -> None:
        self._app: App | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the API, with Airflow's application in its scope."""
        if self._app is None:
            async with self._making:
                if self._app is None:
                    self._app = await asyncio.to_thread(_make)
        await self._app({**scope, AIRFLOW_APP: scope["app"]}, receive, send)


class NewlinesInPaths:
    """Middleware of Airflow's application: route paths with a newline, which its mount does not match, to the API."""

    def __init__(self, app: App, api: App) -> None:
        self._app, self._api = app, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route a path with a newline below the prefix to the API."""
        root, path = scope.get("root_path", ""), scope.get("path", "")
        if scope["type"] == "http" and "\n" in path and path.removeprefix(root).startswith(f"{PREFIX}/"):
            await self._api({**scope, "root_path": root + PREFIX}, receive, send)
        else:
            await self._app(scope, receive, send)


def _make() -> App:
    from promo_reports.web.app import make_app

    return make_app()
