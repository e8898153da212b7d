"""Statuses of exports: what each lets people do, and the states of Airflow's runs."""

from __future__ import annotations

import pytest
from airflow.utils.state import DagRunState

from promo_reports.domain.export_status import (
    ENDED_STATES,
    OPEN_STATES,
    STATUS_OF_RUN_STATE,
    ExportStatus,
    ReportStatus,
    states_of,
)


def test_every_state_of_a_run_stands_for_a_status() -> None:
    assert set(STATUS_OF_RUN_STATE) == {each.value for each in DagRunState}
    assert {"queued", "running"} == OPEN_STATES
    assert {"success", "failed"} == ENDED_STATES


@pytest.mark.parametrize("status", ExportStatus)
def test_every_status_is_read_from_some_state(status: ExportStatus) -> None:
    assert states_of(status) <= (OPEN_STATES if status.is_open else ENDED_STATES)
    assert states_of(status)


@pytest.mark.parametrize("status", ExportStatus)
def test_exactly_one_thing_can_be_done_with_a_status(status: ExportStatus) -> None:
    assert [status.is_open, status.can_retry, status.can_download].count(True) == 1


def test_every_status_has_a_label_of_its_own() -> None:
    labels = [each.label for each in (*ExportStatus, *ReportStatus)]
    assert labels == ["Creating", "Created", "Creation Failed", "Cancelled", "Active", "Stopped"]
