"""The results of checks as a table, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from promo_reports.cli.console import counted, printable, table
from promo_reports.domain.check_result import CheckResult, CheckState

_STYLES = {CheckState.OK: "green", CheckState.PROBLEM: "bold red", CheckState.NOT_CHECKED: "yellow"}


def print_table(found: Sequence[CheckResult], console: Console) -> bool:
    """Print a line for each result, and how many are problems; return whether there are none."""
    lines = table("Check", "State", "")
    for each in found:
        lines.add_row(printable(each.subject), Text(each.state, _STYLES[each.state]), printable(each.sentence))
    console.print(lines)
    problems = sum(each.state is CheckState.PROBLEM for each in found)
    left_out = sum(each.state is CheckState.NOT_CHECKED for each in found)
    console.print(f"\n{counted(problems, 'problem')}{f', {left_out} not checked' if left_out else ''}")
    return problems == 0


def print_json(found: Sequence[CheckResult], console: Console) -> bool:
    """Print a JSON list; return whether there are no problems."""
    console.print(json.dumps(list(_json(found)), indent=2))
    return all(each.state is not CheckState.PROBLEM for each in found)


def _json(found: Iterable[CheckResult]) -> Iterator[dict[str, str]]:
    for each in found:
        yield {"check": each.subject, "state": each.state.value, "sentence": each.sentence}
