"""Recurring reports as rows of the page: their status, why they stand still, and what may be done with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store.stop_marks import Marks, StopMark
from promo_reports.definitions.store.store_cache import CreatedReports
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import Definition
from promo_reports.domain.export_status import ReportStatus
from promo_reports.web.exports.rows import Rows
from promo_reports.web.queries.records import DagRecord, Deletion, ReportRecord, ReportWindows
from promo_reports.web.reports import rows as report_rows
from promo_reports.web.reports.models import ReportDetail
from promo_reports.web.reports.rows import ReportRows
from tests.support.project import write_weekly
from tests.support.web.callers import CHANGE, CHANGE_EXPORTS, EXPORT, NOON, REPORT, TYPE, Permitted, caller, dag, report

STOPPED = ReportStatus.STOPPED
ADA = caller(EXPORT, CHANGE, CHANGE_EXPORTS)
NO_RUNS = ReportWindows()
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
        "pending_reason": None,
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
    assert row.pending_reason == "Airflow has not registered it yet. That takes some seconds."
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
        ({"dag": tagged(is_stale=True)}, "good", "broken", "Airflow has not read its definition again yet. That takes"),
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
    stopped: dict[str, Any] = {"weekly_credits": marks} if marks else {}
    assert rows(registry, caller(*may), **stopped).row(record).actions == expected


def test_each_action_asks_for_the_dag_that_it_is_about(registry: Registry) -> None:
    assert rows(registry, caller(EXPORT, CHANGE, only=REPORT)).row(report()).actions == ["stop", "backfill"]
    assert rows(registry, caller(EXPORT, CHANGE, only=TYPE)).row(report()).actions == ["duplicate"]


def test_the_detail_of_a_report(registry: Registry, weekly: Definition) -> None:
    found = rows(registry).detail(report(), Marks((RESUMED,)), NO_RUNS)
    shown = {each.key: each.value for each in found.configuration}
    assert (shown["source"], shown["owner"]) == ("reports/weekly_credits.yaml", "growth@example.com")
    assert found.definition is not None
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
    assert found.definition is not None
    assert registry.draft(found.definition, by="bob", at=NOON).filters == weekly.filters


def test_no_link_for_whoever_may_not_change_exports(registry: Registry, weekly: Definition) -> None:
    assert rows(registry, caller(EXPORT, CHANGE)).detail(report(), Marks(), NO_RUNS).airflow is None


@pytest.mark.parametrize(
    ("marks", "changes"),
    [(Marks((STOP,)), {}), (Marks((), NOON, "ada"), {}), (None, {"dag": tagged(is_paused=True)})],
    ids=["stopped", "deleted", "paused"],
)
def test_what_stands_still_has_nothing_to_come(
    registry: Registry, weekly: Definition, marks: Marks | None, changes: dict[str, Any]
) -> None:
    stopped: dict[str, Any] = {"weekly_credits": marks} if marks else {}
    found = rows(registry, **stopped).detail(report(status=STOPPED, **changes), marks or Marks(), NO_RUNS)
    assert (found.next_delivery, found.upcoming) == (None, [])


def test_the_detail_of_a_report_that_is_gone(registry: Registry) -> None:
    found = rows(registry).detail(report(status=STOPPED, dag=tagged(is_stale=True)), Marks(), NO_RUNS)
    assert [each.key for each in found.configuration] == ["name", "frequency"]
    assert found.definition is None
    assert "duplicate" not in found.actions
    assert found.upcoming == []


def test_a_deletion_is_the_last_of_its_history(registry: Registry, weekly: Definition) -> None:
    found = rows(registry).detail(report(), Marks((STOP,), NOON + timedelta(days=1), "bob"), NO_RUNS)
    assert [(each.what, each.by) for each in found.history] == [("stopped", "ada"), ("deleted", "bob")]


def test_a_report_is_daily_weekly_or_one_time(registry: Registry) -> None:
    found = [rows(registry).row(report(frequency=each)).frequency for each in (*Interval, None)]
    assert found == ["daily", "weekly", "one_time"]


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00-05:00")


def daily(*days: str) -> tuple[Window, ...]:
    """The windows of these local days."""
    return tuple(Window(day(each), day(each) + timedelta(days=1)) for each in days)


def covered(found: ReportDetail) -> list[tuple[str, str]]:
    return [(str(each.window.first), str(each.window.last)) for each in found.upcoming[:2]]


def gaps(found: ReportDetail) -> list[tuple[str, str]]:
    return [(str(each.first), str(each.last)) for each in found.uncovered]


def test_after_a_change_from_daily_to_weekly_the_first_week_is_the_one_after_the_last_day(
    registry: Registry, weekly: Definition
) -> None:
    """By the calendar alone it would be the week before next Monday, part of which was delivered day by day."""
    windows = ReportWindows(daily("2026-11-15", "2026-11-16", "2026-11-17"), (), day("2026-11-18"))
    for due in (None, NOON + timedelta(hours=18)):  # before and after Airflow has read the definition again
        record = report(schedule="Every day at 06:00 America/New_York, the day before" if due else "", due=due)
        found = rows(registry).detail(record, Marks(), windows)
        assert covered(found) == [("2026-11-23", "2026-11-29"), ("2026-11-30", "2026-12-06")]
        assert found.next_delivery == found.upcoming[0].due == datetime.fromisoformat("2026-11-30T06:00:00-05:00")
        assert gaps(found) == [("2026-11-18", "2026-11-22")]


def test_the_next_delivery_is_the_one_that_the_scheduler_has(registry: Registry, weekly: Definition) -> None:
    """Overdue, since the scheduler was away: it makes up for what it has missed, one after the other."""
    overdue = report(
        due=datetime.fromisoformat("2026-11-09T06:00:00-05:00"),
        next_window=Window(day("2026-11-02"), day("2026-11-09")),
    )
    found = rows(registry).detail(overdue, Marks(), NO_RUNS)
    assert covered(found) == [("2026-11-02", "2026-11-08"), ("2026-11-09", "2026-11-15")]
    assert found.next_delivery == found.upcoming[0].due == overdue.due


def test_days_without_a_delivery_are_named_until_a_run_covers_them(registry: Registry, weekly: Definition) -> None:
    """Stopped meanwhile, or changed: what lies between two deliveries; not what nobody ever scheduled."""
    scheduled = (Window(day("2026-10-19"), day("2026-10-26")), Window(day("2026-11-09"), day("2026-11-16")))
    found = rows(registry).detail(report(), Marks(), ReportWindows(scheduled, (), day("2026-11-16")))
    assert gaps(found) == [("2026-10-26", "2026-11-08")]
    backfilled = (Window(day("2026-01-05"), day("2026-01-12")), Window(day("2026-10-26"), day("2026-11-02")))
    found = rows(registry).detail(report(), Marks(), ReportWindows(scheduled, backfilled, day("2026-11-16")))
    assert gaps(found) == [("2026-11-02", "2026-11-08")]


def test_a_report_whose_dag_was_deleted_in_airflow_says_so(home: Path, registry: Registry, weekly: Definition) -> None:
    record = report(dag=None, due=None, next_window=None, last_export=None, deletion=Deletion(NOON, "ada"))
    row = rows(registry).row(record)
    assert row.pending_reason == (
        "Its DAG was deleted in Airflow by ada on 2026-11-18 at 12:00, and the history of its exports with it. "
        "It is registered again. That takes some seconds."
    )
    assert row.next_delivery == datetime.fromisoformat("2026-11-23T06:00:00-05:00"), "none that was due before"


def test_without_a_dag_processor_nobody_promises_seconds(registry: Registry, weekly: Definition) -> None:
    made = replace(rows(registry), registering=False)
    silent = "Airflow's dag-processor does not run: nothing is registered or changed until it does."
    new = made.row(report(dag=None, due=None, last_export=None))
    assert new.pending_reason == f"Airflow has not registered it yet. {silent}"
    stale = made.row(report(status=STOPPED, dag=tagged(is_stale=True)))
    assert stale.stopped is not None
    assert stale.stopped.reason == f"Airflow has not read its definition again yet. {silent}"
