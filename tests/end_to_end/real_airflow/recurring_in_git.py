"""A recurring definition in git: scheduled by Airflow, backfilled by Airflow, and its late rows counted."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from promo_reports.web.exports.failures import CALLED_OFF
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import (
    ALL_TYPES,
    BUCKET,
    WAITING,
    ZONE,
    Live,
    Run,
    long_ago_today,
    midnight,
    moment,
    notice_the_end,
    to,
    until,
)
from tests.support.end_to_end.reports_api import People, run_of


def daily(wallet: str, *delivery: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": f"Daily, {wallet}",
        "report_type": "wallet_transactions",
        "filters": {"wallet": wallet, "transaction_type": list(ALL_TYPES)},
        "delivery": list(delivery),
        **more,
    }


def hours(run: Run) -> float:
    start, end = run.window
    return (end - start) / timedelta(hours=1)


def check_window(live: Live, run: Run, wallet: str, start: str, end: str) -> dict[str, Any]:
    """The run's data interval and every copy of its file are this window; the manifest is returned."""
    assert run.window == (datetime.fromisoformat(start), datetime.fromisoformat(end))
    rows = live.csv(expected.wallet_transactions(wallet, start, end, ALL_TYPES))
    for found in run.delivered().values():
        manifest = check(found, rows, totals=["points"], time="occurred_at")
        assert (manifest["window"]["start"], manifest["window"]["end"]) == (start, end)
        assert manifest["rows"] == hours(run)  # the wallet has a row every hour
    return manifest


class TestRecurringInGit:
    def test_is_scheduled_for_the_day_before_its_delivery(self, live: Live) -> None:
        frequency = {"interval": "daily", "delivery_time": long_ago_today()}
        delivered_on = datetime.now(ZONE) - timedelta(hours=12)
        live.register("fresh_daily", **daily("fresh", to(BUCKET, "daily"), "download", frequency=frequency))
        dag_id = "promo_reports.report.fresh_daily"
        live.api.wait_for_dag(dag_id)

        run = live.first_run(dag_id).succeed()
        end = midnight(f"{delivered_on:%Y-%m-%d}")
        start = midnight(f"{delivered_on - timedelta(days=1):%Y-%m-%d}")
        assert check_window(live, run, "fresh", start, end)["late_rows"] is None
        assert run.about()["run_type"] == "scheduled"
        assert sorted(run.delivered()) == ["file", "s3"]

        dag = live.dag(dag_id)
        assert (dag["dag_display_name"], dag["is_paused"]) == ("Daily, fresh", False)
        assert {tag["name"] for tag in dag["tags"]} == {
            "promo_reports",
            "Loyalty Wallet",
            "Wallet Transactions",
            "daily",
        }
        assert moment(dag["next_dagrun_data_interval_start"]) == run.window[1]
        assert len(live.runs(dag_id)) == 1


class TestBackfill:
    DAG_ID = "promo_reports.report.hourly_daily"

    @pytest.fixture(scope="class")
    @classmethod
    def backfilled(cls, live: Live) -> list[Run]:
        """The windows from the day before to the day after 2026-11-01, exported in their order."""
        never = {"starts_on": "2199-01-01", "frequency": {"interval": "daily"}}
        live.register("hourly_daily", **daily("hourly", to(BUCKET), "download", **never))
        live.api.wait_for_dag(cls.DAG_ID)
        body = {
            "dag_id": cls.DAG_ID,
            "from_date": midnight("2026-10-31"),
            "to_date": midnight("2026-11-02"),
            "max_active_runs": 1,
        }
        live.api.call("POST", "/backfills", json=body)
        runs = until(lambda: len(found := live.runs(cls.DAG_ID)) == 3 and found, "the runs of the backfill")
        return [run.succeed() for run in runs]

    def test_makes_windows_that_tile_over_the_day_of_25_hours(self, live: Live, backfilled: list[Run]) -> None:
        days = [midnight(f"2026-{day}") for day in ("10-31", "11-01", "11-02", "11-03")]
        assert [hours(run) for run in backfilled] == [24, 25, 24]
        for run, start, end in zip(backfilled, days, days[1:], strict=False):
            check_window(live, run, "hourly", start, end)
            assert run.about()["run_type"] == "backfill"

    def test_each_counts_the_rows_that_came_too_late_for_the_one_before(
        self, live: Live, backfilled: list[Run]
    ) -> None:
        manifests = [run.delivered()["s3"].manifest for run in backfilled]
        assert manifests[0]["late_rows"] is None
        assert [manifest["late_rows"]["rows"] for manifest in manifests[1:]] == [0, 0]
        for before, manifest in itertools.pairwise(manifests):
            assert manifest["late_rows"]["since"] == before["snapshot_at"]
        with live.promo() as cursor:
            cursor.execute(
                "INSERT INTO wallet_transactions SELECT 40000, '2026-11-02T18:00:00Z', now(), user_id, wallet_id,"
                " transaction_type, transaction_source, points, balance_after FROM wallet_transactions"
                " WHERE wallet_id = 'hourly' LIMIT 1"
            )
        first = self.by_hand(live, "2026-11-03", "2026-11-04")
        assert check_window(live, first, "hourly", midnight("2026-11-03"), midnight("2026-11-04"))["late_rows"] == {
            "window_start": midnight("2026-11-02"),
            "window_end": midnight("2026-11-03"),
            "since": manifests[-1]["snapshot_at"],
            "rows": 1,
        }

        # Somebody exports an earlier window again meanwhile, with the button that says Trigger.
        again = Run(live, self.DAG_ID, live.api.trigger(self.DAG_ID, run_after="2026-11-02T23:00:00Z")).succeed()
        assert again.delivered()["s3"].manifest["window"] == manifests[1]["window"]
        second = self.by_hand(live, "2026-11-04", "2026-11-05")
        late = check_window(live, second, "hourly", midnight("2026-11-04"), midnight("2026-11-05"))["late_rows"]
        assert late == {
            "window_start": midnight("2026-11-03"),
            "window_end": midnight("2026-11-04"),
            "since": first.delivered()["s3"].manifest["snapshot_at"],
            "rows": 0,
        }

    def test_what_a_halted_backfill_does_not_make_is_made_outside_of_it(
        self, live: Live, people: People, backfilled: list[Run]
    ) -> None:
        """One run waits for the ledger, two for that one; the backfill is paused, and cancelled in the end."""
        days = [midnight(f"2026-11-{day}") for day in ("10", "11", "12", "13")]
        body = {"dag_id": self.DAG_ID, "from_date": days[0], "to_date": days[2], "max_active_runs": 1}
        notice_the_end(live, self.DAG_ID)
        with live.locked():
            number = live.api.call("POST", "/backfills", json=body)["id"]
            until(lambda: live.stack.postgres.execute(WAITING), "extract to wait")
            live.api.call("PUT", f"/backfills/{number}/pause")
            found = people.viewer.all("api/exports", report="hourly_daily")
            first, second, third = sorted(
                (each for each in found if each["window"]["start"] in days), key=lambda each: each["window"]["start"]
            )
            assert (first["status"], second["status"], third["status"]) == 3 * ("creating",)
            assert "backfill" not in (first["waiting"] or "")  # what has begun goes on
            for halted in (second, third):
                assert halted["waiting"].startswith("Its backfill is paused in Airflow")
        past = {"first": "2026-10-31", "last": "2026-10-31", "again": True}
        error = people.admin.refused(409, "POST", "api/reports/hourly_daily/backfill", json=past)
        assert error["reason"].startswith("A backfill of this report is paused")
        people.user.created(first["id"])
        assert people.user.export(second["id"])["status"] == "creating"

        assert people.user.post(f"api/exports/{second['id']}/cancel")["status"] == "cancelled"
        again = [people.user.post(f"api/exports/{second['id']}/retry")]
        live.api.call("PUT", f"/backfills/{number}/cancel")
        shown = people.user.export(third["id"])
        assert (shown["status"], shown["failure"]) == ("failed", CALLED_OFF.model_dump())
        again.append(people.user.post(f"api/exports/{third['id']}/retry"))
        for of, each in zip((second, third), again, strict=True):
            assert run_of(live, each).run_id == f"page__again_{of['id']}"
            ended = people.user.created(each["id"])
            assert ended["window"] == of["window"]
            sql = expected.wallet_transactions("hourly", of["window"]["start"], of["window"]["end"], ALL_TYPES)
            check(run_of(live, each).delivered()["s3"], live.csv(sql), totals=["points"], time="occurred_at")
            assert people.user.export(of["id"])["status"] in ("cancelled", "failed")

    @classmethod
    def by_hand(cls, live: Live, first: str, end: str) -> Run:
        """A run of one window, started through the API."""
        interval: dict[str, Any] = {"data_interval_start": midnight(first), "data_interval_end": midnight(end)}
        return Run(live, cls.DAG_ID, live.api.trigger(cls.DAG_ID, logical_date=midnight(first), **interval)).succeed()
