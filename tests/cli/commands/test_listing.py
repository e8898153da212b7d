"""`promo-reports list`: status and next delivery, as the scheduler will have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.timetables.base import TimeRestriction

from promo_reports.cli.project import open_project
from promo_reports.definitions.store.lifecycle import resume, stop
from promo_reports.domain.dates.schedule import Stop
from promo_reports.orchestration.timetable import RecurringTimetable, data_interval
from tests.support.shell import CREATED, DAILY, NOW, Shell


def rows(shell: Shell) -> dict[str, list[str]]:
    result = shell("list")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split("   ") for line in result.stdout.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {line[0]: line[1:] for line in cells if len(line) > 3}


def described(shell: Shell) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in json.loads(shell("list", "--json").stdout)}


def test_recurring_snapshot_and_one_time_reports(shell: Shell) -> None:
    found = rows(shell)
    assert found["daily"] == [
        "Daily transactions",
        "wallet_transactions",
        "Daily",
        "Active",
        "git",
        "Tue 2026-11-24 06:00 America/New_York",
        "2026-11-23",
    ]
    assert found["members"][2:] == [
        "Weekly, Monday",
        "Active",
        "git",
        "Mon 2026-11-30 06:00 America/New_York",
        "as of 2026-11-30 00:00-05:00",
    ]
    assert found["once"] == ["One week", "wallet_transactions", "One time", "One time", "git", "-", "-"]


def test_a_stopped_report_has_no_next_delivery(shell: Shell) -> None:
    shell("stop", "daily")
    assert rows(shell)["daily"][3:] == ["Stopped", "git", "-", "-"]
    assert described(shell)["daily"]["next_delivery"] is None
    shell("resume", "daily")
    assert rows(shell)["daily"][3] == "Active"


def test_a_broken_file_leaves_the_others_alone(shell: Shell) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("daily}", "hourly}").replace("wallet: ", "purse: "))
    result = shell("list")
    assert result.exit_code == 0
    assert "Invalid: daily: reports/daily.yaml:5: filters.purse: " in result.stdout
    assert "more: promo-reports validate)" in result.stdout
    found = rows(shell)
    assert found["daily"] == ["-", "-", "-", "Invalid", "git", "-", "-"]
    assert found["members"][3] == "Active"
    problems = described(shell)["daily"]["problems"]
    assert any(problem.startswith("reports/daily.yaml:6: frequency.interval:") for problem in problems)


def test_created_reports_are_listed_with_their_origin(shell: Shell) -> None:
    registry = open_project(shell.home).registry
    made = registry.create(CREATED, by="maria", at=NOW - timedelta(days=30))
    assert rows(shell)[made.id][2:5] == ["Weekly, Monday", "Active", "created"]
    registry.delete(made.id, at=NOW, by="maria")
    assert rows(shell)[made.id][3] == "Stopped"


def test_json_has_instants_with_offset(shell: Shell) -> None:
    found = described(shell)
    assert found["daily"] == {
        "id": "daily",
        "name": "Daily transactions",
        "report_type": "wallet_transactions",
        "frequency": "daily",
        "status": "Active",
        "origin": "git",
        "source": str(shell.home / "reports" / "daily.yaml"),
        "timezone": "America/New_York",
        "next_delivery": {
            "due": "2026-11-24T06:00:00-05:00",
            "window": {"start": "2026-11-23T00:00:00-05:00", "end": "2026-11-24T00:00:00-05:00"},
        },
        "next_delivery_assumes": "unchanged_schedule",
        "problems": [],
    }
    assert found["members"]["next_delivery"] == {
        "due": "2026-11-30T06:00:00-05:00",
        "as_of": "2026-11-30T00:00:00-05:00",
    }


def test_an_empty_project_lists_nothing(shell: Shell) -> None:
    for path in (shell.home / "reports").iterdir():
        path.unlink()
    assert "0 reports" in shell("list").stdout
    assert json.loads(shell("list", "--json").stdout) == []


@pytest.mark.parametrize("starts_on", ["", "starts_on: 2026-12-24\n", "starts_on: 2026-01-01\n"])
@pytest.mark.parametrize(
    "stops",
    [
        (),
        (Stop(NOW - timedelta(days=2)),),
        (Stop(NOW - timedelta(days=9), NOW - timedelta(days=3)),),
        (Stop(NOW - timedelta(days=9), NOW - timedelta(days=5)), Stop(NOW - timedelta(days=1))),
    ],
)
def test_the_next_delivery_is_the_run_that_the_scheduler_makes(
    shell: Shell, starts_on: str, stops: tuple[Stop, ...]
) -> None:
    shell.write("reports/daily.yaml", DAILY + starts_on)
    store = open_project(shell.home).registry.store
    for each in stops:
        stop(store, "daily", at=each.stopped_at, by="maria")
        if each.resumed_at:
            resume(store, "daily", at=each.resumed_at, by="maria")
    definition = open_project(shell.home).registry.definition("daily")
    assert definition.schedule is not None
    made = definition.next_delivery(NOW)
    timetable = RecurringTimetable(definition.schedule, starts_at=definition.starts_at, stops=definition.stops)
    info = timetable.next_dagrun_info(
        last_automated_data_interval=data_interval(definition.schedule.latest(NOW).window),
        restriction=TimeRestriction(None, None, catchup=True),
    )
    assert (made and made.due) == (info and info.run_after)
    assert (made and made.window.start) == (info and info.logical_date)


def test_an_hour_that_the_clock_skips(shell: Shell) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("{interval: daily}", '{interval: daily, delivery_time: "02:30"}'))
    definition = open_project(shell.home).registry.definition("daily")
    made = definition.next_delivery(datetime(2027, 3, 14, 1, tzinfo=UTC))
    assert made is not None
    assert made.due == datetime(2027, 3, 14, 7, tzinfo=UTC), "02:30 is skipped: it is 03:00 in summer time"


def test_the_list_says_what_it_cannot_know_of_a_changed_schedule(shell: Shell) -> None:
    said = " ".join(shell("list").stdout.split())
    assert "Airflow goes on from the end of the last run's window, which the Reports page shows." in said
    for path in (shell.home / "reports").iterdir():
        path.unlink()
    assert "Airflow goes on" not in shell("list").stdout
