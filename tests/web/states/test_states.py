"""What the page says of every state that a person can make with Airflow's own API, and what Retry does about it.

Airflow's application and metadata database are real. There is no scheduler: its code is asked what it makes of a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promo_reports.web.exports import failures
from tests.support.web.airflow_app import REPORT, TYPE, AirflowApp, Made
from tests.support.web.export_states import (
    created,
    delivering,
    extracting,
    half,
    handed,
    marked,
    needs_notes_before_the_end,
)

pytestmark = pytest.mark.timeout(300)
OLD_NOTE = "Cancelled by bob on 2026-11-29 at 10:00:00 America/New_York"
ANYTHING = frozenset({"retry", "duplicate"})


def task_marked(task_id: str, state: str, map_index: int = -1) -> Callable[[Made], None]:
    def mark(made: Made) -> None:
        made.mark_task(task_id, state, map_index)
        made.decide()

    return mark


def queued(made: Made) -> None:
    """Just triggered."""


def refused(made: Made) -> None:
    """Extract failed and said why."""
    extracting(made)
    made.left("extract", "failure", {"reason": "The disk is full.", "fix": "Make room.", "retryable": True})
    made.task("extract", "failed")
    made.decide()


FAILED_CASES = [
    (queued, marked("failed"), failures.ENDED),
    (queued, marked("success"), failures.UNDELIVERED),
    (queued, task_marked("extract", "failed"), failures.NEVER_BEGUN),
    (queued, task_marked("extract", "success"), failures.UNMADE),
    (handed, marked("failed"), failures.ENDED),
    (handed, task_marked("extract", "failed"), failures.NEVER_BEGUN),
    (extracting, marked("failed"), failures.ENDED),
    (extracting, marked("success"), failures.UNDELIVERED),
    (extracting, task_marked("extract", "failed"), failures.SILENT),
    (extracting, task_marked("extract", "skipped"), failures.UNDELIVERED),
    (delivering, marked("failed"), failures.SILENT),
    (delivering, marked("success"), failures.UNDELIVERED),
    (half, marked("failed"), failures.SILENT),
    (half, marked("success"), failures.PARTLY_DELIVERED),
    (created, marked("failed"), failures.MARKED),
    (created, task_marked("extract", "failed"), None),
]


@pytest.mark.parametrize(("state", "act", "reason"), FAILED_CASES)
def test_what_a_mark_makes_of_an_export(app: AirflowApp, state: Any, act: Any, reason: Any) -> None:
    made = app.run()
    state(made)
    act(made)
    shown, row = made.detail(), made.row()
    assert (shown["status"], shown["failure"], shown["actions"]) == (row["status"], row["failure"], row["actions"])
    if shown["status"] == "failed":
        assert reason is not None
        assert shown["failure"] == reason.model_dump()
        assert set(shown["actions"]) == ANYTHING
        assert made.downloaded().status_code == 409
        retried = made.retry()
        assert (retried.status_code, retried.json()["status"]) == (200, "creating")
        assert made.states()["extract", -1] is None or made.states()["deliver", 0] is None
    else:
        assert reason is None
        assert shown["failure"] is None


@pytest.mark.parametrize("act", [marked("success"), task_marked("extract", "success")], ids=["run", "extract"])
def test_retry_makes_the_whole_run_where_extract_left_nothing(app: AirflowApp, act: Any) -> None:
    made = app.run()
    extracting(made)
    act(made)
    made.task("deliver", "skipped")
    made.update_run(state="success")
    assert made.retry().json()["status"] == "creating"
    assert set(made.states().values()) == {None}


def test_retry_delivers_again_what_is_staged_to_all_that_have_not_got_it(app: AirflowApp) -> None:
    made = app.run()
    half(made)
    made.task("deliver", "skipped", 1)
    made.update_run(state="failed", end_date=datetime.now(UTC))
    assert made.retry().json()["step"] == "deliver"
    assert made.states()["extract", -1] == "success"
    assert made.states()["deliver", 1] is None


def test_a_destination_that_fails_hides_no_other_that_has_the_file(app: AirflowApp) -> None:
    """Neither while the export has failed nor while it is delivered to the one that lacks it, and to that one alone."""
    made = app.run()
    half(made)
    refused = {"error": "DestinationRefused", "reason": "The bucket refuses.", "fix": "Ask.", "retryable": False}
    made.left("deliver", "failure", refused, 1)
    made.task("deliver", "failed", 1)
    assert made.decide() == "failed"

    def told() -> list[tuple[bool, str | None]]:
        return [(each["delivered"], (each["failure"] or {}).get("reason")) for each in made.detail()["destinations"]]

    assert made.row()["failure"]["reason"] == "The bucket refuses."
    assert told() == [(True, None), (False, "The bucket refuses.")]
    assert [each["name"] for each in made.detail()["files"]] == ["june.csv"]
    assert made.retry().json()["step"] == "deliver"
    assert told()[0] == (True, None)
    assert (made.states()["deliver", 0], made.states()["deliver", 1]) == ("success", None)


def test_an_earlier_attempts_reason_is_not_that_of_one_that_never_began(app: AirflowApp) -> None:
    made = app.run()
    refused(made)
    assert made.detail()["failure"]["reason"] == "The disk is full."
    made.retry()
    assert made.detail()["failure"] is None
    marked("failed")(made)
    assert made.row()["failure"] == failures.ENDED.model_dump()


def test_cancelled_stays_cancelled_whatever_becomes_of_the_note(app: AirflowApp) -> None:
    made = app.run()
    extracting(made)
    said = made.cancel().json()["failure"]["reason"]
    assert said.startswith("Cancelled by ada on ")
    for note in ("another", "Cancelled by eve", None):
        made.airflow("PATCH", "", {"note": note})
        for shown in (made.detail(), made.row()):
            assert (shown["status"], shown["failure"]["reason"]) == ("cancelled", said)
    made.retry()
    marked("failed")(made)
    assert made.row()["status"] == "failed"  # the attempt that was cancelled is another


@needs_notes_before_the_end
def test_a_note_of_the_release_before_counts_and_one_that_somebody_writes_later_does_not(app: AirflowApp) -> None:
    made, forged = app.run(), app.run()
    made.airflow("PATCH", "", {"state": "failed", "note": OLD_NOTE})
    marked("failed")(forged)
    forged.airflow("PATCH", "", {"note": OLD_NOTE})
    assert (made.row()["status"], made.row()["failure"]["reason"]) == ("cancelled", f"{OLD_NOTE}.")
    assert (forged.row()["status"], forged.row()["failure"]) == ("failed", failures.ENDED.model_dump())


def test_airflows_api_cannot_say_who_cancelled(app: AirflowApp) -> None:
    made = app.run()
    marked("failed")(made)
    value = {"value": {"by": "eve", "at": "2026-11-29T10:00:00-05:00"}}
    for task_id in ("(run)", "extract"):
        app.airflow("PUT", f"{made.path}/taskInstances/{task_id}/state-store/cancelled?map_index=0", value)
        app.airflow("PUT", f"{made.path}/taskInstances/{task_id}/state-store/cancelled", value)
    assert made.row()["status"] == "failed"


def test_all_who_retry_at_one_time_get_one_re_run(app: AirflowApp) -> None:
    made = app.run().is_killed()
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda _: made.retry(), range(4)))
    assert [(each.status_code, each.json()["attempt"]) for each in answers] == 4 * [(200, 2)]
    made.task("extract", "running")
    assert made.retry().json()["attempt"] == 2
    assert made.states()["extract", -1] == "running"


def test_many_exports_that_are_retried_at_one_time_keep_nobody_else_waiting(app: AirflowApp) -> None:
    """More than all requests together have connections to the metadata database: each is taken in its turn."""
    killed = [app.run().is_killed() for _ in range(18)]
    with ThreadPoolExecutor(len(killed) + 1) as people:
        asked = [people.submit(each.retry) for each in killed]
        listed = people.submit(killed[0].row)
        answers = Counter(each.result().status_code for each in asked)
    for each in killed:
        each.update_run(state="failed")
    assert listed.result()["id"] == killed[0].id
    assert answers.keys() <= {200, 429}, answers  # ada may have some of other tests in the making


def test_what_cannot_be_made_again_says_what_to_do_instead(app: AirflowApp) -> None:
    broken = app.run(conf={"name": "Broken", "report_type": "wallet_transactions", "filters": {}}).is_killed()
    for shown in (broken.detail(), broken.row()):
        assert "retry" not in shown["actions"]
        assert shown["failure"]["fix"] == "Create it anew with other values."
    assert broken.retry().json()["error"]["fix"] == "Create it anew with other values."
    gone = app.run().is_killed()
    app.execute("UPDATE dag SET is_stale = true WHERE dag_id = :dag", dag=TYPE)
    try:
        assert gone.row()["actions"] == ["duplicate"]
        assert gone.row()["failure"]["fix"] == "Duplicate it."
        refusal = gone.retry()
        assert (refusal.status_code, refusal.json()["error"]["fix"]) == (409, "Duplicate it.")
    finally:
        app.execute("UPDATE dag SET is_stale = false WHERE dag_id = :dag", dag=TYPE)
    empty = app.run().is_killed()
    app.execute("DELETE FROM task_instance WHERE run_id = :run", run=empty.run_id)
    refusal = empty.retry()
    assert (refusal.status_code, refusal.json()["error"]["fix"]) == (409, "Duplicate it.")


class TestEarlierExport:
    """What was delivered stays there, with its figures, whatever becomes of later attempts."""

    def there(self, made: Made, status: str) -> None:
        for shown in (made.detail(), made.row()):
            assert (shown["status"], shown["earlier"], shown["rows"]) == (status, True, 3)
            assert shown["download"]["name"] == "june.csv"
        # There is no file in the download area of this test: 410 and not 409, which an export without one gets.
        assert made.downloaded().status_code == 410

    @pytest.mark.parametrize("old", [True, False], ids=["of the release before", "of this release"])
    def test_while_it_waits_is_made_fails_and_is_cancelled(self, app: AirflowApp, old: bool) -> None:
        made = app.run()
        delivering(made)
        for index in (0, 1):
            made.delivers(index, **({"facts": None} if old else {}))
        assert made.decide() == "success"
        assert (made.row()["status"], made.row()["earlier"]) == ("created", False)
        made.airflow("POST", "/clear", {"dry_run": False})
        self.there(made, "creating")
        marked("failed")(made)
        self.there(made, "failed")
        if old:
            return  # its extract removes the figures when it begins
        made.retry()
        made.update_run(state="running")
        made.task("extract", "running")
        made.cleared_by_task("extract")
        self.there(made, "creating")
        made.cancel()
        self.there(made, "cancelled")
        made.retry()
        made.is_killed()
        self.there(made, "failed")

    def test_where_only_a_part_of_the_newest_attempt_was_delivered(self, app: AirflowApp) -> None:
        made = app.run()
        created(made)
        made.airflow("POST", "/clear", {"dry_run": False})
        made.update_run(state="running")
        made.task("extract", "success")
        made.delivers(0, again=True)
        made.task("deliver", "failed", 1)
        assert made.decide() == "failed"
        self.there(made, "failed")

    def test_what_was_never_created_has_none(self, app: AirflowApp) -> None:
        made = app.run()
        half(made)
        assert made.row()["earlier"] is False
        made.task("deliver", "failed", 1)
        assert made.decide() == "failed"
        assert (made.row()["earlier"], made.row()["download"]) == (False, None)

    def test_an_export_whose_backfill_was_cancelled_before_it_was_made_again(self, app: AirflowApp) -> None:
        made = app.run(REPORT)
        created(made)
        made.airflow("POST", "/clear", {"dry_run": False})
        made.update_run(state="failed")  # which is all that Airflow changes
        self.there(made, "failed")


class TestBackfills:
    def start(self, app: AirflowApp, month: str) -> tuple[int, list[Made]]:
        """A backfill of three days."""
        body = {"dag_id": REPORT, "from_date": f"{month}-02T04:00:00Z", "to_date": f"{month}-04T06:00:00Z"}
        answer = app.airflow("POST", "/backfills", body)
        assert answer.status_code == 200, answer.text
        runs = app.airflow("GET", f"/dags/{REPORT}/dagRuns?run_id_pattern=backfill__{month}&limit=100").json()
        return answer.json()["id"], [app.made(REPORT, each["dag_run_id"]) for each in runs["dag_runs"]]

    def halt(self, app: AirflowApp, number: int, how: str) -> None:
        assert app.airflow("PUT", f"/backfills/{number}/{how}").status_code == 200

    def test_a_paused_one_says_so_and_a_run_takes_the_place_of_its_own(self, app: AirflowApp) -> None:
        number, (first, second, *_) = self.start(app, "2026-06")
        assert first.row()["waiting"] is None
        self.halt(app, number, "pause")
        for shown in (first.row(), first.detail()):
            assert shown["waiting"].startswith("Its backfill is paused in Airflow")
        days = {"first": "2026-06-20", "last": "2026-06-20", "again": False}
        other = app.ours("POST", "/reports/daily_credits/backfill", json=days)
        assert (other.status_code, other.json()["error"]["reason"][:40]) == (
            409,
            "A backfill of this report is paused in A",
        )
        assert first.cancel().json()["status"] == "cancelled"
        second.update_run(state="running")
        assert second.row()["waiting"] is None  # what is running goes on
        with ThreadPoolExecutor(3) as people:
            ids = {each.json()["id"] for each in people.map(lambda _: first.retry(), range(3))}
        (made,) = ids
        assert made != first.id
        again = app.made(REPORT, f"page__again_{first.id}")
        shown = again.detail()
        assert (again.id, shown["status"], shown["waiting"]) == (made, "creating", None)
        assert shown["window"] == first.detail()["window"]
        again.is_killed()
        assert first.retry().json()["id"] == again.id
        assert again.detail()["attempt"] == 2
        self.halt(app, number, "cancel")

    def test_a_cancelled_one_starts_nothing_any_more(self, app: AirflowApp) -> None:
        number, (first, second, third) = self.start(app, "2026-07")
        self.halt(app, number, "cancel")
        assert first.row()["failure"] == failures.CALLED_OFF.model_dump()
        first.clear()
        assert first.row()["waiting"].startswith("Its backfill was cancelled in Airflow")
        retried = second.retry().json()
        assert (retried["status"], retried["waiting"]) == ("creating", None)
        assert retried["id"] != second.id

        interval = {"data_interval_start": "2026-05-01T04:00:00Z", "data_interval_end": "2026-05-02T04:00:00Z"}
        taken = {"dag_run_id": f"page__again_{third.id}", "logical_date": None, **interval}
        assert app.airflow("POST", f"/dags/{REPORT}/dagRuns", taken).status_code == 200
        refused = third.retry()
        assert (refused.status_code, refused.json()["error"]["fix"]) == (409, "Duplicate it.")


def test_why_an_open_export_waits(app: AirflowApp) -> None:
    made = app.run()
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert app.run(run_after=later).row()["waiting"].startswith("Airflow does not start it before ")
    app.airflow("PATCH", f"/dags/{TYPE}", {"is_paused": True})
    assert made.row()["waiting"] == "It is paused in Airflow, and goes on when somebody resumes it there."
    app.airflow("PATCH", f"/dags/{TYPE}", {"is_paused": False})
    made.update_run(state="running")
    made.task("extract", "scheduled", pool="promo")
    missing = "Airflow has no pool 'promo', and starts no task of it. Whoever runs Airflow has to create it."
    assert made.row()["waiting"] == missing
    app.execute("INSERT INTO slot_pool (pool, slots, include_deferred) VALUES ('promo', 0, false)")
    assert made.row()["waiting"] == "It waits for a slot of Airflow's pool 'promo', whose slots are all taken."
    app.execute("UPDATE slot_pool SET slots = 1 WHERE pool = 'promo'")
    assert made.row()["waiting"] is None
    made.task("extract", "queued")
    assert made.row()["waiting"] is None
    made.task("extract", "queued", queued_dttm=datetime.now(UTC) - timedelta(minutes=5))
    assert made.row()["waiting"].startswith("It waits for a worker of Airflow since ")
    seen = datetime.now(UTC) - timedelta(minutes=5)
    app.execute("INSERT INTO job (job_type, state, latest_heartbeat) VALUES ('SchedulerJob', 'running', :at)", at=seen)
    assert made.row()["waiting"].startswith("No scheduler of Airflow has been alive since ")
    app.execute("DELETE FROM job")


@pytest.mark.parametrize(
    ("run_id", "more"),
    [
        (".", {}),
        ("a/b?c#d%2e", {}),
        ("ünï-日本-🎟", {}),
        (250 * "x", {}),
        ("page__x", {}),
        ("page__again_1", {}),
        ("scheduled__2026-01-01", {}),
        ("manual__9999", {"run_after": "9999-12-31T23:59:59.999999Z"}),
        ("manual__1", {"run_after": "0001-01-01T00:00:00Z"}),
        ("manual__date", {"logical_date": "9999-12-31T23:59:59Z"}),
        ("manual__first", {"logical_date": "0001-01-01T00:00:00Z"}),
        ("manual__naive", {"run_after": "2026-01-01T00:00:00"}),
        (
            "manual__interval",
            {
                "logical_date": "2026-01-01T00:00:00Z",
                "data_interval_start": "0001-01-01T00:00:00Z",
                "data_interval_end": "9999-12-31T23:59:59Z",
            },
        ),
        ("manual__conf", {"conf": {"name": ["x"], "date_range": {"start": 1}}}),
        ("manual__null", {"conf": None}),
    ],
)
@pytest.mark.parametrize("dag_id", [REPORT, TYPE])
def test_odd_ids_and_dates_are_shown_and_cancelled(
    app: AirflowApp, dag_id: str, run_id: str, more: dict[str, Any]
) -> None:
    body = {"dag_run_id": run_id, "logical_date": None, "conf": {}, **more}
    answer = app.airflow("POST", f"/dags/{dag_id}/dagRuns", body)
    if not answer.is_success:
        assert answer.status_code < 500  # Airflow refuses it: there is nothing to show
        return
    made = app.made(dag_id, run_id)
    try:
        assert made.detail()["status"] == made.row()["status"] == "creating"
        assert made.downloaded().status_code == 409
        assert made.cancel().json()["status"] == "cancelled"
        assert made.row()["status"] == "cancelled"
        assert made.retry().status_code in (200, 409)
    finally:
        app.execute("DELETE FROM task_instance WHERE run_id = :run", run=run_id)
        app.execute("DELETE FROM dag_run WHERE id = :id", id=made.id)


def test_a_deleted_run_is_gone(app: AirflowApp) -> None:
    made = app.run().is_killed()
    made.airflow("DELETE")
    for answer in (app.ours("GET", f"/exports/{made.id}"), made.retry(), made.cancel(), made.downloaded()):
        assert answer.status_code == 404
