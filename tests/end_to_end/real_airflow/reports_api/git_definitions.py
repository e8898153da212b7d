"""Definitions in git as the API shows them: they are stopped and resumed here, but deleted and changed in git alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.end_to_end.live import NEVER_DUE, Live, to, until
from tests.support.end_to_end.reports_api import People

REPORT_ID = "api_git_daily"
DAG_ID = f"promo_reports.report.{REPORT_ID}"
PATH = f"api/reports/{REPORT_ID}"
DEFINITION = {"name": "Daily, in git", **NEVER_DUE}


class TestReportsApiGitDefinitions:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def registered(cls, live: Live) -> Iterator[None]:
        path = live.register(REPORT_ID, **DEFINITION)
        live.api.wait_for_dag(DAG_ID)
        yield
        path.unlink(missing_ok=True)
        until(lambda: live.api.import_errors() == {}, "no import error")

    def test_it_is_listed_with_where_it_comes_from(self, people: People) -> None:
        seen = people.user.get(PATH)
        assert (seen["origin"], seen["status"], seen["pending"]) == ("git", "active", False)
        assert seen["created_by"] == "tests@example.com"
        assert seen["next_delivery"] == "2199-01-01T06:00:00-05:00"
        assert {"key": "source", "label": "Registered in git", "value": f"reports/{REPORT_ID}.yaml"} in seen[
            "configuration"
        ]
        assert seen["actions"] == ["stop", "backfill", "duplicate"]
        (row,) = people.viewer.get("api/reports", q="Daily, in git")["items"]
        assert row == {key: value for key, value in seen.items() if key in row} | {"actions": []}

    def test_it_is_not_deleted_here(self, people: People) -> None:
        error = people.user.refused(422, "DELETE", PATH)
        assert "a definition in git is deleted in git" in error["reason"]
        assert people.user.get(PATH)["status"] == "active"

    def test_it_is_stopped_and_resumed(self, live: Live, people: People) -> None:
        stopped = people.user.post(f"{PATH}/stop")
        assert (stopped["status"], stopped["stopped"]["how"], stopped["stopped"]["by"]) == (
            "stopped",
            "stopped",
            "user",
        )
        assert (stopped["next_delivery"], stopped["actions"]) == (None, ["resume", "backfill", "duplicate"])
        until(lambda: live.dag(DAG_ID)["next_dagrun_run_after"] is None, "no next run")
        resumed = people.user.post(f"{PATH}/resume")
        assert (resumed["status"], resumed["stopped"]) == ("active", None)
        assert [each["what"] for each in resumed["history"]] == ["stopped", "resumed"]

    def test_paused_in_airflow_it_is_stopped(self, live: Live, people: People) -> None:
        live.api.set_paused(DAG_ID, paused=True)
        try:
            seen = people.user.get(PATH)
            assert (seen["status"], seen["stopped"]["how"]) == ("stopped", "paused")
            assert "paused in Airflow" in seen["stopped"]["reason"]
            assert "resume" not in seen["actions"]
        finally:
            live.api.set_paused(DAG_ID, paused=False)
        assert people.user.get(PATH)["status"] == "active"

    def test_broken_it_is_stopped_and_says_why(self, live: Live, people: People) -> None:
        live.register(REPORT_ID, **{**DEFINITION, "delivery": [to("of-somebody-else")]})
        seen = until(lambda: (found := people.user.get(PATH))["stopped"] and found, "the broken one to be Stopped")
        assert (seen["status"], seen["stopped"]["how"]) == ("stopped", "broken")
        assert f"reports/{REPORT_ID}.yaml" in seen["stopped"]["reason"]
        assert "'of-somebody-else' is not a connected bucket" in seen["stopped"]["reason"]
        assert seen["name"] == "Daily, in git"
        listed = people.viewer.all("api/reports", status="stopped", q="Daily, in git")
        assert [each["stopped"]["how"] for each in listed] == ["broken"]

    def test_removed_it_is_stopped(self, live: Live, people: People) -> None:
        live.register(REPORT_ID, **DEFINITION)
        until(lambda: people.user.get(PATH)["status"] == "active", "the repaired one to be Active")
        (live.reports / f"{REPORT_ID}.yaml").unlink()
        seen = until(lambda: (found := people.user.get(PATH))["stopped"] and found, "the removed one to be Stopped")
        assert (seen["status"], seen["stopped"]["how"]) == ("stopped", "removed")
        assert seen["stopped"]["reason"] == "Its definition was removed. Exports that it made stay under One Time."
        assert (seen["name"], seen["next_delivery"]) == ("Daily, in git", None)
        for command in ("stop", "resume"):
            people.user.refused(422, "POST", f"{PATH}/{command}")
