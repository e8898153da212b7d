"""How many downloads may be open, on a real server with clients that do not read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from starlette.applications import Starlette

from promo_reports.definitions.registry import Registry
from promo_reports.delivery import publish
from promo_reports.web.airflow.access import Caller
from promo_reports.web.app import make_app
from promo_reports.web.downloads import routes as downloads
from promo_reports.web.downloads.open_downloads import OpenDownloads
from promo_reports.web.error_handlers import Refusal
from tests.support.delivery.exports import LocalPlace, open_descriptors, staged
from tests.support.web.callers import caller, export
from tests.support.web.serving import MIDDLEWARE, SlowClient, serving, wait_for

LARGE = 32 << 20
PATH = "/promo-reports/api/exports/7/download"


def test_each_person_and_the_process_have_a_limit() -> None:
    open_downloads = OpenDownloads(per_process=3, per_person=2)
    with open_downloads.one("ada"), open_downloads.one("ada"):
        with pytest.raises(Refusal) as refused, open_downloads.one("ada"):
            pass
        assert (refused.value.status, refused.value.code) == (429, "too_many")
        with open_downloads.one("bob"):
            with pytest.raises(Refusal) as refused, open_downloads.one("eve"):
                pass
            assert (refused.value.status, refused.value.code) == (503, "unavailable")
            assert refused.value.headers["Retry-After"].isdecimal()
        with open_downloads.one("eve"):
            pass


def test_a_block_that_fails_leaves_its_place() -> None:
    open_downloads = OpenDownloads(per_process=1, per_person=1)
    for _ in range(3):
        with pytest.raises(KeyError), open_downloads.one("ada"):
            raise KeyError


class Audit:
    """In the place of Airflow's audit log."""

    def __init__(self) -> None:
        self.broken = False
        self.entries: list[dict[str, object]] = []

    def write_down(self, event: str, who: Caller, dag_id: str, run_id: str | None, **extra: object) -> None:
        if self.broken:
            raise RuntimeError("the audit log is away")
        self.entries.append({"event": event, "who": who.name, **extra})


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> Audit:
    kept = Audit()
    monkeypatch.setattr(downloads, "write_down", kept.write_down)
    return kept


@pytest.fixture
def local(registry: Registry) -> LocalPlace:
    return LocalPlace(registry.settings.downloads)


@pytest.fixture
def port(
    registry: Registry, local: LocalPlace, audit: Audit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[int]:
    """The application with room for two downloads of a person and three in all, and an export of many bytes."""
    publish(staged(tmp_path, bytes(LARGE)), local.area)
    open_downloads = OpenDownloads(per_process=3, per_person=2)
    monkeypatch.setattr(downloads, "_open_downloads", lambda: open_downloads)
    monkeypatch.setattr(downloads, "_wanted", lambda _caller, _id: (export(), local.asked()))
    airflow = Starlette(middleware=MIDDLEWARE)
    airflow.mount("/promo-reports", make_app(_named_in_the_request))
    with serving(airflow) as port:
        yield port
        wait_for(lambda: not open_descriptors(local.root))


async def _named_in_the_request(request: Request) -> Caller:
    return caller(name=request.headers.get("x-name", "ada"))


@pytest.fixture
def client(port: int) -> Iterator[httpx.Client]:
    # After an error that nobody expected, uvicorn ends the connection.
    url, headers = f"http://127.0.0.1:{port}", {"Connection": "close"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=20) as client:
        yield client


def unread(port: int, name: str = "ada") -> SlowClient:
    headers: dict[str, Any] = {"X-Name": name}
    return SlowClient(port, PATH, **headers)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert answer.headers["retry-after"].isdecimal()
    assert error["status"] == answer.status_code
    return error["status"], error["code"]


def open_again(client: httpx.Client, name: str = "ada") -> Callable[[], bool]:
    """Whether a download is taken, of one byte."""
    headers = {"X-Name": name, "Range": "bytes=0-0"}
    return lambda: client.get(PATH, headers=headers).status_code == 206


def test_unread_downloads_take_the_places_of_a_person_and_of_the_process(
    port: int, client: httpx.Client, local: LocalPlace, audit: Audit
) -> None:
    mine = [unread(port), unread(port)]
    assert refusal(client.get(PATH)) == (429, "too_many")
    bobs = unread(port, "bob")
    assert refusal(client.get(PATH, headers={"X-Name": "eve"})) == (503, "unavailable")
    assert len(open_descriptors(local.root)) == 3
    assert [each["who"] for each in audit.entries] == ["ada", "ada", "bob"]
    # What sends no file takes no place.
    assert client.head(PATH).status_code == 200
    etag = client.head(PATH).headers["etag"]
    assert client.get(PATH, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(PATH, headers={"Range": f"bytes={LARGE}-"}).status_code == 416
    for each in (*mine, bobs):
        each.leave()
    wait_for(open_again(client))
    wait_for(open_again(client, "eve"))


def test_whatever_ends_a_download_frees_its_place(port: int, client: httpx.Client, audit: Audit) -> None:
    def whole() -> None:
        wait_for(open_again(client))

    def behind_the_end() -> None:
        assert client.get(PATH, headers={"Range": f"bytes={LARGE}-"}).status_code == 416

    def not_written_down() -> None:
        audit.broken = True
        wait_for(lambda: client.get(PATH).status_code == 500)
        audit.broken = False

    def left_after_its_first_bytes() -> None:
        taken_in_the_end(port).leave()

    for ended in (whole, behind_the_end, not_written_down, left_after_its_first_bytes):
        for _ in range(3):  # there are two places
            ended()
    both = [taken_in_the_end(port) for _ in range(2)]
    for each in both:
        each.leave()


def taken_in_the_end(port: int) -> SlowClient:
    """A download that is not read; a place is free a moment after the one before has ended."""
    taken: list[SlowClient] = []

    def is_taken() -> bool:
        with contextlib.suppress(AssertionError):
            taken.append(unread(port))
        return bool(taken)

    wait_for(is_taken)
    return taken[0]


def test_a_file_that_becomes_shorter_while_it_is_sent_ends_the_download(
    port: int, client: httpx.Client, local: LocalPlace
) -> None:
    slow = unread(port)
    (file,) = local.folder.glob("*.csv")
    with file.open("r+b") as changed:
        changed.truncate(1)
    assert len(slow.rest()) < LARGE


def test_what_the_audit_log_keeps_of_a_range_is_bounded(client: httpx.Client, audit: Audit) -> None:
    assert client.get(PATH, headers={"Range": "bytes=3-4"}).status_code == 206
    with client.stream("GET", PATH, headers={"Range": f"bytes=0-1,{'2-3,' * 15_000}"}) as answer:
        assert answer.status_code == 200
    assert [each["range"] for each in audit.entries] == [f"bytes 3-4/{LARGE}", None]
