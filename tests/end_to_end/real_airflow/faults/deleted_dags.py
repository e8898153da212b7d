"""DAGs that somebody deletes in Airflow, with all of their runs: they come back, and deliver nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from devstack.airflow_client import AirflowClient
from promo_reports.definitions.registry import Registry
from promo_reports.settings import Settings
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, SOON, Live, long_ago_today, moment, to, until
from tests.support.end_to_end.reports_api import People

REPORT_ID = "deleted_in_airflow"
DAG_ID = f"promo_reports.report.{REPORT_ID}"
DEFINITION: dict[str, Any] = {
    "name": "Deleted in Airflow",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "fresh", "transaction_type": list(ALL_TYPES)},
    "delivery": [to(BUCKET)],
}


def delete(live: Live, dag_id: str) -> None:
    """What Airflow's own Delete does; it goes through all tables."""
    setup = live.stack.airflow.setup
    login = setup.auth.logins["admin"]
    with AirflowClient(live.stack.airflow.url, "admin", login.password, timeout=SOON) as api:
        api.call("DELETE", f"/dags/{quote(dag_id)}")


class TestDeletedDags:
    def test_a_report_in_git_stays_on_the_page_and_its_dag_comes_back(self, live: Live, people: People) -> None:
        """Its file is the same as before, and Airflow parses it again after a day at the earliest."""
        path = live.register(REPORT_ID, **DEFINITION, frequency={"interval": "daily"}, starts_on="2199-01-01")
        live.api.wait_for_dag(DAG_ID)
        before = people.user.get(f"api/reports/{REPORT_ID}")
        delete(live, DAG_ID)
        seen = people.user.get(f"api/reports/{REPORT_ID}")
        assert (seen["name"], seen["status"], seen["origin"]) == ("Deleted in Airflow", "active", "git")
        assert seen["next_delivery"] == before["next_delivery"]
        if seen["pending"]:  # unless it is back already
            assert seen["pending_reason"].startswith("Its DAG was deleted in Airflow by admin on ")
            assert seen["pending_reason"].endswith(" It is registered again. That takes some seconds.")
        assert [each["name"] for each in people.viewer.get("api/reports", q="Deleted in Airflow")["items"]] == [
            "Deleted in Airflow"
        ]
        live.api.wait_for_dag(DAG_ID)
        assert people.user.get(f"api/reports/{REPORT_ID}") == before | {
            "created_at": people.user.get(f"api/reports/{REPORT_ID}")["created_at"]
        }
        path.unlink()

    def test_what_was_delivered_before_is_not_delivered_again(self, live: Live) -> None:
        """A created report's schedule begins when it was created, and no run of it is left to go on from."""
        now = datetime.now(UTC)
        registry = Registry(Settings.from_environment(live.stack.airflow.environment))
        frequency = {"interval": "daily", "delivery_time": long_ago_today()}
        body = {**DEFINITION, "id": "deleted_created", "frequency": frequency}
        definition = registry.create(body, by="admin", at=now - timedelta(hours=30))
        dag_id = f"promo_reports.report.{definition.id}"
        live.first_run(dag_id).succeed()
        delete(live, dag_id)
        live.api.wait_for_dag(dag_id)
        due = until(lambda: live.dag(dag_id)["next_dagrun_run_after"], "the next run")
        assert moment(due) > now
        assert live.runs(dag_id) == []

    def test_exports_on_demand_go_on(self, live: Live) -> None:
        delete(live, "promo_reports.type.user_ledger_summary")
        run = live.export("user_ledger_summary", "After a deletion", filters={"wallet": "fresh"})
        run.succeed()
