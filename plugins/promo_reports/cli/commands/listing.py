"""`promo-reports list`: registered reports, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from promo_reports.cli.console import counted, table
from promo_reports.cli.failures import lines_of
from promo_reports.cli.project import Project
from promo_reports.cli.windows import clock, local, short
from promo_reports.definitions.registry import Checked
from promo_reports.definitions.source_files import SourceFile
from promo_reports.domain.dates.schedule import Delivery
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.errors import InvalidInput

ASSUMED = (
    "Next deliveries are those of a schedule that has not changed since the last one. Airflow goes on from the end of "
    "the last run's window, which the Reports page shows."
)


@dataclass(frozen=True)
class Listed:
    """One registered report; exactly one of `definition` and `error` is set."""

    source: SourceFile
    definition: Definition | None
    error: InvalidInput | None
    next: Delivery | None

    @property
    def status(self) -> str:
        """The export status of the product spec, or Invalid."""
        if self.definition is None:
            return "Invalid"
        if not self.definition.recurring:
            return "One time"
        return "Stopped" if self.definition.stopped_since else "Active"

    @property
    def problems(self) -> list[str]:
        """Problems of the file, each as one line."""
        return list(lines_of(self.error)) if self.error is not None else []

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON values; instants are ISO 8601 in the report's timezone."""
        known, zone = self.definition, _zone(self.definition)
        return {
            "id": self.source.key,
            "name": known.name if known else None,
            "report_type": known.report_type.id if known else None,
            "frequency": known.frequency if known else None,
            "status": self.status,
            "origin": self.source.origin.value,
            "source": self.source.address,
            "timezone": known.timezone if known else None,
            "next_delivery": self._next(known, self.next, zone) if known and self.next and zone else None,
            "next_delivery_assumes": "unchanged_schedule" if self.next else None,
            "problems": self.problems,
        }

    @staticmethod
    def _next(definition: Definition, delivery: Delivery, zone: ZoneInfo) -> dict[str, Any]:
        start, end = (each.astimezone(zone).isoformat() for each in (delivery.window.start, delivery.window.end))
        covers = {"as_of": end} if _snapshot(definition) else {"window": {"start": start, "end": end}}
        return {"due": delivery.due.astimezone(zone).isoformat(), **covers}


def listed(project: Project) -> Iterator[Listed]:
    """Return all registered reports, sorted by id."""
    for checked in project.registry.check_all():
        yield _listed(checked, project.now)


def print_table(reports: Iterable[Listed], console: Console) -> None:
    """Print a row for each report, then the first problem of each invalid one."""
    rows = list(reports)
    shown = table("ID", "Name", "Report type", "Frequency", "Status", "Origin", "Next delivery", "Window")
    for each in rows:
        shown.add_row(*_cells(each))
    console.print(shown)
    console.print(f"\n{counted(len(rows), 'report')}")
    if any(each.next for each in rows):
        console.print(ASSUMED)
    for each in rows:
        if problems := each.problems:
            more = f" (and {len(problems) - 1} more: promo-reports validate)" if len(problems) > 1 else ""
            console.print(f"Invalid: {each.source.key}: {problems[0]}{more}")


def print_json(reports: Iterable[Listed], console: Console) -> None:
    """Print the reports as a JSON list."""
    console.print(json.dumps([each.plain() for each in reports], indent=2, ensure_ascii=False))


def _listed(checked: Checked, now: datetime) -> Listed:
    upcoming = checked.definition.next_delivery(now) if checked.definition is not None else None
    return Listed(checked.source, checked.definition, checked.error, upcoming)


def _cells(each: Listed) -> list[str]:
    known, zone = each.definition, _zone(each.definition)
    if known is None or zone is None:
        return [each.source.key, "-", "-", "-", each.status, each.source.origin.value, "-", "-"]
    frequency = known.frequency.replace("_", " ").capitalize()
    if known.schedule is not None and known.schedule.delivery_day:
        frequency += f", {known.schedule.delivery_day.title()}"
    due = covers = "-"
    if each.next is not None:
        due = f"{clock(each.next.due, zone)} {zone.key}"
        window = each.next.window
        covers = f"as of {local(window.end, zone)}" if _snapshot(known) else short(window, zone)
    return [known.id, known.name, known.report_type.id, frequency, each.status, known.origin.value, due, covers]


def _snapshot(definition: Definition) -> bool:
    return definition.report_type.date_range is DateRangeRule.NONE


def _zone(definition: Definition | None) -> ZoneInfo | None:
    return definition.zone if definition is not None else None
