"""Filter values that come from the promo database: what can be chosen, and whether what was chosen exists."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import Choice, Column, ColumnType, Filter
from promo_reports.errors import SourceRefused, SqlTemplateError
from promo_reports.pipeline.source import Snapshot
from promo_reports.sql.report_query import load_options_query, options_query
from promo_reports.sql.template import FilterValues

_MOST_CHOICES = 200


class UnknownValue(SourceRefused):
    """A value of `filter`, by its name, that the promo database does not know: a mistake of whoever asks."""

    def __init__(self, filter_name: str, reason: str, fix: str = "") -> None:
        super().__init__(reason, fix)
        self.filter = filter_name


def choices(snapshot: Snapshot, each: Filter, chosen: FilterValues, sql: Path) -> list[Choice]:
    """What a filter can be set to, whatever its status, in the order of its options query."""
    if each.options is None:
        return list(each.choices)
    template = load_options_query(sql, each.options, each.depends_on)
    parent = {each.depends_on: chosen.get(each.depends_on)} if each.depends_on else {}
    answer = snapshot.fetch(options_query(template, parent))
    if answer and len(answer[0]) != 2:
        raise SqlTemplateError(f"{template.path}: answers {len(answer[0])} columns", "Select value and title.")
    text = snapshot.text_of(Column(each.name, ColumnType.TEXT, each.description))
    return [
        Choice(text(value), text(value if title is None else title)) for value, title in answer if value is not None
    ]


@dataclass(frozen=True)
class Found:
    """The first of the choices that a search found, and how many it found in all."""

    choices: tuple[Choice, ...]
    total: int


def search(among: Sequence[Choice], text: str) -> Found:
    """The choices whose title or value contains a text, whatever its case, in their order; at most 200 of them."""
    wanted = text.strip().casefold()
    found = [each for each in among if wanted in each.title.casefold() or wanted in each.value.casefold()]
    return Found(tuple(found[:_MOST_CHOICES]), len(found))


def check_exist(snapshot: Snapshot, definition: Definition, sql: Path) -> None:
    """Raise `UnknownValue` for a value that the promo database does not know: an empty file would hide the mistake.

    Filters come in the report type's order: a value is known before the choices that depend on it are asked for.
    """
    for each in definition.report_type.filters:
        values = definition.filters.get(each.name)
        for value in values or ():
            if not _storable(value):
                raise _unknown(definition, each, value, [])
        if each.options is None or values is None:
            continue
        known = [choice.value for choice in choices(snapshot, each, definition.filters, sql)]
        for value in sorted(set(values) - set(known)):
            raise _unknown(definition, each, value, known)


def _storable(value: str) -> bool:
    """Whether a database could hold the text at all: drivers fail on NUL and on halves of surrogate pairs."""
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
