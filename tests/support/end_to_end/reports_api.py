"""The Reports page's API as its users call it: each with his own credential, over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.end_to_end.delivered import Found
from tests.support.end_to_end.live import ALL_TYPES, Live, Run, to, until

CODES = {
    401: {"unauthenticated"},
    403: {"forbidden", "cross_origin"},
    404: {"not_found"},
    405: {"not_editable", "not_allowed"},
    409: {"conflict", "not_ready"},
    410: {"expired", "replaced"},
    413: {"too_large"},
    415: {"unsupported_media_type"},
    416: {"range_not_satisfiable"},
    422: {"invalid"},
    429: {"too_many"},
    503: {"unavailable"},
}
"""What the one error shape says of each status."""


class Caller:
    """One user's calls below /promo-reports; those of nobody where there is no token."""

    def __init__(self, live: Live, name: str, token: str | None = None, **headers: str) -> None:
        self.name = name
        given = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{live.stack.airflow.url}/promo-reports/"
        self.http = httpx.Client(base_url=url, headers={**given, **headers}, timeout=60, trust_env=False)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; what is not a read sends JSON, `{}` where nothing is given."""
        if method not in ("GET", "HEAD", "DELETE") and not {"json", "content"} & options.keys():
            options["json"] = {}
        return self.http.request(method, path.lstrip("/"), **options)

    def call(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """The JSON of an answer of the expected status."""
        answer = self.send(method, path, **options)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None, expect: int = 200) -> Any:
        return self.call("POST", path, expect, json={} if body is None else body)

    def refused(self, status: int, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The error of a refusal of the expected status."""
        answer = self.send(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return error_of(answer.status_code, answer.content)

    def create(self, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """The export or the report that a definition becomes."""
        headers = {"Idempotency-Key": key} if key else {}
        made = self.call("POST", "api/reports", 201, json=body, headers=headers)
        assert made["message"] == "Report export created"
        (created,) = (each for each in (made["export"], made["report"]) if each)
        return dict(created)

    def export(self, export_id: int) -> dict[str, Any]:
        return dict(self.get(f"api/exports/{export_id}"))

    def ended(self, export_id: int) -> dict[str, Any]:
        """An export once it is not being made any more."""
        path = f"api/exports/{export_id}"
        return dict(until(lambda: (seen := self.get(path))["status"] != "creating" and seen, f"the end of {path}"))

    def created(self, export_id: int) -> dict[str, Any]:
        """An export once it is Created."""
        seen = self.ended(export_id)
        assert seen["status"] == "created", f"{seen['status']}: {seen['failure']}"
        return seen

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        page = self.get(path, limit=100, **params)
        found = list(page["items"])
        while page["next"]:
            page = self.get(path, limit=100, cursor=page["next"], **params)
            found += page["items"]
        assert len(found) == page["total"]
        return found

    def downloaded(self, export_id: int) -> Found:
        """An export's file and its manifest, as the API sends them."""
        shown = self.export(export_id)
        file = self.send("GET", f"api/exports/{export_id}/download")
        manifest = self.send("GET", f"api/exports/{export_id}/manifest")
        assert (file.status_code, manifest.status_code) == (200, 200), (file.text[:500], manifest.text[:500])
        return Found("the API", {"manifest.json": manifest.content, shown["download"]["name"]: file.content}, {})


@dataclass(frozen=True)
class People:
    """Who calls: the roles of Airflow's simple auth manager."""

    nobody: Caller
    viewer: Caller
    user: Caller
    admin: Caller


@contextmanager
def everybody(live: Live) -> Iterator[People]:
    """A caller of each role."""
    names = ("viewer", "user", "admin")
    people = People(Caller(live, "nobody"), *(Caller(live, name, token_of(live, name)) for name in names))
    try:
        yield people
    finally:
        for each in (people.nobody, people.viewer, people.user, people.admin):
            each.http.close()


def token_of(live: Live, user: str) -> str:
    with live.stack.airflow.api(user) as api:
        return api.token()


def error_of(status: int, content: bytes) -> dict[str, Any]:
    """What a refusal says; fails unless it has the one shape and shows nothing of the machine."""
    body = json.loads(content)
    assert list(body) == ["error"]
    error = dict(body["error"])
    assert list(error) == ["status", "code", "reason", "fix", "problems"]
    assert error["status"] == status
    assert error["code"] in CODES[status]
    assert error["reason"]
    assert all(list(problem) == ["path", "message"] for problem in error["problems"])
    assert_plain(content.decode())
    return error


def assert_plain(text: str) -> None:
    """Fail where an answer holds what only its programmers understand."""
    for inner in ("Traceback", "site-packages", 'File \\"', "psycopg2", "sqlalchemy", "Error("):
        assert inner not in text


def run_of(live: Live, export: Mapping[str, Any]) -> Run:
    """Airflow's run behind an export's own page."""
    dags, dag_id, runs, run_id = export["airflow"]["run"].split("/")
    assert (dags, runs) == ("dags", "runs")
    return Run(live, dag_id, run_id)


def transactions(name: str, wallet: str, **more: Any) -> dict[str, Any]:
    """All transactions of a wallet in October 2026, once, for download."""
    return {
        "name": name,
        "report_type": "wallet_transactions",
        "filters": {"wallet": wallet, "transaction_type": list(ALL_TYPES)},
        "frequency": "one_time",
        "date_range": {"first": "2026-10-01", "last": "2026-10-31"},
        "delivery": ["download"],
        **more,
    }


def ledger(name: str, wallet: str) -> dict[str, Any]:
    """A snapshot of a wallet's balances, for download."""
    return {
        "name": name,
        "report_type": "user_ledger_summary",
        "filters": {"wallet": wallet},
        "frequency": "one_time",
        "delivery": ["download"],
    }


def daily(name: str, wallet: str, *delivery: Any, **more: Any) -> dict[str, Any]:
    """All transactions of a wallet, every day from a day that no test lives to see."""
    body = transactions(name, wallet, frequency={"interval": "daily"}, delivery=list(delivery or [to("bi-exports")]))
    del body["date_range"]
    return {**body, "starts_on": "2199-01-01", **more}


def cells(live: Live, sql: str) -> list[list[str | None]]:
    """The header and the rows of a query as COPY writes them; None is NULL."""
    output = io.StringIO()
    with live.promo() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER, NULL '(null)')", output)
    rows = csv.reader(io.StringIO(output.getvalue(), newline=""), strict=True)
    return [[None if cell == "(null)" else cell for cell in row] for row in rows]
