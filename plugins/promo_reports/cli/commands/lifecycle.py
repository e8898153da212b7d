"""`promo-reports stop`, `resume` and `delete`: changes of stop marks (decisions, 9)."""

from __future__ import annotations

import os

from rich.console import Console

from promo_reports.cli.failures import usage_error
from promo_reports.cli.project import Project
from promo_reports.cli.windows import clock, short
from promo_reports.definitions.store.stop_marks import Marks


def acting_user(by: str | None) -> str:
    """Return the acting user: `--by`, or the user of the shell."""
    user = by or os.environ.get("USER", "")
    if not user:
        raise usage_error("--by", "is needed: $USER is not set, and the store keeps who did it")
    return user


def stop(project: Project, report_id: str, by: str, console: Console) -> None:
    """Stop a report from now on."""
    before = project.registry.store.marks(report_id)
    marks = project.registry.stop(report_id, at=project.now, by=by)
    if marks == before:
        console.print(f"{report_id} is stopped already, {_since(marks)}; nothing was changed.")
        return
    console.print(f"{report_id} is stopped.", style="bold")
    console.print("No further run starts. A run that is open finishes; past runs can be retried and downloaded.")
    console.print(f"To go on: promo-reports resume {report_id}")


def resume(project: Project, report_id: str, by: str, console: Console) -> None:
    """Resume a report from now on."""
    before = project.registry.store.marks(report_id)
    marks = project.registry.resume(report_id, at=project.now, by=by)
    if marks == before:
        console.print(f"{report_id} is not stopped; nothing was changed.")
    else:
        console.print(f"{report_id} is active again.", style="bold")
        console.print("What was due while it was stopped is not made up for: promo-reports backfill-plan shows how.")
    definition = project.registry.definition(report_id)
    delivery = definition.next_delivery(project.now)
    if delivery is not None:
        zone = definition.zone
        due = f"{clock(delivery.due, zone)} {zone.key}"
        console.print(f"Next delivery: {due}, for {short(delivery.window, zone)}.")


def delete(project: Project, report_id: str, by: str, console: Console) -> None:
    """Delete a report of the store; one in git is deleted by removing its file."""
    before = project.registry.store.marks(report_id)
    marks = project.registry.delete(report_id, at=project.now, by=by)
    if marks == before:
        console.print(f"{report_id} is deleted already, {_since(marks)}; nothing was changed.")
        return
    console.print(f"{report_id} is deleted.", style="bold")
    console.print("No further run starts, and it cannot be resumed. A run that is open finishes.")
    console.print("Its exports stay, it stays listed as Stopped, and its id is not used again.")


def _since(marks: Marks) -> str:
    if marks.deleted_at is not None:
        return f"deleted by {marks.deleted_by} at {marks.deleted_at.isoformat()}"
    last = marks.stops[-1]
    return f"by {last.stopped_by} at {last.stopped_at.isoformat()}"
