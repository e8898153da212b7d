"""Check the filters of a report type, each by the rules of its kind."""

from __future__ import annotations

from pathlib import Path

from promo_reports.definitions.filter_kinds.kind import FilterForm
from promo_reports.definitions.inputs.forms import sound
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.report_type.form import ReportTypeForm


def check_filters(form: ReportTypeForm, options: Path, findings: Findings) -> None:
    """Check each filter by itself and against the ones before it; `options` is the directory of their queries."""
    earlier: dict[str, FilterForm] = {}
    for index, each in sound(form.filters):
        path = ("filters", index)
        if each.name in earlier:
            findings.add((*path, "name"), f"{each.name!r} is a filter already")
        each.check(path, earlier, options, findings)
        earlier[each.name] = each
