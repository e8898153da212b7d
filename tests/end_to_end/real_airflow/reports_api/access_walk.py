"""Every route, as nobody, viewer, user and admin: what each may do, and that what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.end_to_end.live import Live, until
from tests.support.end_to_end.reports_api import Caller, People, daily, error_of, transactions
from tests.support.end_to_end.shared_exports import Made

PAST = {"first": "2026-10-31", "last": "2026-11-02"}
FUTURE = {"first": "2198-01-01", "last": "2198-01-02"}
DRAFT = transactions("Draft", "fuel-points")


class Route(NamedTuple):
    """The status for a viewer, and for those who may write: user and admin; `operator` is another one of an admin."""

    viewer: int
    writer: int
    body: Any = None
    operator: int | None = None


WALK = {
    "GET /ui/main.js": Route(200, 200),
    "GET /api/openapi.json": Route(200, 200),
    "GET /api/session": Route(200, 200),
    "GET /api/form": Route(200, 200),
    # Only those who may create a report need what the promo database can be asked for.
    "GET /api/report-types/{report_type}/choices/{filter_name}": Route(403, 200),
    "POST /api/drafts/describe": Route(403, 200, DRAFT),
    "POST /api/drafts/preview": Route(403, 200, DRAFT),
    "POST /api/drafts/estimate": Route(403, 200, DRAFT),
    "GET /api/creators": Route(200, 200),
    "GET /api/exports": Route(200, 200),
    "GET /api/exports/{export_id}": Route(200, 200),
    "GET /api/exports/{export_id}/download": Route(200, 200),
    "HEAD /api/exports/{export_id}/download": Route(200, 200),
    "GET /api/exports/{export_id}/manifest": Route(200, 200),
    # The export is Created: there is nothing to retry or to cancel.
    "POST /api/exports/{export_id}/retry": Route(403, 409),
    "POST /api/exports/{export_id}/cancel": Route(403, 409),
    "POST /api/reports": Route(403, 201, daily("Walked", "fuel-points")),
    "GET /api/reports": Route(200, 200),
    "GET /api/reports/{report_id}": Route(200, 200),
    "PUT /api/reports/{report_id}": Route(405, 405, daily("Edited", "fuel-points")),
    "PATCH /api/reports/{report_id}": Route(405, 405, {"name": "Edited"}),
    "POST /api/reports/{report_id}/windows": Route(403, 200, PAST),
    # These days have not ended.
    "POST /api/reports/{report_id}/backfill": Route(403, 422, FUTURE),
    "POST /api/reports/{report_id}/stop": Route(403, 200),
    "POST /api/reports/{report_id}/resume": Route(403, 200),
    "DELETE /api/reports/{report_id}": Route(403, 200),
    "GET /api/destinations": Route(403, 403, operator=200),
    "POST /api/destinations/{destination_id}/check": Route(403, 403, operator=200),
}
UNDESCRIBED = {"GET /ui/main.js", "GET /api/openapi.json", "HEAD /api/exports/{export_id}/download"}


class TestReportsApiAccess:
    @pytest.fixture(scope="class")
    @classmethod
    def ids(cls, made: Made, people: People) -> Iterator[dict[str, Any]]:
        """What the routes' parameters stand for: an export that is Created, and a report."""
        report = people.user.create(daily("Walked over", "fuel-points"))
        yield {
            "export_id": made.id("days"),
            "report_id": report["id"],
            "report_type": "wallet_transactions",
            "filter_name": "wallet",
            "destination_id": "download",
        }
        people.user.call("DELETE", f"api/reports/{report['id']}")

    def test_every_route_is_decided_here(self, people: People) -> None:
        described = {
            f"{method.upper()} {path}"
            for path, methods in people.viewer.get("api/openapi.json")["paths"].items()
            for method in methods
        }
        assert described | UNDESCRIBED == set(WALK)

    @pytest.mark.parametrize("route", WALK)
    def test_nobody_gets_nothing(self, people: People, ids: dict[str, Any], route: str) -> None:
        answer = walk(people.nobody, route, ids)
        assert answer.status_code == 401
        if not route.startswith("HEAD"):
            assert error_of(401, answer.content)["code"] == "unauthenticated"

    @pytest.mark.parametrize("route", WALK)
    def test_a_viewer_reads(self, people: People, ids: dict[str, Any], route: str) -> None:
        answer = walk(people.viewer, route, ids)
        assert answer.status_code == WALK[route].viewer
        if answer.status_code == 403:
            error = error_of(403, answer.content)
            assert (error["code"], error["reason"][:12]) == ("forbidden", "You may not ")

    def test_what_a_viewer_asks_for_changes_nothing(self, live: Live, people: People, ids: dict[str, Any]) -> None:
        path = f"api/reports/{ids['report_id']}"
        until(lambda: not people.viewer.get(path)["pending"], "Airflow to know the report")
        before = everything(live, people)
        refused = [route for route, expected in WALK.items() if expected.viewer in (403, 405)]
        assert len(refused) > 8
        for route in refused:
            # Nor does a parameter that Airflow's own routes look at.
            params = {"dag_id": "promo_reports.type.wallet_summary"}
            answer = walk(people.viewer, route, ids, params=params, headers={"Idempotency-Key": "of a viewer"})
            assert answer.status_code == WALK[route].viewer
        assert everything(live, people) == before

    @pytest.mark.parametrize("name", ["user", "admin"])
    def test_who_may_write_does(self, people: People, ids: dict[str, Any], name: str) -> None:
        caller: Caller = getattr(people, name)
        own = {**ids, "report_id": caller.create(daily(f"Of {name}", "fuel-points"))["id"]}
        found = {route: walk(caller, route, own).status_code for route in WALK}
        operates = name == "admin"
        assert found == {
            route: expected.operator if operates and expected.operator else expected.writer
            for route, expected in WALK.items()
        }

    def test_a_read_says_the_same_whatever_dag_is_named(self, people: People, ids: dict[str, Any]) -> None:
        reads = [route for route, each in WALK.items() if each.viewer == 200 and not route.endswith("/session")]
        # Airflow has its own time of creation for a report, which orders the list once its DAG is there.
        until(lambda: not any(each["pending"] for each in people.viewer.all("api/reports")), "the DAGs of all reports")
        for route in reads:
            plain, named = (
                walk(people.viewer, route, ids, params=params) for params in ({}, {"dag_id": "promo_reports.retention"})
            )
            assert (named.status_code, named.content) == (200, plain.content), route


def walk(caller: Caller, route: str, ids: dict[str, Any], **options: Any) -> Any:
    method, _, path = route.partition(" ")
    body = WALK[route].body
    return caller.send(method, path.format(**ids), **({"json": body} if body is not None else {}), **options)


def everything(live: Live, people: People) -> Any:
    """What the two lists show, and every file of the store."""
    store = live.stack.data_dir / "created"
    files = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert files
    return people.admin.all("api/exports"), people.admin.all("api/reports"), files
