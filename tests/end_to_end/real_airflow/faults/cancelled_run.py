"""A run that is cancelled while its tasks are at work, or about to begin: the work ends within seconds, and the run can
be made after all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.end_to_end.left import STOPPED, attempts, left_by
from tests.support.end_to_end.live import BUCKET, WAITING, Live, Run, to, until
from tests.support.end_to_end.waiting_extract import check_september

# Ends a run as its task is queued. Airflow's own Mark Failed does the same where the scheduler has the task in hand: it
# writes "queued" over the "skipped" that it was given.
CANCELLED_AS_ITS_TASK_IS_QUEUED = """
    CREATE FUNCTION cancel_run() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE dag_run SET state = 'failed' WHERE run_id = NEW.run_id AND dag_id = NEW.dag_id; RETURN NEW; END $$;
    CREATE TRIGGER cancel_run AFTER UPDATE ON task_instance
        FOR EACH ROW WHEN (NEW.state = 'queued' AND NEW.task_id = '{task}') EXECUTE FUNCTION cancel_run()"""
AS_BEFORE = "DROP TRIGGER cancel_run ON task_instance; DROP FUNCTION cancel_run()"


class TestCancelledRun:
    @pytest.fixture
    def locked(self, live: Live) -> Iterator[Any]:
        """Nobody can read the ledger until this connection lets go."""
        with live.locked() as connection:
            yield connection

    @pytest.fixture
    def waiting(self, live: Live, locked: Any) -> Run:
        """An export whose extract waits for the ledger."""
        delivery = ["download", to(BUCKET)]
        run = live.transactions("Cancelled", "grocery-rewards", "2026-09-01", "2026-09-30", delivery=delivery)
        until(lambda: live.stack.postgres.execute(WAITING), "extract to wait")
        return run

    def test_its_extract_is_stopped_and_leaves_nothing(self, live: Live, locked: Any, waiting: Run) -> None:
        before = live.everything_delivered()
        (attempt,) = attempts(live)
        tried = waiting.task("extract")["try_number"]  # more than once where the machine is loaded

        live.api.call("PATCH", waiting.path, json={"state": "failed"})
        until(lambda: not live.stack.postgres.execute(WAITING), "the end of the query")
        until(lambda: not attempt.exists(), "the end of the attempt's directory")
        until(lambda: "failure" in left_by(live, waiting).get(("extract", -1), {}), "the reason")

        assert left_by(live, waiting) == {("extract", -1): {"failure": STOPPED}}
        assert attempts(live) == []
        until(lambda: "Task killed!" in waiting.log(), "the end of the process")
        assert waiting.about()["state"] == "failed"
        assert waiting.states() == {("extract", -1): ("failed", tried), ("deliver", -1): ("skipped", 0)}
        assert live.everything_delivered() == before

        locked.rollback()
        waiting.clear().succeed()
        tries = waiting.states()
        assert tries == {
            ("extract", -1): ("success", tried + 1),
            ("deliver", 0): ("success", 1),
            ("deliver", 1): ("success", 1),
        }
        assert all("failure" not in each for each in left_by(live, waiting).values())
        check_september(live, waiting)

    @pytest.mark.parametrize(
        ("task", "tasks"),
        [
            ("extract", {("extract", -1): "skipped", ("deliver", -1): None}),
            ("deliver", {("extract", -1): "success", ("deliver", 0): "skipped"}),
        ],
    )
    def test_a_task_that_airflow_starts_after_the_end_of_its_run_does_nothing(
        self, live: Live, task: str, tasks: dict[tuple[str, int], str | None]
    ) -> None:
        before, staged = live.everything_delivered(), live.staged()
        sql = CANCELLED_AS_ITS_TASK_IS_QUEUED.format(task=task)
        live.stack.postgres.execute(sql, database="airflow")
        try:
            to_bucket = [to(BUCKET)]
            run = live.transactions("Too late", "grocery-rewards", "2026-09-01", "2026-09-30", delivery=to_bucket)
            until(lambda: "skipped" in {state for state, _ in run.states().values()}, "the task's end")
        finally:
            live.stack.postgres.execute(AS_BEFORE, database="airflow")
        assert {each: state for each, (state, _) in run.states().items()} == tasks
        assert run.about()["state"] == "failed"
        assert live.everything_delivered() == before
        if task == "extract":
            assert live.staged() == staged

        run.clear().succeed()
        assert list(run.delivered()) == ["s3"]
        check_september(live, run)
