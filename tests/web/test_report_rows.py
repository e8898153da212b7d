"""Recurring reports as rows of the page: their status, why they stand still, and what may be done with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.created import CreatedReports
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.stop_marks import Marks, StopMark
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.definition import Definition
from promo_reports.web import report_rows
from promo_reports.web.export_rows import Rows
from promo_reports.web.lists.records import DagRecord, Frequency, ReportRecord, ReportStatus
from promo_reports.web.report_rows import ReportRows
from tests.orchestration.conftest import write_weekly
from tests.web.callers import CHANGE, CHANGE_EXPORTS, EXPORT, NOON, REPORT, TYPE, Permitted, caller, dag, report

STOPPED = ReportStatus.STOPPED
ADA = caller(EXPORT, CHANGE, CHANGE_EXPORTS)
STOP = StopMark(NOON, "ada")
RESUMED = StopMark(NOON, "ada", NOON + timedelta(hours=1), "bob")
CREATED: dict[str, Any] = {
    "name": "Weekly Credits",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": {"interval": "weekly", "delivery_day": "monday"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_rows, "now", lambda: NOON)


@pytest.fixture
def weekly(home: Path, registry: Registry) -> Definition:
    write_weekly(home, "weekly_credits")
    return registry.definition("weekly_credits")


def rows(registry: Registry, who: Permitted = ADA, **stopped: Marks) -> ReportRows:
    return ReportRows(Rows.of(registry, who), CreatedReports(registry.store), stopped)


def tagged(**changes: Any) -> DagRecord:
    return replace(dag(tags=("Loyalty Wallet", "Wallet Transactions", "weekly")), **changes)


def test_an_active_report(registry: Registry) -> None:
    assert rows(registry).row(report()).model_dump(mode="json") == {
        "id": "weekly_credits",
        "name": "Weekly Credits",
        "origin": "git",
        "report_type": {"id": "wallet_transactions", "label": "Wallet Transactions"},
        "promotion_type": {"id": "loyalty_wallet", "label": "Loyalty Wallet"},
        "status": "active",
        "stopped": None,
        "pending": False,
        "created_by": "growth@example.com",
        "created_at": "2026-11-18T12:00:00-05:00",
        "frequency": "weekly",
        "schedule": "Every Monday at 06:00 America/New_York, the week before",
        "next_delivery": "2026-11-23T06:00:00-05:00",
        "last_export": {"id": 7, "status": "created"},
        "actions": ["stop", "backfill", "duplicate"],
    }


def test_a_created_report_is_its_creators_and_not_that_of_whose_name_the_dag_bears(registry: Registry) -> None:
    registry.create(CREATED | {"id": "weekly_credits"}, by="ada", at=NOON - timedelta(days=2))
    row = rows(registry).row(report(created=True)).model_dump(mode="json")
    assert (row["origin"], row["created_by"], row["created_at"]) == ("page", "ada", "2026-11-16T12:00:00-05:00")


def test_one_that_was_created_just_now(registry: Registry) -> None:
    made = registry.create(CREATED, by="ada", at=NOON)
    record = report(dag_id=report_dag_id(made.id), created=True, dag=None, last_export=None, due=None)
    row = rows(registry).row(record)
    assert (row.pending, row.report_type.id, row.last_export) == (True, "wallet_transactions", None)
    assert row.actions == ["stop", "delete", "duplicate"]


@pytest.mark.parametrize(
    ("marks", "how", "by"),
    [
        (Marks((STOP,)), "stopped", "ada"),
        (Marks((RESUMED, STOP)), "stopped", "ada"),
        (Marks((), NOON, "bob"), "deleted", "bob"),
        (Marks((STOP,), NOON, "bob"), "deleted", "bob"),
    ],
)
def test_one_that_somebody_stopped(registry: Registry, marks: Marks, how: str, by: str) -> None:
    row = rows(registry, weekly_credits=marks).row(report(status=STOPPED))
    assert row.stopped is not None
    assert (row.status, row.stopped.how, row.stopped.by, row.next_delivery) == ("stopped", how, by, None)
    assert row.stopped.since is not None
    assert row.stopped.since.isoformat() == "2026-11-18T12:00:00-05:00"


@pytest.mark.parametrize(
    ("changes", "text", "how", "reason"),
    [
        ({"dag": tagged(is_paused=True)}, "good", "paused", "Its DAG is paused in Airflow"),
        ({"dag": tagged(is_stale=True)}, None, "removed", "Its definition was removed."),
        ({"dag": tagged(is_stale=True)}, "id: [", "broken", "Its definition cannot be used: reports/weekly_credits"),
        ({"dag": tagged(is_stale=True)}, "good", "broken", "Airflow has not read its definition again yet."),
    ],
)
def test_one_that_airflow_does_not_run(
    home: Path, registry: Registry, changes: dict[str, Any], text: str | None, how: str, reason: str
) -> None:
    if text is not None:
        path = write_weekly(home, "weekly_credits")
        path.write_text(path.read_text() if text == "good" else text)
    row = rows(registry).row(report(status=STOPPED, **changes))
    assert row.stopped is not None
    assert (row.stopped.how, row.stopped.since, row.stopped.by, row.next_delivery) == (how, None, None, None)
    assert row.stopped.reason.startswith(reason)


@pytest.mark.parametrize(
    ("record", "marks", "may", "expected"),
    [
        (report(), None, (EXPORT, CHANGE), ["stop", "backfill", "duplicate"]),
        (report(), None, (CHANGE,), ["stop"]),
        (report(), None, (EXPORT,), ["backfill", "duplicate"]),
        (report(), None, (CHANGE_EXPORTS,), []),
        (report(), None, (), []),
        (report(created=True), None, (EXPORT, CHANGE), ["stop", "delete", "backfill", "duplicate"]),
        (report(status=STOPPED), Marks((STOP,)), (EXPORT, CHANGE), ["resume", "backfill", "duplicate"]),
        (report(status=STOPPED, created=True), Marks((STOP,)), (CHANGE,), ["resume", "delete"]),
        (report(status=STOPPED, created=True), Marks((), NOON, "ada"), (EXPORT, CHANGE), ["duplicate"]),
        (report(status=STOPPED, dag=tagged(is_paused=True)), None, (EXPORT, CHANGE), ["stop", "duplicate"]),
        (report(status=STOPPED, dag=tagged(is_stale=True)), None, (EXPORT, CHANGE), ["duplicate"]),
        (report(frequency=None), None, (EXPORT, CHANGE), ["duplicate"]),
    ],
)
def test_what_may_be_done(
    registry: Registry, record: ReportRecord, marks: Marks | None, may: tuple[str, ...], expected: list[str]
) -> None:
    stopped = {"weekly_credits": marks} if marks else {}
    assert rows(registry, caller(*may), **stopped).row(record).actions == expected


def test_each_action_asks_for_the_dag_that_it_is_about(registry: Registry) -> None:
    assert rows(registry, caller(EXPORT, CHANGE, only=REPORT)).row(report()).actions == ["stop", "backfill"]
    assert rows(registry, caller(EXPORT, CHANGE, only=TYPE)).row(report()).actions == ["duplicate"]


def test_the_detail_of_a_report(registry: Registry, weekly: Definition) -> None:
    found = rows(registry).detail(report(), Marks((RESUMED,)))
    shown = {each.key: each.value for each in found.configuration}
    assert (shown["source"], shown["owner"]) == ("reports/weekly_credits.yaml", "growth@example.com")
    assert found.definition["frequency"] == {"interval": "weekly", "delivery_time": "06:00", "delivery_day": "monday"}
    assert [(each.what, each.by, each.at.isoformat()) for each in found.history] == [
        ("stopped", "ada", "2026-11-18T12:00:00-05:00"),
        ("resumed", "bob", "2026-11-18T13:00:00-05:00"),
    ]
    assert len(found.upcoming) == 5
    assert found.next_delivery == found.upcoming[0].due == datetime.fromisoformat("2026-11-23T06:00:00-05:00")
    assert (str(found.upcoming[0].window.first), str(found.upcoming[0].window.last)) == ("2026-11-16", "2026-11-22")
    assert found.airflow is not None
    assert found.airflow.dag == f"dags/{REPORT}"
    assert registry.draft(found.definition, by="bob", at=NOON).filters == weekly.filters


def test_no_link_for_whoever_may_not_change_exports(registry: Registry, weekly: Definition) -> None:
    assert rows(registry, caller(EXPORT, CHANGE)).detail(report(), Marks()).airflow is None


@pytest.mark.parametrize(
    ("marks", "changes"),
    [(Marks((STOP,)), {}), (Marks((), NOON, "ada"), {}), (None, {"dag": tagged(is_paused=True)})],
    ids=["stopped", "deleted", "paused"],
)
def test_what_stands_still_has_nothing_to_come(
    registry: Registry, weekly: Definition, marks: Marks | None, changes: dict[str, Any]
) -> None:
    stopped = {"weekly_credits": marks} if marks else {}
    found = rows(registry, **stopped).detail(report(status=STOPPED, **changes), marks or Marks())
    assert (found.next_delivery, found.upcoming) == (None, [])


def test_the_detail_of_a_report_that_is_gone(registry: Registry) -> None:
    found = rows(registry).detail(report(status=STOPPED, dag=tagged(is_stale=True)), Marks())
    assert [each.key for each in found.configuration] == ["name", "frequency"]
    assert found.definition is None
    assert "duplicate" not in found.actions
    assert found.upcoming == []


def test_a_deletion_is_the_last_of_its_history(registry: Registry, weekly: Definition) -> None:
    found = rows(registry).detail(report(), Marks((STOP,), NOON + timedelta(days=1), "bob"))
    assert [(each.what, each.by) for each in found.history] == [("stopped", "ada"), ("deleted", "bob")]


def test_a_report_is_daily_weekly_or_one_time(registry: Registry) -> None:
    found = [rows(registry).row(report(frequency=each)).frequency for each in (*Frequency, None)]
    assert found == ["daily", "weekly", "one_time"]
