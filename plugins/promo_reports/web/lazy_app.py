"""The page's API as Airflow mounts it, made at the first request: importing it costs seconds, in every task too."""

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
    """An ASGI application that stands for the real one until somebody asks."""

    def __init__(self) -> None:
        self._app: App | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request over, and remember which application it came through."""
        if self._app is None:
            async with self._making:
                if self._app is None:
                    self._app = await asyncio.to_thread(_make)
        await self._app({**scope, AIRFLOW_APP: scope["app"]}, receive, send)


class NewlinesInPaths:
    """Middleware of Airflow's own application: hand over what its mount does not match, a path with a newline."""

    def __init__(self, app: App, api: App) -> None:
        self._app, self._api = app, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer below the prefix as the API does everywhere else."""
        root, path = scope.get("root_path", ""), scope.get("path", "")
        if scope["type"] == "http" and "\n" in path and path.removeprefix(root).startswith(f"{PREFIX}/"):
            await self._api({**scope, "root_path": root + PREFIX}, receive, send)
        else:
            await self._app(scope, receive, send)


def _make() -> App:
    from promo_reports.web.app import make_app

    return make_app()
