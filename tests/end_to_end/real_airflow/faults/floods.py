"""More exports than can be made at one time: a person has a limit, and nothing that people start holds up the schedule.

Every export of a flood waits for a lock in the promo database, so that none of them ends before the test lets it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from devstack.airflow_client import OPEN_STATES, AirflowClientError
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, WAITING, Live, Run, long_ago_today, midnight, to, until
from tests.support.end_to_end.process_tree import generation
from tests.support.end_to_end.reports_api import People, error_of, transactions

MANY = 40
MOST = 20
"""PROMO_REPORTS_OPEN_EXPORTS_PER_PERSON, by default."""
TYPE_DAG = "promo_reports.type.wallet_transactions"
SCHEDULED = "promo_reports.report.scheduled_in_a_flood"
PAST = "promo_reports.report.past_in_a_flood"
VOUCHERS: dict[str, Any] = {
    "name": "Scheduled in a flood",
    "report_type": "voucher_assignment_logs",
    "filters": {"partner": "Book Nook, Inc.", "list_tag": "paperbacks"},
    "delivery": [to(BUCKET)],
}


class TestFloods:
    @pytest.fixture(scope="class")
    @classmethod
    def locked(cls, live: Live) -> Iterator[None]:
        """Nobody can read the ledger until the end of the class; what waits for it is cancelled then."""
        with live.locked():
            try:
                yield
            finally:
                for each in (TYPE_DAG, PAST):
                    until(partial(cls.all_cancelled, live, each), each)
                until(lambda: cls.without_queries(live), "the end of the tasks")

    @classmethod
    def all_cancelled(cls, live: Live, dag_id: str) -> bool:
        """Cancel the open runs of a DAG, and say whether none is left."""
        return not [run for run in open_runs(live, dag_id) if not cls.cancelled(run)]

    @staticmethod
    def cancelled(run: Run) -> bool:
        """Whether Airflow has failed a run as it was asked to; not where the scheduler had it in hand just then."""
        with contextlib.suppress(AirflowClientError):
            run.live.api.call("PATCH", run.path, json={"state": "failed"})
            return True
        return False

    @staticmethod
    def without_queries(live: Live) -> bool:
        """Whether no task is at work; end the queries of those that had begun before their runs were failed."""
        for session, _ in live.stack.postgres.execute(WAITING):
            live.stack.postgres.execute("SELECT pg_terminate_backend(%s)", [session])
        return not task_processes(live)

    @pytest.fixture(scope="class")
    @classmethod
    def flood(cls, live: Live, people: People, locked: None) -> list[int]:
        """The statuses of as many requests as one person makes at one time."""
        bodies = [transactions(f"Flood {number}", "grocery-rewards") for number in range(MOST + 5)]
        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(lambda body: people.user.send("POST", "api/reports", json=body), bodies))
        for answer in answers:
            if answer.status_code == 429:
                error = error_of(429, answer.content)
                assert (
                    error["reason"] == f"You have {MOST} exports in the making; one person may have {MOST} at one time."
                )
                assert int(answer.headers["Retry-After"]) > 0
        return [answer.status_code for answer in answers]

    def test_a_person_has_no_more_open_exports_than_the_limit_however_they_are_asked_for(
        self, flood: list[int]
    ) -> None:
        assert Counter(flood) == {201: MOST, 429: 5}

    def test_another_person_has_room_and_a_request_that_is_repeated_makes_none(
        self, people: People, flood: list[int]
    ) -> None:
        body = transactions("Not of the flood", "grocery-rewards")
        made = people.admin.create(body, key="not of the flood")
        people.user.refused(429, "POST", "api/reports", json=body)
        assert people.admin.create(body, key="not of the flood")["id"] == made["id"]

    def test_a_retry_counts_as_one_of_whoever_created_the_export(self, people: People, flood: list[int]) -> None:
        ids = [each["id"] for each in people.user.all("api/exports", q="Flood ") if each["status"] == "creating"]
        people.user.post(f"api/exports/{ids[0]}/cancel")
        people.user.create(transactions("In its place", "grocery-rewards"))
        for each in (people.user, people.admin):
            error = each.refused(429, "POST", f"api/exports/{ids[0]}/retry")
            assert error["reason"].startswith("You have 20" if each is people.user else "user has 20")

    def test_what_airflow_itself_was_asked_for_holds_up_no_scheduled_delivery(
        self, live: Live, people: People, flood: list[int]
    ) -> None:
        """Airflow's own API knows no limit of ours; neither has its backfill, which is at work meanwhile."""
        conf = {
            "name": "Of Airflow's own API",
            "filters": {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)},
            "date_range": {"first": "2026-10-01", "last": "2026-10-31"},
            "delivery": ["download"],
        }
        for _ in range(MANY):
            live.api.trigger(TYPE_DAG, conf)
        until(lambda: len(live.stack.postgres.execute(WAITING)) >= 2, "the flood to fill its pool")
        past = live.register("past_in_a_flood", **VOUCHERS, frequency={"interval": "daily"}, starts_on="2199-01-01")
        live.api.wait_for_dag(PAST)
        dates = {"from_date": midnight("2026-08-01"), "to_date": midnight("2026-10-31")}
        # More windows at one time than the executor has workers.
        backfill = live.api.call("POST", "/backfills", json={"dag_id": PAST, **dates, "max_active_runs": 5})

        frequency = {"interval": "daily", "delivery_time": long_ago_today()}
        scheduled = live.register("scheduled_in_a_flood", **VOUCHERS, frequency=frequency)
        live.first_run(SCHEDULED).succeed()
        assert len(open_runs(live, TYPE_DAG)) >= MANY
        assert len(open_runs(live, PAST)) > 0
        live.api.call("PUT", f"/backfills/{backfill['id']}/cancel")
        # What it has begun ends whole: a run that is failed between its two tasks would leave its staged file.
        until(lambda: not open_runs(live, PAST), "the end of the past windows that were begun")
        scheduled.unlink()
        past.unlink()


def task_processes(live: Live) -> set[int]:
    """Return the processes below the scheduler: those of its executor, and below each its task."""
    return generation(live.stack.pids["scheduler"], 3)


def open_runs(live: Live, dag_id: str) -> list[Run]:
    """The runs of a DAG that have not ended."""
    return [Run(live, dag_id, each["dag_run_id"]) for each in live.api.runs(dag_id) if each["state"] in OPEN_STATES]
