"""`promo-reports backfill-plan`: exactly the runs that Airflow's backfill makes."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta

import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from promo_reports.cli.commands.backfill import plan
from promo_reports.cli.project import open_project
from promo_reports.orchestration.timetable import RecurringTimetable
from tests.support.shell import DAILY, MEMBERS, NOW, Shell


def as_airflow_does(timetable: RecurringTimetable, command: list[str], now: datetime) -> list[DagRunInfo]:
    """What `SerializedDAG.iter_dagrun_infos_between` and `backfill._get_info_list` of Airflow 3.3 do with a command."""
    first, last = (pendulum.parse(command[command.index(option) + 1]) for option in ("--from-date", "--to-date"))
    assert isinstance(first, pendulum.DateTime)
    assert isinstance(last, pendulum.DateTime)
    infos: list[DagRunInfo] = []
    interval: DataInterval | None = None
    while info := timetable.next_dagrun_info(
        last_automated_data_interval=interval, restriction=TimeRestriction(first, last, catchup=True)
    ):
        interval = info.data_interval
        infos.append(info)
    return [info for info in infos if info.data_interval and info.data_interval.end < now]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "America/Havana"])
@pytest.mark.parametrize(
    ("frequency", "first", "last"),
    [
        ("{interval: daily}", "2026-10-28", "2026-11-04"),
        ("{interval: daily}", "2026-03-05", "2026-03-11"),
        ("{interval: daily}", "2026-11-20", "2026-12-01"),
        ("{interval: weekly, delivery_day: monday}", "2026-10-12", "2026-11-09"),
        ("{interval: weekly, delivery_day: thursday}", "2026-10-13", "2026-11-15"),
    ],
)
def test_the_windows_are_those_of_airflow(shell: Shell, frequency: str, first: str, last: str, zone: str) -> None:
    text = DAILY.replace("{interval: daily}", frequency) + f"timezone: {zone}\nstarts_on: 2026-12-24\n"
    shell.write("reports/daily.yaml", text)
    definition = open_project(shell.home).registry.definition("daily")
    planned = plan(definition, first, last, NOW)
    assert definition.schedule is not None
    infos = as_airflow_does(RecurringTimetable(definition.schedule), shlex.split(planned.command), NOW)
    assert [(each.window.start, each.window.end, each.due) for each in planned.backfill.deliveries] == [
        (info.data_interval.start, info.data_interval.end, info.run_after) for info in infos if info.data_interval
    ]


def test_what_is_printed(shell: Shell) -> None:
    result = shell("backfill-plan", "daily", "--from", "2026-10-31", "--to", "2026-11-02")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert [line.split("   ")[0] for line in lines[2:5]] == [
        "Saturday 2026-10-31, America/New_York",
        "Sunday 2026-11-01 (25 hours), America/New_York",
        "Monday 2026-11-02, America/New_York",
    ]
    assert lines[3].endswith("2026-11-01 00:00-04:00   Mon 2026-11-02 06:00")
    assert "3 windows of daily, times in America/New_York" in lines
    assert lines[-1] == (
        "airflow backfill create --dag-id promo_reports.report.daily "
        "--from-date 2026-10-31T00:00:00-04:00 --to-date 2026-11-02T00:00:00-05:00"
    )


def test_windows_that_have_not_ended_are_left_out(shell: Shell) -> None:
    result = shell("backfill-plan", "daily", "--from", "2026-11-22", "--to", "2026-11-24")
    assert "1 window of daily" in result.stdout
    assert "2 windows that have not ended are left out." in result.stdout
    assert result.stdout.count("2026-11-22T00:00:00-05:00") == 2, "first and last of the command"


def test_a_snapshot_is_as_of_the_end_of_its_window(shell: Shell) -> None:
    result = shell("backfill-plan", "members", "--from", "2026-11-09", "--to", "2026-11-09")
    assert "as of 2026-11-16 00:00-05:00, America/New_York   2026-11-09 00:00-05:00" in result.stdout


def test_a_stopped_report_can_be_backfilled(shell: Shell) -> None:
    shell("stop", "daily")
    assert shell("backfill-plan", "daily", "--from", "2026-11-01", "--to", "2026-11-01").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["once", "--from", "2026-11-01", "--to", "2026-11-02"], "'once' is a one-time report"),
        (["daily", "--from", "2026-11-02", "--to", "2026-11-01"], "error: --to: 2026-11-01 is before --from"),
        (["daily", "--from", "2026-12-01", "--to", "2026-12-02"], "2 windows there, not ended yet"),
        (["members", "--from", "2026-11-10", "--to", "2026-11-11"], "no window that has ended starts from 2026-11-10"),
        (["daily", "--from", "November", "--to", "2026-12-02"], "error: --from: must be a date like"),
        (["daily", "--from", "2026-11-01"], "Missing option '--to'"),
        (["nobody", "--from", "2026-11-01", "--to", "2026-11-02"], "no report 'nobody' is registered"),
    ],
)
def test_mistakes(shell: Shell, words: list[str], message: str) -> None:
    result = shell("backfill-plan", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_now_is_not_part_of_a_window_that_ends_now(shell: Shell) -> None:
    shell.write("reports/members.yaml", MEMBERS)
    definition = open_project(shell.home).registry.definition("daily")
    end = plan(definition, "2026-11-21", "2026-11-21", NOW).backfill.deliveries[0].window.end
    assert len(plan(definition, "2026-11-20", "2026-11-21", end).backfill.deliveries) == 1, (
        "as Airflow: ended before now"
    )
    assert len(plan(definition, "2026-11-20", "2026-11-21", end + timedelta(seconds=1)).backfill.deliveries) == 2
