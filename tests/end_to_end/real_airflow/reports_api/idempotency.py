"""Idempotency-Key: the same request is one report however often it is sent (reliability, P13)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.end_to_end.live import Live
from tests.support.end_to_end.reports_api import Caller, People, daily, transactions

DAG_ID = "promo_reports.type.wallet_transactions"
THREADS = 8


class TestReportsApiIdempotency:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def held(cls, live: Live, people: People) -> Iterator[None]:
        """The DAG is paused, so that no export costs time, and all are cancelled at the end."""
        live.api.wait_for_dag(DAG_ID)
        live.api.set_paused(DAG_ID, paused=True)
        try:
            yield
            for each in people.admin.all("api/exports", status="creating", q="Key, "):
                people.admin.post(f"api/exports/{each['id']}/cancel")
        finally:
            live.api.set_paused(DAG_ID, paused=False)

    @pytest.fixture
    def body(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return transactions(f"Key, {request.node.name}", "fuel-points", date_range="today")

    def test_the_same_request_again_is_the_same_export(self, people: People, body: dict[str, Any]) -> None:
        first, again = (people.user.create(body, key="again") for _ in range(2))
        assert first["id"] == again["id"]
        assert first["window"] == again["window"]
        assert first["waiting"] == "It is paused in Airflow, and goes on when somebody resumes it there."
        assert exports_named(people, body) == [first["id"]]
        reordered = dict(reversed(list(body.items())))
        assert people.user.create(reordered, key="again")["id"] == first["id"]

    def test_another_request_is_refused(self, people: People, body: dict[str, Any]) -> None:
        first = people.user.create(body, key="other")
        for other in ({**body, "date_range": "yesterday"}, daily(body["name"], "fuel-points")):
            error = people.user.refused(409, "POST", "api/reports", json=other, headers={"Idempotency-Key": "other"})
            assert error["code"] == "conflict"
            assert error["reason"] == "This Idempotency-Key was used for another report."
        assert exports_named(people, body) == [first["id"]]

    def test_a_mistake_takes_no_key(self, people: People, body: dict[str, Any]) -> None:
        headers = {"Idempotency-Key": "mistaken"}
        people.user.refused(422, "POST", "api/reports", json={**body, "delivery": []}, headers=headers)
        people.user.create(body, key="mistaken")

    def test_two_users_may_use_the_same_key(self, people: People, body: dict[str, Any]) -> None:
        made = [caller.create(body, key="of two") for caller in (people.user, people.admin)]
        assert [each["created_by"] for each in made] == ["user", "admin"]
        assert sorted(exports_named(people, body)) == [each["id"] for each in made]

    def test_without_a_key_each_request_is_an_export(self, people: People, body: dict[str, Any]) -> None:
        made = at_once(people.user, body, keys=[None] * 3)
        assert len({each["id"] for each in made}) == 3

    def test_at_the_same_time_it_is_one_export(self, people: People, body: dict[str, Any]) -> None:
        made = at_once(people.user, body, keys=["at once"] * THREADS)
        assert {each["id"] for each in made} == set(exports_named(people, body))
        assert len({each["id"] for each in made}) == 1

    def test_at_the_same_time_it_is_one_recurring_report(self, live: Live, people: People) -> None:
        body = daily("Key, recurring", "fuel-points")
        made = at_once(people.user, body, keys=["recurring at once"] * THREADS)
        assert people.user.create(body, key="recurring at once")["id"] == made[0]["id"]
        (report_id,) = {each["id"] for each in made}
        assert files_of(live, "key_recurring") == [f"{report_id}.yaml"]
        other = {**body, "delivery": [*body["delivery"], "download"]}
        people.user.refused(409, "POST", "api/reports", json=other, headers={"Idempotency-Key": "recurring at once"})
        people.user.call("DELETE", f"api/reports/{report_id}")

    def test_recurring_reports_of_the_same_name_are_all_kept(self, live: Live, people: People) -> None:
        bodies = [daily("Key, namesakes", wallet) for wallet in ("fuel-points", "fresh", "hourly")]
        made = [people.user.create(body, key=key) for body, key in zip(bodies, (None, None, "third"), strict=True)]
        wallets = [people.user.get(f"api/reports/{each['id']}")["definition"]["filters"]["wallet"] for each in made]
        assert wallets == ["fuel-points", "fresh", "hourly"]
        assert len(files_of(live, "key_namesakes")) == 3
        for each in made:
            people.user.call("DELETE", f"api/reports/{each['id']}")


def at_once(caller: Caller, body: dict[str, Any], keys: list[str | None]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(lambda key: caller.create(body, key=key), keys))


def exports_named(people: People, body: dict[str, Any]) -> list[int]:
    return [each["id"] for each in people.viewer.all("api/exports", q=body["name"])]


def files_of(live: Live, slug: str) -> list[str]:
    """Definitions in the store whose id begins so."""
    return [path.name for path in (live.stack.data_dir / "created" / "definitions").glob(f"{slug}-*.yaml")]
