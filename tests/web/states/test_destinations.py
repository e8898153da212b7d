"""Checks of destinations through the API: for operators alone, written down, one at a time, in bounded time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from devstack.s3 import S3Server
from promo_reports.delivery import destination_check
from tests.support.delivery.exports import connect_airflow
from tests.support.web.airflow_app import AirflowApp

BI = "amazon_s3:bi-exports"


@pytest.fixture
def in_s3(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The bucket of the account, with its connection."""
    connect_airflow(monkeypatch, s3.endpoint_url, "bi_exports_s3")
    client = s3.client()
    client.create_bucket(Bucket="bi-exports")
    yield client
    client.delete_bucket(Bucket="bi-exports")  # which it refuses while anything is in it


def ask(app: AirflowApp, method: str, path: str, role: str = "op", name: str = "olga") -> httpx.Response:
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    answer: httpx.Response = app.client(name, role).request(method, f"/promo-reports/api{path}", **body)
    return answer


def test_an_operator_sees_every_destination(app: AirflowApp) -> None:
    found = ask(app, "GET", "/destinations").json()["items"]
    assert [(each["id"], each["label"], each["connection"]) for each in found] == [
        ("download", "Device Storage", None),
        (BI, "Amazon S3", "bi_exports_s3"),
    ]
    assert found[1]["address"] == "s3://bi-exports/promo-reports"


@pytest.mark.parametrize(("role", "operates"), [("viewer", False), ("user", False), ("op", True), ("admin", True)])
def test_operators_are_those_who_may_test_connections(app: AirflowApp, role: str, operates: bool) -> None:
    assert ask(app, "GET", "/session", role).json()["may_check_destinations"] is operates
    asked = [("GET", "/destinations"), ("POST", "/destinations/download/check"), ("POST", "/destinations/none/check")]
    statuses = [ask(app, *each, role).status_code for each in asked]
    assert statuses == ([200, 200, 404] if operates else [403, 403, 403])


def test_a_check_tells_each_step_and_is_written_down(app: AirflowApp, in_s3: Any) -> None:
    answer = ask(app, "POST", f"/destinations/{BI}/check").json()
    assert (answer["id"], answer["ok"], {each["state"] for each in answer["steps"]}) == (BI, True, {"ok"})
    assert [each["name"] for each in answer["steps"]] == ["list", "write", "read", "replace", "upload", "delete"]
    assert "Contents" not in in_s3.list_objects_v2(Bucket="bi-exports")
    (entry,) = (
        each
        for each in app.airflow("GET", "/eventLogs?event=promo_reports.check_destination").json()["event_logs"]
        if BI in each["extra"]
    )
    assert (entry["owner"], json.loads(entry["extra"])) == ("olga", {"destination": BI})


def test_a_problem_is_an_answer_and_no_error(app: AirflowApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_BI_EXPORTS_S3", raising=False)
    answer = ask(app, "POST", f"/destinations/{BI}/check")
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    first, *others = answer.json()["steps"]
    assert (first["name"], first["state"]) == ("list", "problem")
    assert first["sentence"].startswith("There is no Airflow connection 'bi_exports_s3'.")
    assert {each["state"] for each in others} == {"not checked"}


def test_one_person_runs_one_check_and_a_destination_has_one_at_a_time(
    app: AirflowApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    running: list[str] = []

    def wait(check: Any, seconds: float = 0) -> None:
        running.append("begun")
        begun.set()
        assert goes_on.wait(60)
        running.append("ended")

    monkeypatch.setattr(destination_check.DestinationCheck, "run", wait)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, app, "POST", "/destinations/download/check")
        assert begun.wait(60)
        mine = ask(app, "POST", f"/destinations/{BI}/check")
        assert (mine.status_code, mine.json()["error"]["code"]) == (429, "too_many")
        second = pool.submit(ask, app, "POST", "/destinations/download/check", "op", "otto")
        assert not second.done()
        goes_on.set()
        assert [first.result(60).status_code, second.result(60).status_code] == [200, 200]
    assert running == ["begun", "ended", "begun", "ended"]
