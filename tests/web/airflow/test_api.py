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
from promo_reports.web.airflow import api as airflow_api
from promo_reports.web.airflow.api import AirflowApi
from promo_reports.web.error_handlers import Refusal


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
    "run_id", [".", "..", "...", "a?b#c", "a%2Fb", "%2e", "a;b", "a\nb", "a\n", "\0", "~", "é", "clear", "a b+c"]
)
def test_a_command_reaches_the_run_that_it_names(run_id: str) -> None:
    """Airflow's routes are those of its version 3.3: a run's own, and the bulk route of a DAG's runs beside it."""
    asked: list[tuple[str, Any]] = []

    def route(name: str) -> Any:
        async def endpoint(request: Request) -> Response:
            asked.append((name, request.path_params))
            return JSONResponse({})

        return endpoint

    runs = "/api/v2/dags/{dag_id}/dagRuns"
    app = Starlette(
        routes=[
            Route(f"{runs}/{{run_id}}", route("one"), methods=["PATCH"]),
            Route(f"{runs}/{{run_id}}/clear", route("clear"), methods=["POST"]),
            Route(f"{runs}", route("bulk"), methods=["PATCH", "POST"]),
            Route("/{path:path}", route("other"), methods=["PATCH", "POST"]),
        ]
    )

    async def commands() -> None:
        airflow = AirflowApi(app, "ada's")
        await airflow.fail("a.b", run_id, "Cancelled by ada")
        await airflow.clear("a.b", run_id)

    asyncio.run(commands())
    assert asked == [(name, {"dag_id": "a.b", "run_id": run_id}) for name in ("one", "clear")]


@pytest.mark.parametrize("run_id", ["", "/", "a/b", "../x", "x/clear"])
def test_a_run_that_airflows_routes_cannot_name_is_refused(run_id: str) -> None:
    async def endpoint(_: Request) -> Response:
        pytest.fail("it was asked")

    for command in (api(endpoint).fail("a", run_id, "note"), api(endpoint).clear("a", run_id)):
        with pytest.raises(Refusal, match="has a slash") as refused:
            asyncio.run(command)
        assert (refused.value.status, refused.value.fix) == (409, "Duplicate it.")


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
