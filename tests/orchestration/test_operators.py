"""How tasks end: mistakes at once, faults with their retries, a timeout under its own name."""

from __future__ import annotations

import pytest
from airflow.exceptions import AirflowException
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout

from promo_reports.errors import SourceRefused, SourceUnavailable
from promo_reports.orchestration.operators import ExtractOperator, airflow_failures


def test_a_mistake_fails_at_once_with_its_reason_and_what_to_do() -> None:
    with pytest.raises(AirflowFailException, match=r"No such table\. Check the template\."), airflow_failures():
        raise SourceRefused("No such table.", "Check the template.")


def test_a_fault_of_the_infrastructure_keeps_its_retries() -> None:
    with pytest.raises(AirflowException) as failed, airflow_failures():
        raise SourceUnavailable("The server is away.")
    assert not isinstance(failed.value, AirflowFailException)


def test_a_task_that_is_told_to_stop_leaves_its_work_by_an_exception() -> None:
    with pytest.raises(AirflowException, match="told to stop"):
        ExtractOperator(task_id="extract", report_id="r").on_kill()


def test_a_timeout_stays_a_timeout(caplog: pytest.LogCaptureFixture) -> None:
    operator = ExtractOperator(task_id="extract", report_id="r")
    try:
        raise AirflowTaskTimeout
    except AirflowTaskTimeout:
        operator.on_kill()
    assert "PROMO_REPORTS_EXECUTION_TIMEOUT_MINUTES" in caplog.text
