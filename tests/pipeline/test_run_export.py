"""From a run to its export: the window is the data interval, and nothing reads the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import Definition
from promo_reports.errors import InvalidInput
from promo_reports.pipeline.export import Previous
from promo_reports.pipeline.run_export import Run, one_time_export, previous_export, scheduled_export
from tests.support.project import home, registry, write_weekly

__all__ = ["home", "registry"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NOON = at("2026-11-18T12:00:00-05:00")
START, END = at("2026-11-09T00:00:00-05:00"), at("2026-11-16T00:00:00-05:00")
RUN = Run("promo_reports.report.weekly_credits", "scheduled__1", at("2026-11-16T06:00:00-05:00"), START, END)
CONF = {
    "name": "Ad hoc",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "date_range": "past_week",
    "delivery": ["download"],
}


@pytest.fixture
def weekly(home: Path, registry: Registry) -> Definition:
    write_weekly(home, "weekly_credits")
    return registry.definition("weekly_credits")


@pytest.fixture
def snapshot(home: Path, registry: Registry) -> Definition:
    path = write_weekly(home, "weekly_credits")
    text = path.read_text().replace("wallet_transactions", "user_ledger_summary")
    path.write_text(text.replace(", transaction_type: [credit]", ""))
    return registry.definition("weekly_credits")


def test_a_scheduled_run_exports_its_data_interval(weekly: Definition) -> None:
    export = scheduled_export(weekly, RUN)
    assert (export.window, export.as_of) == (Window(START, END), None)
    assert export.stem == "weekly_credits_2026-11-09_to_2026-11-15"
    assert export.window_key == "20261109T050000Z_20261116T050000Z"


def test_a_run_without_an_interval_exports_the_last_window_that_was_due(weekly: Definition) -> None:
    assert scheduled_export(weekly, Run("d", "manual__1", NOON)).window == Window(START, END)


def test_a_recurring_snapshot_is_as_of_the_windows_end(snapshot: Definition) -> None:
    export = scheduled_export(snapshot, RUN)
    assert (export.window, export.as_of) == (None, END)
    assert export.stem == "weekly_credits_as_of_2026-11-16"


def test_the_previous_window_counts_only_where_it_adjoins(weekly: Definition) -> None:
    week = timedelta(days=7)
    adjoining = Previous(Window(START - week, START), END)
    assert scheduled_export(weekly, RUN, adjoining).previous == adjoining
    assert scheduled_export(weekly, RUN, Previous(Window(START - 2 * week, START - week), END)).previous is None
    assert previous_export(None) is None
    left = {"start": START.isoformat(), "end": END.isoformat(), "snapshot_at": NOON.isoformat()}
    assert previous_export(left) == Previous(Window(START, END), NOON)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2026-08-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", "longer than 3 months"),
        ("2026-11-16T00:00:00-05:00", "2026-11-30T00:00:00-05:00", "in the future"),
    ],
)
def test_an_interval_given_by_hand_is_checked(weekly: Definition, start: str, end: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        scheduled_export(weekly, replace(RUN, interval_start=at(start), interval_end=at(end)))


def test_a_one_time_run_resolves_its_range_when_it_was_asked_for(registry: Registry) -> None:
    run = Run("promo_reports.type.wallet_transactions", "manual__1", NOON)
    definition = registry.from_conf(CONF, run_id=run.run_id, at=NOON, report_type="wallet_transactions")
    export = one_time_export(definition, run)
    assert export.window == Window(START, END)
    again = one_time_export(definition, run)
    assert (again.window_key, again.stem) == (export.window_key, export.stem)


def test_today_ends_when_the_run_was_asked_for(registry: Registry) -> None:
    run = Run("d", "manual__1", NOON)
    conf = CONF | {"date_range": "today"}
    definition = registry.from_conf(conf, run_id="manual__1", at=NOON, report_type="wallet_transactions")
    assert one_time_export(definition, run).window == Window(at("2026-11-18T00:00:00-05:00"), NOON)


def test_a_snapshot_of_the_future_is_refused(snapshot: Definition) -> None:
    future = replace(RUN, interval_start=END, interval_end=END + timedelta(days=7))
    with pytest.raises(InvalidInput, match="in the future"):
        scheduled_export(snapshot, future)


def test_a_custom_range_that_is_not_over_is_refused_and_not_cut_short(home: Path, registry: Registry) -> None:
    path = write_weekly(home, "weekly_credits")
    text = path.read_text().replace("{interval: weekly, delivery_day: monday}", "one_time")
    path.write_text(text + "date_range: {first: 2026-11-01, last: 2026-11-30}\n")
    with pytest.raises(InvalidInput, match="is not over"):
        scheduled_export(registry.definition("weekly_credits"), Run("d", "scheduled__1", NOON, NOON, NOON))


def test_a_range_that_has_not_begun_is_refused(registry: Registry) -> None:
    midnight = at("2026-11-18T00:00:00-05:00")
    conf = CONF | {"date_range": "today"}
    definition = registry.from_conf(conf, run_id="manual__1", at=midnight, report_type="wallet_transactions")
    with pytest.raises(InvalidInput, match="is not over"):
        one_time_export(definition, Run("d", "manual__1", midnight))
