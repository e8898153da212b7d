"""Filter values from the promo database: the choices of a filter, and whether a definition's values exist."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promo_reports.domain.definition import Definition
from promo_reports.domain.filters import Choice, Filter, Select
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import SqlTemplateError, UnknownValue
from promo_reports.pipeline.databases.source import Option, Snapshot
from promo_reports.sql.report_query import load_options_query, options_query
from promo_reports.sql.template import FilterValues

_MOST_CHOICES = 200


def choices(snapshot: Snapshot, report_type: ReportType, each: Filter, chosen: FilterValues, sql: Path) -> list[Choice]:
    """Return the choices of a filter, also inactive ones, in the order of its options query.

    `chosen` has the text of the value that it depends on.
    """
    if each.options is None:
        return list(each.choices)
    options = _options(snapshot, each, _typed_parent(snapshot, report_type, each, chosen, sql), sql)
    return [Choice(option.text, option.title) for option in options]


@dataclass(frozen=True)
class Found:
    """The first of the choices that a search found, and how many it found in all."""

    choices: tuple[Choice, ...]
    total: int


def search(among: Sequence[Choice], text: str) -> Found:
    """Return the choices whose title or value contains a text, ignoring case; at most 200, in their order."""
    wanted = text.strip().casefold()
    found = [each for each in among if wanted in each.title.casefold() or wanted in each.value.casefold()]
    return Found(tuple(found[:_MOST_CHOICES]), len(found))


def known_filters(snapshot: Snapshot, definition: Definition, sql: Path) -> FilterValues:
    """Return a definition's filters with values of the types that they are bound as.

    Raises `UnknownValue` for a value that it does not know: an empty file would hide the mistake. Filters come in the
    report type's order: a value is known before the choices that depend on it are asked for.
    """
    known: dict[str, tuple[object, ...] | None] = {}
    for each in definition.report_type.filters:
        values = definition.filters.get(each.name)
        known[each.name] = values
        for value in values or ():
            if not _storable(value):
                raise _unknown(definition, each, value, [])
        if each.options is None or values is None:
            continue
        options = _options(snapshot, each, known.get(each.depends_on) if each.depends_on else None, sql)
        found = _values_by_text(options)
        for value in sorted(set(values) - set(found)):
            raise _unknown(definition, each, value, [option.text for option in options])
        known[each.name] = tuple(typed for value in values for typed in found[value])
        if each.select is Select.ONE and len(known[each.name] or ()) > 1:
            raise UnknownValue(
                each.name,
                f"Report {definition.id!r}: {each.title.lower()} {values[0]!r} is several values of the promo database,"
                " of different types.",
                f"CAST them to one type in include/sql/options/{each.options}.sql and in the report type's SQL.",
            )
    return {
        each.name: None if (typed := known[each.name]) is None else each.bind(typed)
        for each in definition.report_type.filters
    }


def first_filters(snapshot: Snapshot, report_type: ReportType, sql: Path) -> FilterValues:
    """Return a value for every filter, as it is bound: the first that may be chosen; NULL where there is none."""
    first: dict[str, tuple[object, ...]] = {}
    for each in report_type.filters:
        if each.options is None:
            first[each.name] = each.sample
            continue
        options = _options(snapshot, each, first.get(each.depends_on) if each.depends_on else None, sql)
        first[each.name] = (options[0].value if options else None,)
    return {
        each.name: first[each.name] if each.options is None else each.bind(first[each.name])
        for each in report_type.filters
    }


def _options(snapshot: Snapshot, each: Filter, parent: tuple[object, ...] | None, sql: Path) -> list[Option]:
    template = load_options_query(sql, each.options or "", each.depends_on)
    try:
        return snapshot.options(options_query(template, {each.depends_on: parent} if each.depends_on else {}))
    except SqlTemplateError as wrong:
        raise SqlTemplateError(f"{template.path}: {wrong.reason}", wrong.fix) from None


def _typed_parent(
    snapshot: Snapshot, report_type: ReportType, each: Filter, chosen: FilterValues, sql: Path
) -> tuple[object, ...] | None:
    """Return the value that a filter depends on; its text where the database has no such value."""
    if each.depends_on is None:
        return None
    parent, values = report_type.filter(each.depends_on), chosen.get(each.depends_on)
    if values is None or parent.options is None or (parent.depends_on and chosen.get(parent.depends_on) is None):
        return values
    options = _options(snapshot, parent, _typed_parent(snapshot, report_type, parent, chosen, sql), sql)
    return tuple(_values_by_text(options).get(str(values[0]), values))


def _values_by_text(options: Sequence[Option]) -> dict[str, list[object]]:
    """Return the distinct values by their text; texts of earlier releases stand for the same values."""
    values: dict[str, dict[tuple[type, object], object]] = {}
    for option in options:
        values.setdefault(option.text, {})[type(option.value), option.value] = option.value
    former = {option.former: [option.value] for option in options if option.former is not None}
    return {**former, **{text: list(same.values()) for text, same in values.items()}}


def _storable(value: str) -> bool:
    """Return whether a database could hold the text at all: drivers fail on NUL and on halves of surrogate pairs."""
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:
        return False


def _unknown(definition: Definition, each: Filter, value: str, known: list[str]) -> UnknownValue:
    near = difflib.get_close_matches(value, known, n=3)
    hint = f"Did you mean {', '.join(near)}?" if near else f"There are {len(known)} to choose from."
    parent = definition.filters.get(each.depends_on) if each.depends_on else None
    of = f" for {each.depends_on} {parent[0]!r}" if parent else ""
    return UnknownValue(
        each.name, f"Report {definition.id!r}: {each.title.lower()} {value!r} is not in the promo database{of}.", hint
    )
