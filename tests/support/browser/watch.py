"""What a person would not see: errors in the console, failed requests, requests to somebody else's host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

LOCAL = ("data", "blob", "about")


class Watch:
    """Collects what goes wrong in a browser context; `check` fails the test with all of it.

    `expect` names what a test provokes, as a regular expression that is searched in the collected lines. An aborted
    request is none: leaving a page aborts what it still asks for, and a download ends its navigation.
    """

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc
        self._found: list[str] = []
        self._expected: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._page_error)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def expect(self, pattern: str) -> None:
        """What matches was meant."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """What was collected and nobody expected."""
        return [line for line in self._found if not any(re.search(each, line) for each in self._expected)]

    def check(self) -> None:
        """Fail if there was anything unexpected."""
        assert self.unexpected == []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"console error at {message.location.get('url', '')}: {message.text}")

    def _page_error(self, error: WebError) -> None:
        self._found.append(f"page error: {error.error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in LOCAL and address.netloc != self._host:
            self._found.append(f"request to another host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self._found.append(f"failed request: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._found.append(f"answer {response.status}: {response.request.method} {response.url}")
