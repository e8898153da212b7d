"""Exports whose tasks are in the states that a clear, a mark, a retry and a deleted DAG make; and cancels that fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from promo_reports.web.airflow import api as airflow_api
from promo_reports.web.exports import failures
from promo_reports.web.exports import routes as exports
from promo_reports.web.times import now
from tests.support.web.airflow_app import REPORT, TYPE, AirflowApp, Made, register_dags
from tests.support.web.export_states import created, delivering, extracting, half, marked, needs_notes_before_the_end

pytestmark = pytest.mark.timeout(300)


def both(made: Made) -> dict[str, Any]:
    """What its own page says, which its row must say too."""
    shown, row = made.detail(), made.row()
    assert {key: shown[key] for key in row} == row
    return shown


def test_a_task_that_is_up_for_retry_says_why(app: AirflowApp) -> None:
    made = app.run()
    extracting(made)
    made.left("extract", "failure", {"reason": "The database is away.", "fix": "Wait.", "retryable": True})
    made.task("extract", "up_for_retry", end_date=datetime.now(UTC))
    shown = both(made)
    assert (shown["status"], shown["failure"], shown["actions"]) == ("creating", None, ["cancel", "duplicate"])
    assert shown["waiting"] == "The last attempt failed and is retried: The database is away."
    assert made.retry().status_code == 409
    assert made.cancel().json()["status"] == "cancelled"
    assert made.states()["extract", -1] == "skipped"
    assert both(made)["waiting"] is None


@pytest.mark.parametrize("state", ["upstream_failed", "skipped", "failed", "removed", None])
def test_a_delivery_that_did_not_end_well(app: AirflowApp, state: str | None) -> None:
    """While the run goes on it is Creating; what became of the run decides afterwards."""
    made = app.run()
    half(made)
    made.task("deliver", state, 1)
    assert both(made)["status"] == "creating"
    ended = made.decide()
    shown = both(made)
    if state == "removed":  # its definition has lost the destination
        assert (ended, shown["status"], shown["failure"]) == ("success", "created", None)
        assert made.downloaded().status_code == 410  # no 409: it is offered
        return
    if state is None:
        assert (ended, shown["status"]) == ("running", "creating")
        return
    assert (ended, shown["status"]) == ("success" if state == "skipped" else "failed", "failed")
    assert set(shown["actions"]) == {"retry", "duplicate"}
    assert shown["download"] is None
    assert made.downloaded().status_code == 409
    assert made.retry().json()["status"] == "creating"
    again = (
        state == "skipped"
    )  # Airflow's own "only failed" leaves out what was skipped, so that all is delivered again
    assert (made.states()["extract", -1], made.states()["deliver", 0]) == ("success", None if again else "success")
    assert made.states()["deliver", 1] is None


@pytest.mark.parametrize("before", [extracting, created, delivering], ids=lambda each: each.__name__)
def test_a_run_that_is_set_back_to_queued(app: AirflowApp, before: Any) -> None:
    """What Airflow's API does without clearing a task, so that the attempt keeps its number."""
    made = app.run()
    before(made)
    if before is not created:
        made.cancel()
        assert both(made)["status"] == "cancelled"
    made.airflow("PATCH", "", {"state": "queued"})
    shown = both(made)
    assert (shown["status"], shown["failure"], shown["earlier"]) == ("creating", None, False)
    assert made.downloaded().status_code == 409
    made.update_run(state="running")
    if before is created:
        assert made.decide() == "success"
        assert both(made)["status"] == "created"
    else:
        marked("failed")(made)
        assert both(made)["status"] == "failed"  # nobody has cancelled it this time


class TestDeletedDag:
    @pytest.fixture(autouse=True)
    def dags(self) -> Iterator[None]:
        yield
        register_dags()

    @pytest.mark.parametrize("dag_id", [TYPE, REPORT])
    @pytest.mark.parametrize("before", [created, extracting, marked("failed")], ids=["created", "creating", "failed"])
    def test_takes_its_exports_along(self, app: AirflowApp, dag_id: str, before: Any) -> None:
        """Airflow deletes its runs and what they left; while a task is running it refuses to."""
        made = app.run(dag_id)
        before(made)
        answer = app.airflow("DELETE", f"/dags/{dag_id}")
        if before is extracting:
            assert answer.status_code == 409
            assert both(made)["status"] == "creating"
            made.cancel()
            answer = app.airflow("DELETE", f"/dags/{dag_id}")
        assert answer.status_code == 204, answer.text
        gone = [app.ours("GET", f"/exports/{made.id}"), made.downloaded(), made.retry(), made.cancel()]
        assert [each.status_code for each in gone] == 4 * [404]
        assert made.id not in {each["id"] for each in app.ours("GET", "/exports").json()["items"]}


class TestCancelThatDoesNotCome:
    @pytest.fixture
    def silent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(airflow_api, "SECONDS", 0.0)

    def test_leaves_a_run_that_fails_by_itself_failed(self, app: AirflowApp, silent: None) -> None:
        made = app.run()
        extracting(made)
        refused = made.cancel()
        assert (refused.status_code, both(made)["status"]) == (503, "creating")
        made.is_killed()
        assert (both(made)["status"], both(made)["failure"]) == ("failed", failures.SILENT.model_dump())

    @needs_notes_before_the_end
    def test_is_told_when_airflow_does_it_later(self, app: AirflowApp, silent: None) -> None:
        made = app.run()
        extracting(made)
        assert made.cancel().status_code == 503
        note = "Cancelled by ada on 2026-11-29 at 10:00:00 America/New_York"
        made.airflow("PATCH", "", {"state": "failed", "note": note})
        assert (both(made)["status"], both(made)["failure"]["reason"]) == ("cancelled", f"{note}.")

    def test_comes_after_the_run_had_failed(self, app: AirflowApp, monkeypatch: pytest.MonkeyPatch) -> None:
        made = app.run()
        extracting(made)

        def late() -> datetime:
            made.is_killed()
            return now()

        monkeypatch.setattr(exports, "now", late)
        answer = made.cancel().json()
        assert (answer["status"], answer["failure"]) == ("failed", failures.SILENT.model_dump())
        assert both(made)["status"] == "failed"

    def test_is_one_for_all_who_ask_at_one_time(self, app: AirflowApp) -> None:
        from concurrent.futures import ThreadPoolExecutor

        made = app.run()
        extracting(made)
        with ThreadPoolExecutor(3) as people:
            answers = [each.status_code for each in people.map(lambda _: made.cancel(), range(3))]
        assert sorted(answers) == [200, 409, 409]
        assert both(made)["status"] == "cancelled"
