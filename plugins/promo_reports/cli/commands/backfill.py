"""`promo-reports backfill-plan`: the windows of an Airflow backfill, and the command that starts it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from promo_reports.cli.console import counted, table
from promo_reports.cli.failures import usage_error
from promo_reports.cli.windows import clock, in_words, local, moment
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.domain.dates.backfill import Backfill, backfill
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule


@dataclass(frozen=True)
class Plan:
    """A report's backfill, and the command that makes it."""

    definition: Definition
    backfill: Backfill

    @property
    def command(self) -> str:
        """Command that creates exactly these windows."""
        assert self.backfill.dates is not None  # noqa: S101 - a plan without windows is refused
        zone = self.definition.zone
        first, last = (each.astimezone(zone).isoformat() for each in self.backfill.dates)
        dag_id = report_dag_id(self.definition.id)
        return shlex.join(
            ["airflow", "backfill", "create", "--dag-id", dag_id, "--from-date", first, "--to-date", last]
        )


def plan(definition: Definition, first: str, last: str, now: datetime) -> Plan:
    """Return the plan of the windows that start in `[first, last]`; `InvalidInput` if none of them has ended."""
    if definition.schedule is None:
        raise usage_error("ID", f"{definition.id!r} is a one-time report; only a recurring one has windows to backfill")
    zone = definition.zone
    start, end = moment("--from", first, zone), moment("--to", last, zone)
    if start > end:
        raise usage_error("--to", f"{last} is before --from, {first}")
    found = backfill(definition.schedule, start, end, now)
    if not found.deliveries:
        there = f"; {counted(found.unfinished, 'window')} there, not ended yet" if found.unfinished else ""
        raise usage_error("--from", f"no window that has ended starts from {first} to {last}{there}")
    return Plan(definition, found)


def print_plan(planned: Plan, console: Console) -> None:
    """Print a row for each window, then the command."""
    definition = planned.definition
    zone = definition.zone
    snapshot = definition.report_type.date_range is DateRangeRule.NONE
    shown = table("Window", "Logical date", "Due")
    for each in planned.backfill.deliveries:
        words = in_words(None, each.window.end, zone) if snapshot else in_words(each.window, None, zone)
        shown.add_row(words, local(each.window.start, zone), clock(each.due, zone))
    console.print(shown)
    console.print(f"\n{counted(len(planned.backfill.deliveries), 'window')} of {definition.id}, times in {zone.key}")
    if planned.backfill.unfinished:
        console.print(f"{counted(planned.backfill.unfinished, 'window')} that have not ended are left out.")
    console.print(
        "Windows that were exported before are skipped; add --reprocess-behavior completed to export them again.\n"
    )
    console.print(planned.command)
