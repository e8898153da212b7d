"""What a request may be: checked as it arrives, in pieces too, before anything reads it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.postgres import PostgresServer
from devstack.tcp_proxy import TcpProxy
from promo_reports.definitions.inputs.yaml_reader import MAX_BYTES
from promo_reports.errors import SourceUnavailable
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.preview import preview
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.limits import (
    MOST_ASKING,
    MOST_ASKING_OF_ONE_PERSON,
    JsonOfLimitedSize,
    asking_the_promo_database,
)
from tests.support.databases.promo import Project, export

JSON = {"Content-Type": "application/json"}


async def echo(request: Request) -> Response:
    return JSONResponse({"method": request.method, "bytes": len(await request.body())})


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
APP = Starlette(routes=[Route("/", echo, methods=METHODS)], middleware=[Middleware(JsonOfLimitedSize)])


def ask(method: str, content: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://api.invalid") as client:
            return await client.request(method, "/", content=content, headers=headers)

    return run(asked())


def run(coroutine: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    return asyncio.run(coroutine)


class Pieces:
    """A body of so many pieces of 1 KiB, without a length in its header, that counts what was taken of it."""

    def __init__(self, number: int) -> None:
        self.number, self.taken = number, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.number):
            self.taken += 1
            yield b" " * 1024


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_body_of_the_largest_size_arrives_whole(method: str) -> None:
    pieces = Pieces(MAX_BYTES // 1024)
    assert ask(method, pieces, JSON).json() == {"method": method, "bytes": MAX_BYTES}
    assert ask(method, b" " * MAX_BYTES, JSON).json() == {"method": method, "bytes": MAX_BYTES}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_larger_one_is_refused_before_its_end(method: str) -> None:
    pieces = Pieces(10_000)
    answer = ask(method, pieces, JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert answer.json()["error"]["reason"] == "The request is larger than 64 KiB."
    assert pieces.taken == MAX_BYTES // 1024 + 1
    assert ask(method, b" " * (MAX_BYTES + 1), JSON).status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_let_through(kind: str) -> None:
    assert ask("POST", b"{}", {"Content-Type": kind}).json() == {"method": "POST", "bytes": 2}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Type": "text/plain"}, "The request must be JSON, not 'text/plain'."),
        ({"Content-Type": "application/x-www-form-urlencoded"},
         "The request must be JSON, not 'application/x-www-form-urlencoded'."),
        ({"Content-Type": "multipart/form-data; boundary=application/json"},
         "The request must be JSON, not 'multipart/form-data'."),
        ({"Content-Type": "application/jsonp"}, "The request must be JSON, not 'application/jsonp'."),
        ({}, "The request must be JSON, and says no type."),
        ({"Content-Type": "x" * 500}, f"The request must be JSON, not '{'x' * 60}'."),
    ],
)  # fmt: skip
def test_what_a_form_of_another_site_can_send_is_refused(headers: dict[str, str], reason: str) -> None:
    answer = ask("POST", b"{}", headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (415, "no-store")
    error = answer.json()["error"]
    assert (error["code"], error["reason"]) == ("unsupported_media_type", reason)
    assert error["fix"] == "Send Content-Type: application/json."


def test_a_command_without_a_body_says_that_it_is_json_all_the_same() -> None:
    assert ask("POST").status_code == 415
    assert ask("POST", headers=JSON).json() == {"method": "POST", "bytes": 0}


def test_delete_needs_no_body_but_one_that_it_has_is_json() -> None:
    assert ask("DELETE").json() == {"method": "DELETE", "bytes": 0}
    assert ask("DELETE", b"x=1", {"Content-Type": "text/plain"}).status_code == 415


def test_reading_is_not_looked_at() -> None:
    assert ask("GET", headers={"Content-Type": "text/plain"}).status_code == 200
    assert ask("HEAD").status_code == 200


def test_a_client_that_hangs_up_in_the_middle_asks_for_nothing() -> None:
    """What arrived of its body could be JSON by itself."""
    asked: list[str] = []
    messages = [{"type": "http.request", "body": b"{}", "more_body": True}, {"type": "http.disconnect"}]

    async def app(*_: Any) -> None:
        asked.append("the application")

    async def receive() -> Any:
        return messages.pop(0)

    async def send(_: Any) -> None:
        asked.append("an answer")

    headers = [(b"content-type", b"application/json"), (b"content-length", b"900")]
    scope = {"type": "http", "method": "POST", "headers": headers}
    asyncio.run(JsonOfLimitedSize(app)(scope, receive, send))
    assert (asked, messages) == ([], [])


def test_so_many_may_ask_the_promo_database_and_the_next_is_refused_at_once() -> None:
    with ExitStack() as asking:
        for person in range(MOST_ASKING):
            asking.enter_context(asking_the_promo_database.one(f"person {person}"))
        with pytest.raises(Refusal, match="Too many queries") as refused, asking_the_promo_database.one("ada"):
            pass
        assert (refused.value.status, refused.value.fix) == (503, "Try again in a moment.")


def test_one_person_cannot_take_the_places_of_all() -> None:
    with ExitStack() as asking:
        for _ in range(MOST_ASKING_OF_ONE_PERSON):
            asking.enter_context(asking_the_promo_database.one("ada"))
        with pytest.raises(Refusal, match="You have 2 queries of the promo database") as refused:
            asking.enter_context(asking_the_promo_database.one("ada"))
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "10"})
        asking.enter_context(asking_the_promo_database.one("bob"))


def test_whoever_has_asked_or_failed_leaves_his_place() -> None:
    for _ in range(2 * MOST_ASKING):
        with pytest.raises(KeyError), asking_the_promo_database.one("ada"):
            raise KeyError


def test_previews_that_hang_give_their_places_back(postgres: PostgresServer, tmp_path: Path) -> None:
    """A database that accepts connections and says nothing: the next ones are let in when the time of these is over."""
    project, failures = Project(tmp_path), []

    def ask(source: Source, person: str) -> None:
        with asking_the_promo_database.one(person):
            try:
                preview(export(), source, project.settings, 20, seconds=1)
            except SourceUnavailable as failed:
                failures.append(failed)

    with TcpProxy(postgres.port) as proxy:
        proxy.stall()
        source = Source("promo_db", proxy.address(postgres.url()))
        begun = time.monotonic()
        asking = [threading.Thread(target=ask, args=(source, f"person {person}")) for person in range(MOST_ASKING)]
        for each in asking:
            each.start()
        for each in asking:
            each.join(timeout=60)
        assert time.monotonic() - begun < 30
    assert len(failures) == MOST_ASKING
    with ExitStack() as places:
        for person in range(MOST_ASKING):
            places.enter_context(asking_the_promo_database.one(f"person {person}"))
