"""The life of a recurring report that is created through the API: scheduled, stopped, resumed, backfilled, deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import (
    ALL_TYPES,
    BUCKET,
    ZONE,
    Live,
    log_of,
    long_ago_today,
    midnight,
    moment,
    notice_the_end,
    to,
    until,
)
from tests.support.end_to_end.reports_api import People, daily

DAYS = {"first": "2026-10-31", "last": "2026-11-02"}
MIDNIGHTS = [midnight(each) for each in ("2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03")]
BODY = daily("Recurring, hourly", "hourly", "download", to(BUCKET, "life"))
del BODY["starts_on"]


class TestReportsApiRecurringLife:
    """One report; the tests are its life, in order."""

    @pytest.fixture(scope="class")
    @classmethod
    def body(cls) -> dict[str, Any]:
        """It is delivered in twelve hours: no test lives to see it."""
        return {**BODY, "frequency": {"interval": "daily", "delivery_time": long_ago_today()}}

    @pytest.fixture(scope="class")
    @classmethod
    def report(cls, people: People, body: dict[str, Any]) -> dict[str, Any]:
        """What was answered at once."""
        report = people.user.create(body)
        (listed,) = people.viewer.all("api/reports", q="Recurring, hourly")
        assert listed == {key: value for key, value in report.items() if key in listed} | {"actions": []}
        return report

    @pytest.fixture(scope="class")
    @classmethod
    def path(cls, report: dict[str, Any]) -> str:
        return f"api/reports/{report['id']}"

    @pytest.fixture(scope="class")
    @classmethod
    def dag_id(cls, live: Live, report: dict[str, Any]) -> str:
        dag_id = f"promo_reports.report.{report['id']}"
        live.api.wait_for_dag(dag_id)
        return dag_id

    @pytest.fixture(scope="class")
    @classmethod
    def backfilled(cls, people: People, path: str, dag_id: str) -> list[dict[str, Any]]:
        """The exports of three past days, ended, oldest window first."""
        planned = people.user.post(f"{path}/windows", DAYS)
        assert planned["unfinished"] == 0
        assert [each["export"] for each in planned["windows"]] == [None] * 3
        started = people.user.post(f"{path}/backfill", {**DAYS, "again": False}, 202)
        assert (started["windows"], started["message"]) == (3, "Export of 3 past windows started")
        more = {**DAYS, "first": "2026-10-01"}
        error = people.user.refused(409, "POST", f"{path}/backfill", json={**more, "again": True})
        assert error["reason"] == "Past windows of this report are being exported already."
        made = until(lambda: len(found := exports(people, path)) == 3 and found, "the exports of the backfill")
        ended = [people.user.created(each["id"]) for each in made]
        return sorted(ended, key=lambda each: moment(each["window"]["start"]))

    def test_it_is_listed_at_once(self, report: dict[str, Any]) -> None:
        assert (report["status"], report["pending"], report["stopped"]) == ("active", True, None)
        assert (report["origin"], report["created_by"], report["frequency"]) == ("page", "user", "daily")
        assert report["report_type"] == {"id": "wallet_transactions", "label": "Wallet Transactions"}
        assert report["promotion_type"] == {"id": "loyalty_wallet", "label": "Loyalty Wallet"}
        assert (report["last_export"], report["actions"]) == (None, ["stop", "delete", "duplicate"])

    def test_airflow_schedules_it(self, live: Live, people: People, path: str, dag_id: str, report: Any) -> None:
        seen = until(lambda: not (found := people.user.get(path))["pending"] and found, "Airflow to know it")
        due = moment(live.dag(dag_id)["next_dagrun_run_after"])
        assert moment(seen["next_delivery"]) == moment(report["next_delivery"]) == due
        assert timedelta(hours=11) < due - datetime.now(ZONE) < timedelta(hours=13)
        assert seen["upcoming"][0]["due"] == seen["next_delivery"]
        assert seen["actions"] == ["stop", "delete", "backfill", "duplicate"]
        assert (seen["name"], seen["created_by"], seen["created_at"]) == tuple(
            report[key] for key in ("name", "created_by", "created_at")
        )

    def test_a_duplicate_says_the_same_again(self, people: People, path: str, body: dict[str, Any]) -> None:
        definition = people.user.get(path)["definition"]
        sources = ["cashback_coupon", "system", "api", "promo_campaign", "manual"]
        assert definition == {**body, "filters": {**body["filters"], "transaction_source": sources}}
        people.user.post("api/drafts/describe", definition)

    def test_it_is_stopped_and_resumed(self, live: Live, people: People, path: str, dag_id: str) -> None:
        due = live.dag(dag_id)["next_dagrun_run_after"]
        stopped = people.user.post(f"{path}/stop")
        assert (stopped["status"], stopped["stopped"]["how"], stopped["stopped"]["by"]) == (
            "stopped",
            "stopped",
            "user",
        )
        assert (stopped["next_delivery"], stopped["upcoming"]) == (None, [])
        assert stopped["actions"] == ["resume", "delete", "backfill", "duplicate"]
        assert people.user.post(f"{path}/stop")["history"] == stopped["history"]
        until(lambda: live.dag(dag_id)["next_dagrun_run_after"] is None, "no next run")
        assert live.dag(dag_id)["is_paused"] is False
        assert [each["id"] for each in people.viewer.all("api/reports", status="stopped", q="Recurring, h")] == [
            stopped["id"]
        ]

        resumed = people.admin.post(f"{path}/resume")
        assert (resumed["status"], resumed["stopped"]) == ("active", None)
        assert [(each["what"], each["by"]) for each in resumed["history"]] == [
            ("stopped", "user"),
            ("resumed", "admin"),
        ]
        until(lambda: live.dag(dag_id)["next_dagrun_run_after"] == due, "the same next run")

    def test_past_windows_tile_over_the_day_of_25_hours(self, people: People, path: str) -> None:
        planned = people.user.post(f"{path}/windows", DAYS)["windows"]
        assert [each["window"]["start"] for each in planned] == MIDNIGHTS[:-1]
        assert [each["window"]["end"] for each in planned] == MIDNIGHTS[1:]
        ahead = {
            "first": f"{datetime.now(ZONE):%Y-%m-%d}",
            "last": f"{datetime.now(ZONE) + timedelta(days=2):%Y-%m-%d}",
        }
        future = people.user.post(f"{path}/windows", ahead)
        assert (future["windows"], future["unfinished"]) == ([], 3)

    def test_past_windows_are_exported(self, live: Live, people: People, backfilled: list[dict[str, Any]]) -> None:
        for each, start, end in zip(backfilled, MIDNIGHTS, MIDNIGHTS[1:], strict=False):
            assert (each["window"]["start"], each["window"]["end"], each["trigger"]) == (start, end, "backfill")
            assert each["name"] == "Recurring, hourly"
            rows = live.csv(expected.wallet_transactions("hourly", start, end, ALL_TYPES))
            check(people.viewer.downloaded(each["id"]), rows, totals=["points"], time="occurred_at")
            assert [destination["delivered"] for destination in each["destinations"]] == [True, True]
            once = each["definition"]
            assert (once["frequency"], once["date_range"]) == ("one_time", {"start": start, "end": end})
            people.user.post("api/drafts/describe", once)

    def test_what_was_exported_is_marked_and_left_out(
        self, live: Live, people: People, path: str, dag_id: str, backfilled: list[dict[str, Any]]
    ) -> None:
        marked = people.user.post(f"{path}/windows", DAYS)["windows"]
        assert [each["export"] for each in marked] == [{"id": each["id"], "status": "created"} for each in backfilled]
        before = exports(people, path)
        notice_the_end(live, dag_id)
        error = people.user.refused(409, "POST", f"{path}/backfill", json={**DAYS, "again": False})
        assert error["reason"] == "All windows of these days were exported already."
        assert exports(people, path) == before

    def test_again_it_is_exported_again(
        self, live: Live, people: People, path: str, dag_id: str, backfilled: list[dict[str, Any]]
    ) -> None:
        middle = backfilled[1]
        day = {"first": "2026-11-01", "last": "2026-11-01"}
        notice_the_end(live, dag_id)
        assert people.user.post(f"{path}/backfill", {**day, "again": True}, 202)["windows"] == 1

        def again() -> Any:
            seen = people.user.export(middle["id"])
            return seen["attempt"] == 2 and seen["status"] == "created" and seen

        seen = until(again, "the second export of one window")
        assert seen["files"] == middle["files"]
        assert seen["started_at"] > middle["started_at"]
        assert [people.user.export(each["id"])["attempt"] for each in backfilled] == [1, 2, 1]
        assert len(exports(people, path)) == 3

    def test_it_is_deleted_and_its_exports_stay(
        self, live: Live, people: People, path: str, dag_id: str, report: Any, backfilled: list[dict[str, Any]]
    ) -> None:
        deleted = people.user.call("DELETE", path)
        assert (deleted["status"], deleted["stopped"]["how"], deleted["stopped"]["by"]) == (
            "stopped",
            "deleted",
            "user",
        )
        assert deleted["actions"] == ["duplicate"]
        assert people.user.call("DELETE", path)["history"] == deleted["history"]
        assert [each["id"] for each in people.viewer.all("api/reports", q="Recurring, hourly")] == [report["id"]]
        error = people.user.refused(409, "POST", f"{path}/resume")
        assert error["reason"] == "A deleted report cannot be resumed."
        until(lambda: live.dag(dag_id)["next_dagrun_run_after"] is None, "no next run")
        assert {each["id"] for each in exports(people, path)} == {each["id"] for each in backfilled}
        for each in backfilled:
            found = people.viewer.downloaded(each["id"])
            assert found.manifest["rows"] == each["rows"]
        assert people.user.get(path)["last_export"]["status"] == "created"

    def test_the_audit_log_knows_who_did_what(self, live: Live, dag_id: str) -> None:
        events = {
            event: {each["owner"] for each in log_of(live, dag_id, f"promo_reports.{event}")}
            for event in ("create", "stop", "resume", "delete")
        }
        assert events == {"create": {"user"}, "stop": {"user"}, "resume": {"admin"}, "delete": {"user"}}


def exports(people: People, path: str) -> list[dict[str, Any]]:
    """The exports of a report, as everybody may see them."""
    return people.viewer.all("api/exports", report=path.rpartition("/")[2])
