"""The application as a whole: who is nobody gets nothing, every refusal has one shape, every route is described."""

from __future__ import annotations

import asyncio
import re
from contextvars import ContextVar
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.domain.delivery import partners
from promo_reports.web.airflow.access import Caller, authenticated
from promo_reports.web.app import make_app
from promo_reports.web.form.models import DefinitionBody
from tests.support import tab_separated
from tests.support.delivery import memory_destination
from tests.support.web.callers import CHANGE, CHANGE_EXPORTS, EXPORT, caller, nobody

CODES = {
    "unauthenticated", "forbidden", "not_found", "cross_origin", "unsupported_media_type", "too_large", "invalid",
    "conflict", "not_ready", "expired", "not_editable", "not_allowed", "unavailable",
    "internal",
}  # fmt: skip
DEFINITION = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": "one_time",
    "date_range": "past_week",
    "delivery": ["download"],
}


_who: ContextVar[Caller | None] = ContextVar("_who", default=None)


async def _whoever_asks(request: Request) -> Caller:
    return _who.get() or await authenticated(request)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return make_app(_whoever_asks)


def ask(app: FastAPI, method: str, path: str, who: Caller | None = None, **more: Any) -> httpx.Response:
    """An answer of the application, to somebody or to nobody."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.invalid") as client:
            return await client.request(method, path, **more)

    asking = _who.set(who)
    try:
        return asyncio.run(asked())
    finally:
        _who.reset(asking)


def error_in(answer: httpx.Response) -> dict[str, Any]:
    assert answer.json().keys() == {"error"}, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error.keys() == {"status", "code", "reason", "fix", "problems"}
    assert error["status"] == answer.status_code
    assert error["code"] in CODES
    return error


def routes(app: FastAPI) -> list[tuple[str, APIRoute]]:
    found = [(method, each) for each in app.routes if isinstance(each, APIRoute) for method in sorted(each.methods)]
    assert len(found) > 20
    return found


def test_nobody_gets_nothing_from_any_route(app: FastAPI) -> None:
    for method, route in routes(app):
        path = re.sub(r"\{\w+(:\w+)?\}", "1", route.path)
        body: dict[str, Any] = {} if method in ("GET", "HEAD", "DELETE") else {"json": {}}
        answer = ask(app, method, path, **body)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert error_in(answer)["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "/", {}),
        ("GET", "/api/nothing", {}),
        ("DELETE", "/api/session", {}),
        ("OPTIONS", "/api/session", {}),
        ("PROPFIND", "/api/session", {}),
        ("GET", "/api/exports/abc", {}),
        ("GET", f"/api/exports/{'9' * 4301}", {}),
        ("GET", f"/api/exports/{'9' * 4301}/download", {}),
        ("POST", f"/api/exports/{'9' * 4301}/cancel", {"json": {}}),
        ("GET", "/api/exports?limit=0", {}),
        ("GET", "/api/session%0a", {}),
        ("GET", "/api/%0asession", {}),
        ("GET", "/api/%00", {}),
        ("GET", "/api/%ff", {}),
        ("POST", "/api/drafts/describe", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/api/drafts/describe", {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
        ("POST", "/api/drafts/describe", {"content": b"x" * 70_000}),
        ("GET", "/api/session", {"headers": {"Authorization": "Basic YTpi"}}),
        ("GET", "/api/session", {"headers": {"Authorization": "Bearer "}}),
    ],
)
def test_nobody_learns_what_would_have_been_wrong(app: FastAPI, method: str, path: str, more: dict[str, Any]) -> None:
    assert error_in(ask(app, method, path, **more))["status"] == 401


ADA = caller(EXPORT, CHANGE, CHANGE_EXPORTS)


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/", {}, 404, "not_found"),
        ("GET", "/api/nothing", {}, 404, "not_found"),
        ("GET", "/api/exports/abc", {}, 404, "not_found"),
        ("GET", "/api/exports/-1", {}, 404, "not_found"),
        ("GET", "/docs", {}, 404, "not_found"),
        ("GET", "/openapi.json", {}, 404, "not_found"),
        ("GET", "/ui/../main.js", {}, 404, "not_found"),
        ("PATCH", "/api/exports", {"json": {}}, 405, "not_allowed"),
        ("DELETE", "/api/session", {}, 405, "not_allowed"),
        ("PUT", "/api/session", {"content": b"x"}, 405, "not_allowed"),
        ("POST", "/api/nothing", {"content": b"x"}, 404, "not_found"),
        ("TRACE", "/api/session", {}, 405, "not_allowed"),
        ("HEAD", "/api/nothing", {}, 404, "not_found"),
        ("GET", "/api/exports/", {}, 404, "not_found"),
        ("GET", f"/api/exports/{'9' * 4301}", {}, 404, "not_found"),
        ("GET", f"/api/exports/{'9' * 4301}/manifest", {}, 404, "not_found"),
        ("GET", f"/api/exports/{2**31}", {}, 404, "not_found"),
        ("GET", "/api/exports/٣", {}, 404, "not_found"),
        ("GET", f"/api/reports/{'x' * 9000}", {}, 404, "not_found"),
        ("GET", "/api/reports/%00", {}, 404, "not_found"),
        ("GET", "/api/session%0a", {}, 404, "not_found"),
        ("GET", "/api/%0asession", {}, 404, "not_found"),
        ("GET", "/api/reports/%ff", {}, 404, "not_found"),
        ("GET", "/api/reports/%2e%2e", {}, 404, "not_found"),
        ("GET", "/api/reports/..%2fexports", {}, 404, "not_found"),
        ("OPTIONS", "/api/session", {}, 405, "not_allowed"),
        ("GET", "/api/exports?limit=101", {}, 422, "invalid"),
        ("GET", "/api/exports?limit=0", {}, 422, "invalid"),
        ("GET", "/api/exports?sort=id;drop", {}, 422, "invalid"),
        ("GET", "/api/exports?status=gone", {}, 422, "invalid"),
        ("GET", f"/api/exports?q={'x' * 201}", {}, 422, "invalid"),
        ("GET", f"/api/reports?cursor={'x' * 4097}", {}, 422, "invalid"),
        ("GET", "/api/creators?of=everybody", {}, 422, "invalid"),
        ("POST", "/api/reports/x/stop", {"json": {"force": True}}, 422, "invalid"),
        ("POST", "/api/reports/x/windows", {"json": {"first": "0001-01-01", "last": "0001-01-02"}}, 422, "invalid"),
        ("POST", "/api/reports/x/windows", {"json": {"first": "9999-12-30", "last": "9999-12-31"}}, 422, "invalid"),
        ("POST", "/api/drafts/describe", {"json": []}, 422, "invalid"),
        ("POST", "/api/drafts/describe", {"json": {"name": ""}}, 422, "invalid"),
        ("POST", "/api/drafts/describe", {"content": b"{"}, 415, "unsupported_media_type"),
        ("POST", "/api/drafts/describe", {"json": {"name": "x" * 70_000}}, 413, "too_large"),
    ],
)
def test_every_refusal_has_the_one_shape(
    app: FastAPI, registry: Registry, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(app, method, path, ADA, **more)
    if method == "HEAD":
        assert answer.status_code == status
        return
    error = error_in(answer)
    assert (error["status"], error["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


def test_a_wrong_method_is_told_all_of_the_right_ones(app: FastAPI) -> None:
    assert ask(app, "OPTIONS", "/api/reports", ADA).headers["allow"] == "GET, POST"
    assert ask(app, "OPTIONS", "/api/exports/1/download", ADA).headers["allow"] == "GET, HEAD"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ['{"\\ud800": 1}', '{"report_type": "\\ud800"}', '{"filters": {"\\ud800": 1}}'])
def test_half_a_surrogate_pair_is_refused_and_not_looked_at_for_ever(
    app: FastAPI, registry: Registry, text: str
) -> None:
    for who, status in ((ADA, 422), (caller(), 403)):
        answer = ask(
            app, "POST", "/api/drafts/describe", who, content=text, headers={"Content-Type": "application/json"}
        )
        assert error_in(answer)["status"] == status


def test_a_draft_in_words(app: FastAPI, registry: Registry) -> None:
    answer = ask(app, "POST", "/api/drafts/describe", ADA, json=DEFINITION)
    assert answer.status_code == 200
    assert answer.json().keys() == {"sentence", "window", "as_of", "upcoming"}
    assert answer.json()["sentence"].startswith("Wallet Transactions: ")
    daily = {"frequency": {"interval": "daily"}, "date_range": None, "delivery": [BUCKET]}
    assert len(ask(app, "POST", "/api/drafts/describe", ADA, json=DEFINITION | daily).json()["upcoming"]) == 3


def test_the_example_of_the_description_is_a_definition(app: FastAPI, registry: Registry) -> None:
    (example,) = DefinitionBody.model_json_schema()["examples"]
    assert ask(app, "POST", "/api/drafts/describe", ADA, json=example).status_code == 200


def test_the_description_has_the_keys_of_a_definition(description: dict[str, Any]) -> None:
    body = description["components"]["schemas"]["DefinitionBody"]
    assert body["properties"].keys() == DefinitionForm.model_fields.keys() - {"id", "owner"}


def test_the_description_has_the_words_of_every_enum_that_people_see(description: dict[str, Any]) -> None:
    labels = {
        name: each["x-labels"] for name, each in description["components"]["schemas"].items() if "x-labels" in each
    }
    assert labels.keys() == {"ExportStatus", "ReportStatus", "Interval", "Frequency"}
    assert labels["Frequency"] == {"one_time": "One Time", "daily": "Daily", "weekly": "Weekly"}


BUCKET = {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}


def test_the_form_shows_what_the_caller_may_see(app: FastAPI, registry: Registry) -> None:
    form = ask(app, "GET", "/api/form", ADA).json()
    assert {each["may_create"] for each in form["report_types"]} == {True}
    assert {each["may_create"] for each in ask(app, "GET", "/api/form", caller()).json()["report_types"]} == {False}
    nothing = ask(app, "GET", "/api/form", nobody()).json()
    assert (nothing["report_types"], nothing["promotion_types"], nothing["broken"]) == ([], [], [])


def test_a_destination_that_is_registered_in_this_process_is_offered_and_taken(
    app: FastAPI, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever in the package knew the kinds by their names would leave it out, or refuse it."""
    memory_destination.register(monkeypatch)
    account = registry.settings.account
    account.write_text(
        f"{account.read_text()}  - {{partner: memory, bucket: exports, connection: none, prefix: all}}\n"
    )
    offered = ask(app, "GET", "/api/form", ADA).json()["partners"]
    assert offered[-1] == {
        "id": "memory",
        "label": "This Process",
        "buckets": [
            {"name": "exports", "address": "memory://exports/all", "frequencies": ["one_time", "daily", "weekly"]}
        ],
    }
    tab_separated.register(monkeypatch)
    formats = ask(app, "GET", "/api/form", ADA).json()["formats"]
    assert formats[0] == {"id": "csv", "label": "CSV"}
    assert formats[-1] == {"id": "tsv", "label": "Tab-separated"}
    export = {"partner_export": {"partner": "memory", "bucket": "exports", "prefix": "june"}}
    said = ask(app, "POST", "/api/drafts/describe", ADA, json=DEFINITION | {"delivery": [export, "download"]}).json()
    assert said["sentence"].endswith(", to memory://exports/all/june and Device Storage.")
    refused = ask(app, "POST", "/api/drafts/describe", ADA, json=DEFINITION | {"delivery": [_other_partner(export)]})
    assert f"'memry' is not allowed; did you mean 'memory'? Allowed: {', '.join(partners())}." in refused.text


@pytest.mark.parametrize(
    ("folder", "frequencies"),
    [
        ("{report_id}/{export_id}", ["one_time", "daily", "weekly"]),
        ("{report_id}/dt={start:%Y-%m-%d}", ["daily", "weekly"]),
        ("{report_id}/{start:%G-W%V}", ["weekly"]),
    ],
)
def test_the_form_offers_a_bucket_for_what_is_taken_there(
    app: FastAPI, registry: Registry, folder: str, frequencies: list[str]
) -> None:
    account = registry.settings.account
    connected = "partner: amazon_s3, bucket: lake, connection: none"
    account.write_text(f"{account.read_text()}  - {{{connected}, folder: '{folder}'}}\n")
    partners = {each["id"]: each for each in ask(app, "GET", "/api/form", ADA).json()["partners"]}
    lake = next(each for each in partners["amazon_s3"]["buckets"] if each["name"] == "lake")
    assert lake["frequencies"] == frequencies
    export = {"partner_export": {"partner": "amazon_s3", "bucket": "lake"}}
    once = DEFINITION | {"delivery": [export]}
    recurring = {key: value for key, value in once.items() if key != "date_range"}
    asked = {
        "one_time": once,
        "daily": recurring | {"frequency": {"interval": "daily"}},
        "weekly": recurring | {"frequency": {"interval": "weekly", "delivery_day": "monday"}},
    }
    taken = {key: ask(app, "POST", "/api/drafts/describe", ADA, json=body).status_code for key, body in asked.items()}
    assert [key for key, status in taken.items() if status == 200] == frequencies


def _other_partner(export: dict[str, Any]) -> dict[str, Any]:
    return {"partner_export": export["partner_export"] | {"partner": "memry"}}


def test_a_broken_report_type_is_named_and_left_out(app: FastAPI, registry: Registry) -> None:
    (registry.settings.report_types / "user_errors.yaml").write_text("id: [")
    form = ask(app, "GET", "/api/form", ADA).json()
    assert [each["file"] for each in form["broken"]] == ["user_errors.yaml"]
    assert "user_errors" not in {each["id"] for each in form["report_types"]}


def test_the_session_says_whether_anything_may_be_created(app: FastAPI, registry: Registry) -> None:
    answer = ask(app, "GET", "/api/session", ADA).json()
    assert (answer["user"], answer["may_create"]) == ({"id": "id of ada", "name": "ada"}, True)
    assert answer["timezone"] == "America/New_York"
    assert re.search(r"-0[45]:00$", answer["now"])
    assert ask(app, "GET", "/api/session", caller()).json()["may_create"] is False


def test_choices_are_not_found_without_the_type_and_refused_without_its_right(app: FastAPI, registry: Registry) -> None:
    path = "/api/report-types/wallet_transactions/choices/wallet"
    assert ask(app, "GET", path, nobody()).status_code == 404
    assert ask(app, "GET", path, caller()).status_code == 403
    assert ask(app, "GET", "/api/report-types/nothing/choices/wallet", ADA).status_code == 404
    assert ask(app, "GET", "/api/report-types/wallet_transactions/choices/nothing", ADA).status_code == 404


def test_the_page_is_kept_by_browsers_since_its_address_changes_with_it(app: FastAPI) -> None:
    answer = ask(app, "GET", "/ui/main.js?v=1", caller())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.content) > 1000


@pytest.fixture(scope="module")
def description(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = ask(app, "GET", "/api/openapi.json", caller()).json()
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    paths = description["paths"]
    return [(f"{method} {path}", each) for path, methods in paths.items() for method, each in methods.items()]


def test_every_route_is_described(description: dict[str, Any]) -> None:
    assert len(operations(description)) > 20
    for name, each in operations(description):
        assert each["summary"], name
        assert len(each["description"]) > 20, name


def test_every_refusal_is_described_with_the_one_shape(description: dict[str, Any]) -> None:
    refusals = {"401", "403", "404", "405", "409", "410", "413", "415", "422", "429", "500", "503"}
    for name, each in operations(description):
        assert refusals <= each["responses"].keys(), name
        for status in refusals:
            (content,) = each["responses"][status]["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}, (name, status)
    assert set(description["components"]["schemas"]["Error"]["properties"]) == {
        "status", "code", "reason", "fix", "problems",
    }  # fmt: skip


def test_every_route_takes_a_bearer_token(description: dict[str, Any]) -> None:
    assert all(each["security"] for _, each in operations(description))
