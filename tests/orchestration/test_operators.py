"""How tasks end: mistakes at once, faults with their retries, a timeout under its own name; each leaves its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.exceptions import AirflowException
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout

from promo_reports.errors import SourceRefused, SourceUnavailable
from promo_reports.orchestration.operators import DeliverOperator, ExtractOperator, TaskStopped, airflow_failures
from promo_reports.orchestration.run_facts import RunFacts
from tests.orchestration.supervisor import Supervisor


def end(supervisor: Supervisor, error: BaseException) -> Any:
    """End an attempt by an error; the failure that it leaves."""
    with RunFacts(supervisor.store) as facts, airflow_failures(facts):
        raise error


def test_a_mistake_fails_at_once_with_its_reason_and_what_to_do(supervisor: Supervisor) -> None:
    with pytest.raises(AirflowFailException, match=r"No such table\. Check the template\."):
        end(supervisor, SourceRefused("No such table.", "Check the template."))
    assert supervisor.kept == {
        "failure": {
            "error": "SourceRefused",
            "reason": "No such table.",
            "fix": "Check the template.",
            "retryable": False,
        }
    }


def test_a_fault_of_the_infrastructure_keeps_its_retries(supervisor: Supervisor) -> None:
    with pytest.raises(AirflowException) as failed:
        end(supervisor, SourceUnavailable("The server is away."))
    assert not isinstance(failed.value, AirflowFailException)
    assert supervisor.kept["failure"]["retryable"]


@pytest.mark.parametrize(
    ("error", "reason", "fix"),
    [
        (AirflowTaskTimeout(), "The task took longer than 240 min, its limit.", "Choose a shorter date range"),
        (TaskStopped(), "The task was told to stop before it had ended.", "Retry it"),
        (ValueError("member-17"), "An unexpected error (ValueError).", "The log of the task has the details"),
        (SystemExit(3), "An unexpected error (SystemExit).", "The log of the task has the details"),
        (AirflowException("password"), "An unexpected error (AirflowException).", "The log of the task has"),
    ],
)
def test_what_is_no_error_of_ours_passes_and_leaves_a_sentence(
    home: Path, supervisor: Supervisor, error: BaseException, reason: str, fix: str
) -> None:
    with pytest.raises(type(error)) as raised:
        end(supervisor, error)
    assert raised.value is error
    left = supervisor.kept["failure"]
    assert (left["reason"], left["retryable"]) == (reason, True)
    assert left["fix"].startswith(fix)


def test_an_error_is_raised_where_its_reason_cannot_be_left(supervisor: Supervisor) -> None:
    def away(_: Any) -> None:
        raise OSError

    supervisor.before = away
    with pytest.raises(AirflowFailException, match="No such table"):
        end(supervisor, SourceRefused("No such table."))


def test_a_task_that_is_told_to_stop_leaves_its_work_by_an_exception() -> None:
    with pytest.raises(TaskStopped, match="told to stop"):
        ExtractOperator(task_id="extract", report_id="r").on_kill()
    assert issubclass(TaskStopped, AirflowException)  # which is retried where the worker alone is going down


def test_a_timeout_stays_a_timeout(caplog: pytest.LogCaptureFixture) -> None:
    operator = ExtractOperator(task_id="extract", report_id="r")
    try:
        raise AirflowTaskTimeout
    except AirflowTaskTimeout:
        operator.on_kill()
    assert "PROMO_REPORTS_EXECUTION_TIMEOUT_MINUTES" in caplog.text


@pytest.mark.parametrize(
    "operator",
    [
        lambda: ExtractOperator(task_id="extract", report_id="unregistered"),
        lambda: DeliverOperator(task_id="deliver", handover={"title": "download", "staged": "/nowhere"}),
    ],
)
def test_an_attempt_begins_without_what_an_earlier_one_left(
    home: Path, supervisor: Supervisor, operator: Callable[[], Any]
) -> None:
    supervisor.kept.update(facts={"rows": 1}, delivered={"destination": "download"})
    context = {"task_state_store": supervisor.store, "dag_run": _Run()}
    with pytest.raises(AirflowException):
        type(operator()).execute.__wrapped__(operator(), context)
    assert list(supervisor.kept) == ["failure"]


class _Run:
    dag_id, run_id, run_after = "promo_reports.report.unregistered", "manual__1", None
    data_interval_start = data_interval_end = None
