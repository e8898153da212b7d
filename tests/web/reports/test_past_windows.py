"""Which past windows a backfill makes: as Airflow does, which knows a window's run by its logical date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from promo_reports.domain.dates.backfill import backfill_of_days
from promo_reports.domain.dates.schedule import Interval, Schedule
from promo_reports.domain.export_status import ExportStatus
from promo_reports.web.queries.records import WindowExport
from promo_reports.web.reports.models import Backfill
from promo_reports.web.reports.past_windows import Past

ZONE = ZoneInfo("America/New_York")
DAILY = Schedule(Interval.DAILY, ZONE.key)
DAY = date(2026, 11, 1)
"""A day of 25 hours."""
PLANNED = backfill_of_days(DAILY, DAY, DAY, datetime(2026, 11, 5, tzinfo=ZONE))
START = PLANNED.deliveries[0].window.start


def made(status: ExportStatus, *, scheduled: bool = True) -> Past:
    """The window's newest export."""
    export = WindowExport(7, "run", status, START if scheduled else None, START + timedelta(days=2))
    return Past(PLANNED, {START: (export,)})


def test_a_window_without_an_export_is_made() -> None:
    past = Past(PLANNED, {})
    (shown,) = past.shown(ZONE).windows
    assert (shown.window.first, shown.window.last, shown.export) == (DAY, DAY, None)
    assert shown.window.end.timestamp() - shown.window.start.timestamp() == timedelta(hours=25).total_seconds()
    assert (shown.makes, shown.makes_again) == (True, True)
    assert (past.to_make(again=False), past.to_make(again=True)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "makes", "again"),
    [
        (ExportStatus.CREATED, False, True),
        (ExportStatus.FAILED, True, True),
        (ExportStatus.CANCELLED, True, True),
        (ExportStatus.CREATING, False, False),
    ],
)
def test_what_becomes_of_a_window_that_was_exported(status: ExportStatus, makes: bool, again: bool) -> None:
    past = made(status)
    (shown,) = past.shown(ZONE).windows
    assert shown.export is not None
    assert (shown.export.id, shown.export.status) == (7, status.value)
    assert (shown.makes, shown.makes_again) == (makes, again)
    assert (past.to_make(again=False), past.to_make(again=True)) == (int(makes), int(again))


def test_one_that_was_started_by_hand_is_shown_and_the_window_made_all_the_same() -> None:
    (shown,) = made(ExportStatus.CREATED, scheduled=False).shown(ZONE).windows
    assert shown.export is not None
    assert shown.makes


def test_windows_that_have_not_ended_are_counted() -> None:
    later = replace(PLANNED, unfinished=3)
    assert Past(later, {}).shown(ZONE).unfinished == 3


@pytest.mark.parametrize("again", [0, 1, "true", "no", None])
def test_again_is_a_boolean_and_nothing_that_resembles_one(again: object) -> None:
    asked = {"first": "2026-11-01", "last": "2026-11-02", "again": again}
    with pytest.raises(ValidationError):
        Backfill.model_validate(asked)
    assert Backfill.model_validate(asked | {"again": True}).again
