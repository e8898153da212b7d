"""Check the filter values of a definition against the filters of its report type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from promo_reports.definitions.inputs.messages import MAX_GUESSES, listing, nearest
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.domain.filters import Filter, Values
from promo_reports.domain.report_type import ReportType


def check_filter_values(report_type: ReportType, given: Mapping[str, Any], findings: Findings) -> dict[str, Values]:
    """Return the values of every filter of the type; problems go to `findings`."""
    names = [each.name for each in report_type.filters]
    for place, name in enumerate(name for name in given if name not in names):
        near = nearest(name, names) if place < MAX_GUESSES else ""
        findings.add(("filters", name), f"not a filter of {report_type.id}{near or '.'}{listing(names)}")
    return {each.name: _values(each, given, findings) for each in report_type.filters}


def canonical_filters(report_type: ReportType, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that a definition without problems gives, in the canonical form of each kind, by name."""
    return {name: report_type.filter(name).canonical(value) for name, value in sorted(given.items())}


def _values(each: Filter, given: Mapping[str, Any], findings: Findings) -> Values:
    path = ("filters", each.name)
    if each.name in given:
        return each.parse(given[each.name], partial(_add, findings, path))
    if each.required and not findings.touches(*path):
        findings.add(path, f"is required: {each.expected}")
    return each.everything


def _add(findings: Findings, filter_path: KeyPath, below: KeyPath, message: str) -> None:
    findings.add((*filter_path, *below), message)
