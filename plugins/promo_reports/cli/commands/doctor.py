"""`promo-reports doctor`: the results of checks as a table, or as JSON."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from promo_reports.cli.console import counted, printable, spinner, table
from promo_reports.cli.database import source_for
from promo_reports.cli.project import open_project
from promo_reports.doctor.checks import CHECKS, run
from promo_reports.doctor.installation import Installation
from promo_reports.doctor.sentences import sentence_of
from promo_reports.domain.check_result import CheckResult, CheckState, not_checked, problem
from promo_reports.errors import InvalidInput

_STYLES = {CheckState.OK: "green", CheckState.PROBLEM: "bold red", CheckState.NOT_CHECKED: "yellow"}


def results_of(home: Path | None, url: str | None, *, only_database: bool) -> list[CheckResult]:
    """Run the checks, or those of promo databases alone; `url` takes the place of every Airflow connection."""
    try:
        project = open_project(home)
    except InvalidInput as error:
        return [problem("settings", sentence_of(error)), not_checked("everything else", "It goes by the settings.")]
    installation = Installation(
        project.settings, project.registry, project.now, lambda connection: source_for(connection, url)
    )
    checks = [check for check in CHECKS if check.of_database or not only_database]
    # Importing Airflow logs to standard output, which belongs to results here.
    with spinner("Checking"), contextlib.redirect_stdout(io.StringIO()):
        return [result for _, result in run(checks, installation)]


def print_table(found: list[CheckResult], console: Console) -> bool:
    """Print a line for each result, and how many are problems; return whether there are none."""
    lines = table("Check", "State", "")
    for each in found:
        lines.add_row(printable(each.subject), Text(each.state, _STYLES[each.state]), printable(each.sentence))
    console.print(lines)
    problems = sum(each.state is CheckState.PROBLEM for each in found)
    left_out = sum(each.state is CheckState.NOT_CHECKED for each in found)
    console.print(f"\n{counted(problems, 'problem')}{f', {left_out} not checked' if left_out else ''}")
    return problems == 0


def print_json(found: list[CheckResult], console: Console) -> bool:
    """Print a JSON list; return whether there are no problems."""
    console.print(json.dumps(list(_json(found)), indent=2))
    return all(each.state is not CheckState.PROBLEM for each in found)


def _json(found: list[CheckResult]) -> Iterator[dict[str, str]]:
    for each in found:
        yield {"check": each.subject, "state": each.state.value, "sentence": each.sentence}
