"""Reports created in the store, as the Reports page does: there in seconds, stopped, resumed, their history kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.settings import Settings
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, Live, long_ago_today, moment, to, until

HOUR = timedelta(hours=1)


def created(**more: Any) -> dict[str, Any]:
    """A definition as the page posts it; delivered twelve hours ago, and in twelve hours again."""
    return {
        "name": "Made on the page",
        "report_type": "wallet_transactions",
        "filters": {"wallet": "fresh", "transaction_type": list(ALL_TYPES)},
        "frequency": {"interval": "daily", "delivery_time": long_ago_today()},
        "delivery": [to(BUCKET)],
        **more,
    }


def next_run(live: Live, dag_id: str) -> str | None:
    """When Airflow will run it next."""
    due: str | None = live.dag(dag_id)["next_dagrun_run_after"]
    return due


class TestCreatedReports:
    @pytest.fixture
    def settings(self, live: Live) -> Settings:
        """Those of every process of the stack."""
        return Settings.from_environment(live.stack.airflow.environment)

    def test_runs_is_stopped_and_resumed(self, live: Live, settings: Settings) -> None:
        registry, now = Registry(settings), datetime.now(UTC)
        definition = registry.create(created(id="page_daily"), by="admin", at=now - 30 * HOUR)
        dag_id = f"promo_reports.report.{definition.id}"
        run = live.first_run(dag_id).succeed()
        start, end = run.window
        sql = expected.wallet_transactions("fresh", start.isoformat(), end.isoformat(), ALL_TYPES)
        before = check(run.delivered()["s3"], live.csv(sql), totals=["points"], time="occurred_at")
        assert (before["report_id"], before["owner"]) == ("page_daily", "admin")
        due = until(lambda: next_run(live, dag_id), "the next run")

        registry.stop(definition.id, at=datetime.now(UTC), by="admin")
        until(lambda: next_run(live, dag_id) is None, "no next run")
        dag = live.dag(dag_id)
        assert (dag["is_paused"], dag["is_stale"]) == (False, False)
        run.clear().succeed()
        assert [each.run_id for each in live.runs(dag_id)] == [run.run_id]
        assert run.delivered()["s3"].manifest == before

        registry.resume(definition.id, at=datetime.now(UTC), by="admin")
        assert until(lambda: next_run(live, dag_id), "the next run") == due

    def test_what_was_due_while_it_was_stopped_is_not_delivered(
        self, live: Live, settings: Settings, tmp_path: Path
    ) -> None:
        """Created before two deliveries and stopped before the second of them."""
        now = datetime.now(UTC)
        elsewhere = Registry(settings.model_copy(update={"store_dir": tmp_path}))
        elsewhere.store.prepare()
        elsewhere.create(created(id="page_stopped"), by="admin", at=now - 54 * HOUR)
        elsewhere.stop("page_stopped", at=now - 24 * HOUR, by="admin")
        for folder in ("state", "definitions"):
            (tmp_path / folder / "page_stopped.yaml").rename(settings.store / folder / "page_stopped.yaml")

        dag_id = "promo_reports.report.page_stopped"
        run = live.first_run(dag_id).succeed()
        due = moment(run.about()["run_after"])
        assert 35 * HOUR < now - due < 37 * HOUR
        assert next_run(live, dag_id) is None

        Registry(settings).resume("page_stopped", at=datetime.now(UTC), by="admin")
        due = moment(until(lambda: next_run(live, dag_id), "the next run"))
        assert 11 * HOUR < due - now < 13 * HOUR
        assert len(live.runs(dag_id)) == 1
