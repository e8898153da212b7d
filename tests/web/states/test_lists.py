"""The lists agree with what each export is shown as, also where Airflow wrongly calls a run a success."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support.web.airflow_app import REPORT, AirflowApp, Made
from tests.support.web.export_states import created, delivering, extracting, half, marked

pytestmark = pytest.mark.timeout(300)
STATUSES = ("creating", "created", "failed", "cancelled")


def marked_half(made: Made) -> None:
    """Marked a success when one of two deliveries had ended."""
    half(made)
    marked("success")(made)


def cleared_half(made: Made) -> None:
    """Created; then all is made again, and the new deliveries are marked, not made."""
    created(made)
    made.airflow("POST", "/clear", {"dry_run": False})
    made.update_run(state="running")
    made.task("extract", "success")
    facts = {"rows": 4, "bytes": 12, "file": {"name": "june.csv", "bytes": 12, "sha256": 64 * "2"}}
    made.left("extract", "facts", facts)
    for index in (0, 1):
        made.task("deliver", "success", index)
        made.left("deliver", "delivered", {"destination": "download", "manifest": "m", "sha256": 64 * "1"}, index)
        made.app.execute(
            "UPDATE task_state_store SET updated_at = :before WHERE dag_run_id = :run AND task_id = 'deliver'",
            before=datetime(2026, 11, 1, tzinfo=UTC),
            run=made.id,
        )
    assert made.decide() == "success"


def lost_a_destination(made: Made) -> None:
    """Created; its definition names one destination less now."""
    created(made)
    made.task("deliver", "removed", 1)


def redelivered(made: Made) -> None:
    """One delivery had failed and was retried, the other stayed: Created."""
    half(made)
    made.task("deliver", "failed", 1)
    assert made.decide() == "failed"
    assert made.retry().status_code == 200
    made.update_run(state="running")
    made.delivers(1)
    assert made.decide() == "success"


def cancelled(made: Made) -> None:
    extracting(made)
    made.cancel()


STATES: list[tuple[Callable[[Made], None], str]] = [
    (extracting, "creating"),
    (delivering, "creating"),
    (created, "created"),
    (lost_a_destination, "created"),
    (redelivered, "created"),
    (marked_half, "failed"),
    (cleared_half, "failed"),
    (marked("failed"), "failed"),
    (cancelled, "cancelled"),
]


def test_filters_order_and_totals_are_of_the_status_that_is_shown(app: AirflowApp) -> None:
    expected: dict[int, str] = {}
    for become, status in STATES:
        made = app.run()
        become(made)
        assert made.detail()["status"] == status
        expected[made.id] = status
    assert {each["id"]: each["status"] for each in app.listed()} == expected
    for status in STATUSES:
        found = app.listed(status=status)
        assert {each["id"] for each in found} == {number for number, is_ in expected.items() if is_ == status}
        assert {each["status"] for each in found} == {status}
    two = app.listed(status=["failed", "cancelled"])
    assert sorted(each["status"] for each in two) == ["cancelled", "failed", "failed", "failed"]
    for order in ("asc", "desc"):
        shown = [each["status"] for each in app.listed(sort="status", order=order)]
        assert shown == sorted(shown, reverse=order == "desc")


def test_a_reports_last_export_and_its_past_windows_say_the_same(app: AirflowApp) -> None:
    window = {"data_interval_start": "2026-10-05T04:00:00Z", "data_interval_end": "2026-10-06T04:00:00Z"}
    made = app.run(REPORT, logical_date="2026-10-05T04:00:00Z", **window)
    marked_half(made)
    assert made.row()["status"] == "failed"
    (report,) = app.ours("GET", "/reports").json()["items"]
    assert report["last_export"]["status"] == "failed"
    days = {"first": "2026-10-05", "last": "2026-10-05"}
    (planned,) = app.ours("POST", "/reports/daily_credits/windows", json=days).json()["windows"]
    assert planned["export"] == {"id": made.id, "status": "failed"}
    assert (planned["makes"], planned["makes_again"]) == (False, True)  # Airflow's backfill takes it for a success
