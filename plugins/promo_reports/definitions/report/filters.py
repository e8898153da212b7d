"""Check the filter values of a definition against the filters of its report type."""

from __future__ import annotations

from collections.abc import Mapping

from promo_reports.definitions.inputs.messages import MAX_GUESSES, listing, nearest, not_among
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.report_type.filters import ALL
from promo_reports.domain.report_type import Filter, ReportType, Select

MAX_VALUES = 1_000

Chosen = Mapping[str, str | list[str]]


def check_filter_values(
    report_type: ReportType, chosen: Chosen, findings: Findings
) -> dict[str, tuple[str, ...] | None]:
    """Return the values of every filter of the type, None for `all` of a queried one; problems go to `findings`."""
    names = [each.name for each in report_type.filters]
    for place, name in enumerate(name for name in chosen if name not in names):
        near = nearest(name, names) if place < MAX_GUESSES else ""
        findings.add(("filters", name), f"not a filter of {report_type.id}{near or '.'}{listing(names)}")
    return {each.name: _values(each, chosen, findings) for each in report_type.filters}


def _values(each: Filter, chosen: Chosen, findings: Findings) -> tuple[str, ...] | None:
    path = ("filters", each.name)
    everything = each.values or None
    value = chosen.get(each.name)
    if value is None:
        if each.required and not findings.touches(*path):
            findings.add(path, f"is required: {_how_many(each)}{listing(each.values) if each.values else ''}")
        return everything
    if value == ALL and not isinstance(value, list):
        if each.required and not (each.select is Select.MANY and each.choices):
            findings.add(path, f"cannot be all: {_how_many(each)}{listing(each.values) if each.values else ''}")
        return everything
    values = value if isinstance(value, list) else [value]
    _check_values(each, values, findings)
    if not each.values:
        return tuple(dict.fromkeys(values))
    return tuple(known for known in each.values if known in values)


def _check_values(each: Filter, values: list[str], findings: Findings) -> None:
    path = ("filters", each.name)
    if not values:
        findings.add(path, f"is empty; {_how_many(each)}{listing(each.values) if each.values else ''}")
    if len(values) > MAX_VALUES:
        findings.add(path, f"names {len(values)} values; at most {MAX_VALUES} are allowed")
        return
    if each.select is Select.ONE and len(set(values)) > 1:
        findings.add(path, f"names {len(values)} values; {_how_many(each)}")
    for index, value in enumerate(values):
        here = (*path, index) if len(values) > 1 else path
        if value in values[:index]:
            findings.add(here, f"{value!r} is named twice")
        elif each.values and value not in each.values:
            findings.add(here, not_among(value, each.values, f"a value of {each.name}"))


def _how_many(each: Filter) -> str:
    return "name exactly one value." if each.select is Select.ONE else "name at least one value."
