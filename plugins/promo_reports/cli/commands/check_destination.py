"""`promo-reports check-destination`: the destinations of the account, and a check of one."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping

from rich.console import Console

from promo_reports.cli.console import spinner, table
from promo_reports.cli.failures import usage_error
from promo_reports.cli.project import Project
from promo_reports.definitions.inputs.messages import nearest, quoted
from promo_reports.delivery.destination_check import DestinationCheck
from promo_reports.delivery.destinations import buckets_by_id
from promo_reports.domain.account import Bucket


def print_destinations(project: Project, console: Console) -> None:
    """Print a row for each destination."""
    shown = table("ID", "Address", "Connection")
    for each, bucket in _by_id(project).items():
        shown.add_row(each, bucket.address, bucket.connection or "-")
    console.print(shown)
    console.print("\nCheck one: promo-reports check-destination ID")


def check_of(project: Project, wanted: str) -> DestinationCheck:
    """Return the check of a destination by its id, or by its bucket's name where one alone has it."""
    known = _by_id(project)
    found = [wanted] if wanted in known else [each for each in known if each.partition(":")[2] == wanted]
    if not found:
        near = nearest(wanted, known) or f"; known: {', '.join(known)}"
        raise usage_error("ID", f"no destination {quoted(wanted)} is connected{near}")
    if len(found) > 1:
        raise usage_error("ID", f"several buckets are named {quoted(wanted)}: {', '.join(found)}")
    return DestinationCheck(found[0], known[found[0]])


def run(check: DestinationCheck) -> None:
    """Run it; what importing Airflow logs to standard output is dropped, as results belong there."""
    with spinner("Checking"), contextlib.redirect_stdout(io.StringIO()):
        check.run()


def _by_id(project: Project) -> Mapping[str, Bucket]:
    return buckets_by_id(project.registry.account, project.settings)
