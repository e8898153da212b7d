"""`promo-reports backfill-plan`: what Airflow's backfill would make of two dates, and the command that starts it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console

from promo_reports.cli.failures import mistake
from promo_reports.cli.screen import counted, table
from promo_reports.cli.windows import clock, in_words, local, moment
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.domain.schedule import Delivery, Schedule
from promo_reports.orchestration.dag_ids import report_dag_id


@dataclass(frozen=True)
class Plan:
    """The deliveries of a backfill, oldest first, and how many windows of the dates have not ended."""

    definition: Definition
    deliveries: tuple[Delivery, ...]
    unfinished: int

    @property
    def command(self) -> str:
        """What makes exactly these windows; Airflow takes both dates as window starts, both included."""
        zone = ZoneInfo(self.definition.timezone)
        first, last = (self.deliveries[i].window.start.astimezone(zone).isoformat() for i in (0, -1))
        dag_id = report_dag_id(self.definition.id)
        return shlex.join(
            ["airflow", "backfill", "create", "--dag-id", dag_id, "--from-date", first, "--to-date", last]
        )


def plan(definition: Definition, first: str, last: str, now: datetime) -> Plan:
    """The windows that start in `[first, last]`; stops and `starts_on` do not bind a backfill."""
    if definition.schedule is None:
        raise mistake("ID", f"{definition.id!r} is a one-time report; only a recurring one has windows to backfill")
    zone = ZoneInfo(definition.timezone)
    start, end = moment("--from", first, zone), moment("--to", last, zone)
    if start > end:
        raise mistake("--to", f"{last} is before --from, {first}")
    inside = list(_windows(definition.schedule, start, end))
    ended = tuple(each for each in inside if each.window.end < now)
    if not ended:
        found = f"; {counted(len(inside), 'window')} there, not ended yet" if inside else ""
        raise mistake("--from", f"no window that has ended starts from {first} to {last}{found}")
    return Plan(definition, ended, len(inside) - len(ended))


def print_plan(planned: Plan, console: Console) -> None:
    """A row for each window, then the command."""
    definition = planned.definition
    zone = ZoneInfo(definition.timezone)
    snapshot = definition.report_type.date_range is DateRangeRule.NONE
    shown = table("Window", "Logical date", "Due")
    for each in planned.deliveries:
        words = in_words(None, each.window.end, zone) if snapshot else in_words(each.window, None, zone)
        shown.add_row(words, local(each.window.start, zone), clock(each.due, zone))
    console.print(shown)
    console.print(f"\n{counted(len(planned.deliveries), 'window')} of {definition.id}, times in {zone.key}")
    if planned.unfinished:
        console.print(f"{counted(planned.unfinished, 'window')} that have not ended are left out.")
    console.print(
        "Windows that were exported before are skipped; add --reprocess-behavior completed to export them again.\n"
    )
    console.print(planned.command)


def _windows(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Delivery]:
    delivery = schedule.first_from(start)
    while delivery.window.start <= end:
        yield delivery
        delivery = schedule.after(delivery.window)
