"""Every error of every layer has the one shape, and says nothing that was not meant for the client."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from promo_reports import errors
from promo_reports.errors import (
    Damaged,
    Expired,
    InvalidCursor,
    InvalidInput,
    NotPublished,
    PreviewTooSlow,
    Problem,
    PromoReportsError,
    Replaced,
    UnknownValue,
)
from promo_reports.web.error_handlers import Refusal, forbidden, handle_refusals, not_found, unauthenticated
from promo_reports.web.models import ErrorCode

SECRET = "postgresql://reader:hunter2@db/promo"


class Body(BaseModel):
    first: int
    second: list[int] = []


def answer_to(error: Exception | None, content: bytes | None = None) -> httpx.Response:
    """What a client gets of an application whose route raises this."""
    app = FastAPI()
    handle_refusals(app)

    @app.get("/")
    def fails() -> None:
        assert error is not None
        raise error

    @app.post("/")
    def takes(body: Body) -> None:
        assert body

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.invalid") as client:
            if content is None:
                return await client.get("/")
            return await client.post("/", content=content, headers={"Content-Type": "application/json"})

    return asyncio.run(asked())


def error_in(answer: httpx.Response) -> dict[str, Any]:
    """The one shape, checked."""
    assert answer.json().keys() == {"error"}
    error: dict[str, Any] = answer.json()["error"]
    assert list(error) == ["status", "code", "reason", "fix", "problems"]
    assert error["status"] == answer.status_code
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    for each in error["problems"]:
        assert list(each) == ["path", "message"]
    return error


OF_A_CLASS = {
    "InvalidInput": (422, "invalid"),
    "PlaceShared": (422, "invalid"),
    "DagsMissing": (422, "invalid"),
    "SqlTemplateError": (503, "unavailable"),
    "SourceRefused": (503, "unavailable"),
    "HashKeyRefused": (503, "unavailable"),
    "SourceUnavailable": (503, "unavailable"),
    "QueryTooSlow": (503, "unavailable"),
    "DataRefused": (422, "invalid"),
    "ReconciliationError": (422, "invalid"),
    "StagingError": (422, "invalid"),
    "StagingRefused": (422, "invalid"),
    "HandoverRefused": (422, "invalid"),
    "DestinationRefused": (503, "unavailable"),
    "ForeignExport": (503, "unavailable"),
    "DestinationUnavailable": (503, "unavailable"),
    "Conflict": (409, "conflict"),
    "StoreError": (503, "unavailable"),
    "NotRecorded": (422, "invalid"),
    "ReadRefused": (422, "invalid"),
    "PromoReportsError": (422, "invalid"),
}


ON_ITS_OWN = {"Damaged", "Expired", "InvalidCursor", "NotPublished", "PreviewTooSlow", "Replaced", "UnknownValue"}
"""Errors that a test of their own looks at."""


def test_every_class_of_error_is_in_the_table() -> None:
    classes = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)}
    assert classes == OF_A_CLASS.keys() | ON_ITS_OWN


@pytest.mark.parametrize(("name", "expected"), OF_A_CLASS.items())
def test_an_error_of_the_product_is_said_as_it_is(name: str, expected: tuple[int, str]) -> None:
    kind: type[PromoReportsError] = getattr(errors, name)
    raised = kind("What happened.", [] if issubclass(kind, InvalidInput) else "What to do.")  # type: ignore[arg-type]
    error = error_in(answer_to(raised))
    assert (error["status"], error["code"]) == expected
    if not issubclass(kind, InvalidInput) and expected[0] != 503:
        assert (error["reason"], error["fix"], error["problems"]) == ("What happened.", "What to do.", [])


AWAY = [name for name, (status, _) in OF_A_CLASS.items() if status == 503]


@pytest.mark.parametrize("name", [*AWAY, "InvalidInput"])
def test_what_is_wrong_on_the_server_is_for_its_log_alone(name: str, caplog: pytest.LogCaptureFixture) -> None:
    kind: type[PromoReportsError] = getattr(errors, name)
    told = f"/srv/promo/include/account.yaml of {SECRET}"
    said = [Problem(told, "timezone", "is required")] if kind is InvalidInput else "/srv/promo is away."
    answer = answer_to(kind(told, said))  # type: ignore[arg-type]
    error = error_in(answer)
    assert (error["status"], error["code"], error["problems"]) == (503, "unavailable", [])
    assert error["reason"].endswith(".")
    assert error["fix"].endswith((".", "log says what to correct."))
    assert "/srv" not in answer.text
    assert "hunter2" not in answer.text
    (record,) = [each for each in caplog.records if each.name == "promo_reports.web.error_handlers"]
    assert record.getMessage().startswith("GET /: ")
    assert "/srv/promo/include/account.yaml" in record.getMessage()


def test_one_problem_of_a_file_makes_all_of_them_the_servers() -> None:
    problems = [Problem("request", "name", "is empty"), Problem("account.yaml:3", "timezone", "is required")]
    assert error_in(answer_to(InvalidInput("both", problems)))["status"] == 503


def test_a_value_that_the_promo_database_does_not_know_is_told_at_its_filter() -> None:
    raised = UnknownValue("wallet", "Report 'x': wallet 'fresj' is not in the promo database.", "Did you mean fresh?")
    error = error_in(answer_to(raised))
    assert (error["status"], error["reason"], error["fix"]) == (422, raised.reason, raised.fix)
    assert error["problems"] == [
        {"path": "filters.wallet", "message": "is not in the promo database. Did you mean fresh?"}
    ]


def test_a_preview_that_takes_too_long_is_not_the_servers_fault() -> None:
    error = error_in(answer_to(PreviewTooSlow("It took too long.", "Choose less.")))
    assert (error["status"], error["reason"], error["fix"]) == (422, "It took too long.", "Choose less.")


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Expired("It is gone.", "Retry it."), 410, "expired"),
        (NotPublished("It is not there."), 409, "not_ready"),
        (Damaged("It is damaged."), 503, "unavailable"),
        (Replaced("Another lies there.", "Retry it."), 410, "replaced"),
        (InvalidCursor("It is damaged"), 422, "invalid"),
        (unauthenticated(), 401, "unauthenticated"),
        (forbidden("create reports"), 403, "forbidden"),
        (not_found("export"), 404, "not_found"),
        (Refusal(403, "Elsewhere.", code=ErrorCode.CROSS_ORIGIN), 403, "cross_origin"),
        (Refusal(405, "No."), 405, "not_allowed"),
        (Refusal(418, "No."), 418, "internal"),
    ],
)
def test_other_refusals(raised: Exception, status: int, code: str) -> None:
    error = error_in(answer_to(raised))
    assert (error["status"], error["code"]) == (status, code)


def test_broken_rules_are_told_each_at_its_key() -> None:
    problems = [Problem("request", "filters.wallet", "is required"), Problem("request", "", "not JSON")]
    error = error_in(answer_to(InvalidInput("request", problems)))
    assert error["problems"] == [
        {"path": "filters.wallet", "message": "is required"},
        {"path": "", "message": "not JSON"},
    ]
    assert error["reason"] == "Some values are not right: filters.wallet: is required; not JSON"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b'{"first": "x"}', [("first", "Input should be a valid integer")]),
        (b'{"first": 1, "second": [2, "x"]}', [("second.1", "Input should be a valid integer")]),
        (b"{}", [("first", "Field required")]),
        (b"[]", [("", "Input should be a valid dictionary")]),
        (b"", [("", "Field required")]),
        (b'{"first": 1', [("", "is not JSON")]),
        (b'{"first": "\xff"}', [("", "is not JSON")]),
        (b"[" * 50_000, [("", "is not JSON")]),
    ],
)
def test_a_body_that_cannot_be_read(content: bytes, problems: list[tuple[str, str]]) -> None:
    error = error_in(answer_to(None, content))
    assert (error["status"], error["code"]) == (422, "invalid")
    told = [(each["path"], each["message"]) for each in error["problems"]]
    assert [path for path, _ in told] == [path for path, _ in problems]
    assert all(said.startswith(start) for (_, said), (_, start) in zip(told, problems, strict=True))


@pytest.mark.parametrize("kind", ["OperationalError", "TimeoutError"])
def test_airflows_database_that_is_away_is_said_without_its_address(kind: str) -> None:
    from sqlalchemy import exc

    refused = exc.OperationalError(f"SELECT {SECRET}", {"password": "hunter2"}, Exception(SECRET))
    answer = answer_to(refused if kind == "OperationalError" else exc.TimeoutError(SECRET))
    error = error_in(answer)
    assert (error["status"], error["code"]) == (503, "unavailable")
    assert error["reason"] == "Airflow's database cannot be reached just now."
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("raised", [RuntimeError(SECRET), KeyError(SECRET), ValueError(SECRET), OSError(5, SECRET)])
def test_an_error_that_nobody_expects_never_says_its_own_text(raised: Exception) -> None:
    answer = answer_to(raised)
    error = error_in(answer)
    assert (error["status"], error["code"]) == (500, "internal")
    assert error["reason"] == "Something went wrong on our side."
    assert "hunter2" not in answer.text
    assert type(raised).__name__ not in answer.text


def test_it_is_in_the_log_instead(caplog: pytest.LogCaptureFixture) -> None:
    answer_to(RuntimeError("what nobody expected"))
    (record,) = [each for each in caplog.records if each.name == "promo_reports.web.error_handlers"]
    assert record.getMessage() == "GET / failed"
    assert record.exc_info is not None
    assert "what nobody expected" in str(record.exc_info[1])


def test_text_that_is_no_unicode_can_be_repeated() -> None:
    error = error_in(answer_to(forbidden("export \ud800 \u00e9")))
    assert error["reason"] == "You may not export \ud800 \u00e9."
