"""A one-time definition in git: runs once, by itself, when it is first registered."""

from __future__ import annotations

from datetime import datetime

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, Live, midnight, until

DAG_ID = "promo_reports.report.october_once"


class TestOneTimeInGit:
    def test_runs_once_for_its_window(self, live: Live) -> None:
        definition = {
            "report_type": "wallet_transactions",
            "filters": {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)},
            "frequency": "one_time",
            "date_range": {"first": "2026-10-20", "last": "2026-11-01"},
            "delivery": ["download"],
        }
        live.register("october_once", name="October, once", **definition)
        run = live.first_run(DAG_ID).succeed()

        start, end = midnight("2026-10-20"), midnight("2026-11-02")
        assert run.window == (datetime.fromisoformat(start), datetime.fromisoformat(end))
        sql = expected.wallet_transactions("grocery-rewards", start, end, ALL_TYPES, description=expected.ESCAPED)
        manifest = check(run.delivered()["file"], live.csv(sql), totals=["points"], time="occurred_at")
        assert manifest["csv_safety"] == "spreadsheet"
        with live.promo() as cursor:
            cursor.execute(
                "SELECT count(*) FROM wallet_transactions WHERE wallet_id = 'grocery-rewards' AND occurred_at >= %s"
                " AND occurred_at < %s AND description IN ('=SUM(A1:A2)', '-10 %% week', '@home')",
                [start, end],
            )
            assert [(manifest["cells_changed"],)] == cursor.fetchall()

        live.register("october_once", name="October, renamed", **definition)
        until(lambda: live.dag(DAG_ID)["dag_display_name"] == "October, renamed", "the new name")
        assert live.dag(DAG_ID)["next_dagrun_run_after"] is None
        assert [each.run_id for each in live.runs(DAG_ID)] == [run.run_id]
