"""Nobody reads or replaces another's export, whatever Airflow's own API lets them name and write.

Whoever may trigger one report type's DAG chooses run ids and names, and may write the XComs and the task state of its
runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.end_to_end.live import ALL_TYPES, BUCKET, Live, Run, to, until
from tests.support.end_to_end.reports_api import Caller, People, everybody

LEDGER, TRANSACTIONS = "promo_reports.type.user_ledger_summary", "promo_reports.type.wallet_transactions"
OCTOBER = {"first": "2026-10-01", "last": "2026-10-31"}
NAMED = {"name": "June audit", "delivery": ["download"]}


def export_id(live: Live, run: Run) -> int:
    sql = "SELECT id FROM dag_run WHERE dag_id = %s AND run_id = %s"
    ((found,),) = live.stack.postgres.execute(sql, [run.dag_id, run.run_id], database="airflow")
    return int(found)


def file_of(caller: Caller, live: Live, run: Run) -> bytes:
    (content,) = caller.downloaded(export_id(live, run)).csvs.values()
    return content


class TestOthersExports:
    @pytest.fixture(scope="class")
    @classmethod
    def people(cls, live: Live) -> Iterator[People]:
        with everybody(live) as people:
            yield people

    @pytest.fixture(scope="class")
    @classmethod
    def victim(cls, live: Live) -> Run:
        """An export whose run id and name the other one takes, too."""
        live.api.wait_for_dag(TRANSACTIONS)
        filters = {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)}
        conf = {**NAMED, "filters": filters, "date_range": OCTOBER, "delivery": ["download", to(BUCKET, "audit")]}
        return Run(live, TRANSACTIONS, live.api.trigger(TRANSACTIONS, conf, dag_run_id="audit")).succeed()

    @pytest.fixture(scope="class")
    @classmethod
    def other(cls, live: Live, victim: Run) -> Run:
        live.api.wait_for_dag(LEDGER)
        conf = {**NAMED, "filters": {"wallet": "grocery-rewards"}}
        return Run(live, LEDGER, live.api.trigger(LEDGER, conf, dag_run_id="audit")).succeed()

    def test_each_downloads_its_own(self, live: Live, people: People, victim: Run, other: Run) -> None:
        assert file_of(people.viewer, live, victim).startswith(b"transaction_id,")
        assert file_of(people.viewer, live, other).startswith(b"user_id,")
        folders = {event["manifest"].split("/")[-3] for run in (victim, other) for event in run.events()}
        assert sorted(name.partition(".")[0] for name in folders) == ["user_ledger_summary", "wallet_transactions"]

    def test_a_forged_handover_delivers_nothing(self, live: Live, victim: Run, other: Run) -> None:
        path = "xcomEntries/return_value"
        own, theirs = (
            live.api.call("GET", f"{run.path}/taskInstances/extract/{path}", params={"deserialize": True})["value"]
            for run in (other, victim)
        )
        before = live.everything_delivered()
        forged = {
            "was not staged by this run": [{**own[0], "staged": theirs[0]["staged"]}],
            "names a destination that this export was not made for": [
                {**own[0], "destination": theirs[1]["destination"]}
            ],
        }
        for said, value in forged.items():
            live.api.call("PATCH", f"{other.path}/taskInstances/extract/{path}", json={"value": value})
            assert other.clear("deliver").wait() == "failed"
            (deliver,) = (each for each in other.tasks() if each["task_id"] == "deliver" and each["map_index"] == 0)
            assert said in other.log("deliver", 0)
            assert deliver["state"] == "failed"
        assert live.everything_delivered() == before
        live.api.call("PATCH", f"{other.path}/taskInstances/extract/{path}", json={"value": own})
        other.clear("deliver").succeed()
        assert live.everything_delivered() == before

    @pytest.mark.parametrize("window_key", ["..", "../..", "as_of_20261001T000000Z", None])
    def test_forged_task_state_leads_to_no_other_file(
        self, live: Live, people: People, victim: Run, other: Run, window_key: str | None
    ) -> None:
        facts = {run: live.api.call("GET", self.state(run, "manifest"))["value"] for run in (victim, other)}
        theirs = facts[victim]
        forged = theirs | {"window_key": window_key if window_key is not None else theirs["window_key"]}
        live.api.call("PUT", self.state(other, "manifest"), json={"value": forged, "expires_at": None})
        try:
            for what in ("download", "manifest"):
                answer = people.user.send("GET", f"api/exports/{export_id(live, other)}/{what}")
                assert answer.status_code in (409, 410), answer.text[:300]
        finally:
            live.api.call("PUT", self.state(other, "manifest"), json={"value": facts[other], "expires_at": None})
        assert file_of(people.viewer, live, other).startswith(b"user_id,")

    def test_a_report_that_loses_its_download_offers_none(self, live: Live, people: People) -> None:
        """Its definition changes and its run is cleared: what was delivered before is no file of this export."""
        definition: dict[str, Any] = {
            "report_type": "wallet_transactions",
            "filters": {"wallet": "grocery-rewards", "transaction_type": ["refund"]},
            "frequency": "one_time",
            "date_range": OCTOBER,
        }
        live.register("changed_once", name="Changed", delivery=[to(BUCKET, "changed"), "download"], **definition)
        run = live.first_run("promo_reports.report.changed_once").succeed()
        number = export_id(live, run)
        before = people.viewer.export(number)
        assert before["download"] is not None
        definition["filters"]["transaction_type"] = list(ALL_TYPES)
        live.register("changed_once", name="Changed since", delivery=[to(BUCKET, "changed")], **definition)
        until(lambda: live.dag(run.dag_id)["dag_display_name"] == "Changed since", "the change")
        run.clear().succeed()
        after = people.viewer.export(number)
        assert after["rows"] > before["rows"]
        assert (after["status"], after["download"], after["manifest"]) == ("created", None, None)
        assert [each["delivered"] for each in after["destinations"]] == [True]
        for what in ("download", "manifest"):
            assert people.viewer.refused(409, "GET", f"api/exports/{number}/{what}")["code"] == "not_ready"

    @staticmethod
    def state(run: Run, key: str) -> str:
        return f"{run.path}/taskInstances/extract/state-store/{quote(key)}"
