"""Airflow's API in process: what it answers is passed on, and a request does not wait for it for ever."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from promo_reports.errors import Conflict
from promo_reports.web import airflow_api
from promo_reports.web.airflow_api import AirflowApi
from promo_reports.web.answers import Refusal


def api(endpoint: Any) -> AirflowApi:
    """Airflow, which answers everything with this."""
    methods = ["POST", "PATCH"]
    return AirflowApi(Starlette(routes=[Route("/api/v2/{path:path}", endpoint, methods=methods)]), "ada's")


def answering(status: int, content: Any) -> AirflowApi:
    async def endpoint(_: Request) -> Response:
        return JSONResponse(content, status)

    return api(endpoint)


def test_a_command_goes_with_the_callers_own_credential() -> None:
    asked: list[Any] = []

    async def endpoint(request: Request) -> Response:
        asked.append((request.method, request.url.path, request.headers["authorization"], await request.json()))
        return JSONResponse({})

    asyncio.run(api(endpoint).fail("a.b", "page__1+2", "Cancelled by ada"))
    assert asked == [
        ("PATCH", "/api/v2/dags/a.b/dagRuns/page__1+2", "Bearer ada's", {"state": "failed", "note": "Cancelled by ada"})
    ]


@pytest.mark.parametrize(
    ("status", "expected"), [(401, 401), (403, 403), (404, 409), (409, 409), (400, 503), (500, 503)]
)
def test_what_airflow_refuses_is_said(status: int, expected: int) -> None:
    with pytest.raises(Refusal, match="its own words") as refused:
        asyncio.run(answering(status, {"detail": "its own words"}).clear("a", "b"))
    assert refused.value.status == expected


def test_a_second_backfill_is_a_conflict() -> None:
    from datetime import datetime

    at = datetime(2026, 11, 18, tzinfo=UTC)
    with pytest.raises(Conflict, match="being exported already"):
        asyncio.run(answering(409, {}).backfill("a", at, at, again=False))


def test_airflow_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its routes work on threads, which nothing can stop."""
    goes_on = threading.Event()

    def endpoint(_: Request) -> Response:
        assert goes_on.wait(30)
        return JSONResponse({})

    async def asked() -> None:
        try:
            await api(endpoint).clear("a", "b")
        finally:
            goes_on.set()

    monkeypatch.setattr(airflow_api, "SECONDS", 0.05)
    with pytest.raises(Refusal, match=r"has not answered within 0\.05 seconds; it may still do this") as refused:
        asyncio.run(asked())
    assert refused.value.status == 503


def test_an_error_of_airflow_itself_is_raised() -> None:
    async def endpoint(_: Request) -> Response:
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        asyncio.run(api(endpoint).clear("a", "b"))
