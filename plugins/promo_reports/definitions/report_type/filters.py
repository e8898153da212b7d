"""Check the filters of a report type: where values come from, and which filters depend on others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from promo_reports.definitions.inputs.forms import sound
from promo_reports.definitions.inputs.messages import not_among
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.report_type.form import FilterForm, ReportTypeForm
from promo_reports.domain.report_type import Select
from promo_reports.regular_file import status_of

ALL = "all"


def check_filters(form: ReportTypeForm, options: Path, findings: Findings) -> None:
    """Check each filter by itself and against the ones before it; `options` is the directory of their queries."""
    earlier: dict[str, FilterForm] = {}
    for index, each in sound(form.filters):
        path = ("filters", index)
        if each.name in earlier:
            findings.add((*path, "name"), f"{each.name!r} is a filter already")
        if (each.choices is None) == (each.options is None):
            findings.add(path, "needs either `choices` or `options`, and not both")
        if each.default is not None and each.select is Select.ONE:
            findings.add((*path, "default"), "a filter with `select: one` has no default")
        _check_choices(path, each, findings)
        if each.options is not None:
            _check_options(path, each.options, options, findings)
        _check_dependency(path, each, earlier, findings)
        earlier[each.name] = each


def _check_choices(path: tuple[str, int], each: FilterForm, findings: Findings) -> None:
    if each.choices == []:
        findings.add((*path, "choices"), "is empty; name at least one value")
    seen: set[str] = set()
    for index, choice in enumerate(each.choices or ()):
        if choice.value in seen:
            findings.add((*path, "choices", index, "value"), f"{choice.value!r} is a choice already")
        if choice.value == ALL:
            findings.add(
                (*path, "choices", index, "value"), "'all' means every value in a definition; name it otherwise"
            )
        seen.add(choice.value)


def _check_options(path: tuple[str, int], name: str, directory: Path, findings: Findings) -> None:
    """Check that the query is a regular file of the directory, not a link out of it."""
    file = directory / f"{name}.sql"
    if not os.path.lexists(file):
        known = sorted(each.stem for each in directory.glob("*.sql"))
        findings.add((*path, "options"), not_among(name, known, "a file of include/sql/options"))
    elif not _is_regular(file):
        findings.add((*path, "options"), f"{name}.sql is no regular file, and is not opened; put the file itself there")


def _is_regular(file: Path) -> bool:
    try:
        return stat.S_ISREG(status_of(file).st_mode)
    except OSError:
        return False


def _check_dependency(
    path: tuple[str, int], each: FilterForm, earlier: dict[str, FilterForm], findings: Findings
) -> None:
    if each.depends_on is None:
        return
    key = (*path, "depends_on")
    parent = earlier.get(each.depends_on)
    if parent is None:
        if not findings.touches("filters", path[1]) and not any(findings.touches("filters", i) for i in range(path[1])):
            findings.add(key, not_among(each.depends_on, earlier, "an earlier filter"))
    elif parent.select is not Select.ONE:
        findings.add(key, f"{each.depends_on!r} must have `select: one`, not {parent.select.value}")
    if each.options is None and each.choices is not None:
        findings.add(key, "fixed choices depend on nothing; give `options`")
