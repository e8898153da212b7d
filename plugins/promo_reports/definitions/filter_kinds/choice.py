"""Filters whose values are chosen from a list: fixed `choices`, or what a query of the promo database answers."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from promo_reports.definitions.filter_kinds.kind import Default, FilterForm
from promo_reports.definitions.inputs.fields import FilterText, Name, SnakeCase, one_of
from promo_reports.definitions.inputs.forms import BROKEN, Form, by, read_value, variant
from promo_reports.definitions.inputs.messages import listing, not_among
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.domain.filters import ALL, CHOICE, Choice, Filter, FilterKind, Report, Select, Values
from promo_reports.regular_file import status_of

MAX_VALUES = 1_000

OneOrMany = Annotated[
    Annotated[FilterText, variant("one")] | Annotated[list[FilterText], variant("many")],
    by(lambda value: "many" if isinstance(value, list | tuple) else "one"),
]
_ONE_OR_MANY: TypeAdapter[Any] = TypeAdapter(OneOrMany)


@dataclass(frozen=True)
class ChoiceFilter(Filter):
    """A template gets one bind for `select: one`, otherwise a list of them; fixed choices are never None."""

    kind: ClassVar[FilterKind] = CHOICE

    @property
    def fixed(self) -> tuple[str, ...]:
        """The fixed values, in the order the page shows them."""
        return tuple(choice.value for choice in self.choices)

    @property
    def everything(self) -> Values:
        """The fixed values; None where a query answers them."""
        return self.fixed or None

    @property
    def may_be_all(self) -> bool:
        """Whether the query's answer is all that may be chosen."""
        return self.options is not None and not self.required

    @property
    def expected(self) -> str:
        """How many values, and which they are where they are fixed."""
        many = "exactly one value" if self.select is Select.ONE else "at least one value"
        return f"name {many}.{listing(self.fixed) if self.fixed else ''}"

    @property
    def sample(self) -> tuple[object, ...]:
        """One text, or two for a list."""
        return ("sample",) if self.select is Select.ONE else ("sample", "other")

    def parse(self, given: Any, report: Report) -> Values:
        """Return the values of a text or a list of texts; fixed ones in the order of the choices."""
        value = read_value(_ONE_OR_MANY, given, report)
        if value is BROKEN:
            return None
        if value == ALL and not isinstance(value, list):
            if self.required and not (self.select is Select.MANY and self.choices):
                report((), f"cannot be all: {self.expected}")
            return self.everything
        values = value if isinstance(value, list) else [value]
        self._check(values, report)
        if not self.fixed:
            return tuple(dict.fromkeys(values))
        return tuple(known for known in self.fixed if known in values)

    def canonical(self, given: Any) -> Any:
        """Return the sorted list of what was given, or `all`."""
        if isinstance(given, list):
            return sorted(set(given))
        return given if given == ALL else [given]

    def written(self, values: Values) -> Any:
        """Return `all`, a text for `select: one`, or a list."""
        if values is None:
            return ALL
        if self.select is Select.ONE and len(values) == 1 and values[0] != ALL:
            return values[0]
        return list(values)

    def words(self, values: Values) -> str:
        """Return the titles of the values."""
        if values is None or (self.fixed and set(values) == set(self.fixed) and len(values) > 1):
            return "All"
        titles = {choice.value: choice.title for choice in self.choices}
        return ", ".join(titles.get(value, value) for value in values)

    def _check(self, values: list[str], report: Report) -> None:
        if not values:
            report((), f"is empty; {self.expected}")
        if len(values) > MAX_VALUES:
            report((), f"names {len(values)} values; at most {MAX_VALUES} are allowed")
            return
        if self.select is Select.ONE and len(set(values)) > 1:
            report((), f"names {len(values)} values; name exactly one value.")
        for index, value in enumerate(values):
            here = (index,) if len(values) > 1 else ()
            if value in values[:index]:
                report(here, f"{value!r} is named twice")
            elif self.fixed and value not in self.fixed:
                report(here, not_among(value, self.fixed, f"a value of {self.name}"))


class ChoiceForm(Form):
    """One fixed value of a filter."""

    value: FilterText = Field(description="what a definition writes and the SQL receives")
    title: Name = Field(description="what people see in lists and forms")


class ChoiceFilterForm(FilterForm):
    """A filter; its values are fixed `choices`, or the result of the query `options`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["choices"]}, {"required": ["options"]}]})

    VALUE: ClassVar[Any] = OneOrMany

    select: Annotated[Select, one_of(Select)] = Field(
        description="how many values: exactly one, many (at least one), or all (none named means all)"
    )
    choices: list[ChoiceForm] | None = Field(None, description="the fixed values, in the order of the page")
    options: SnakeCase | None = Field(
        None, description="name of include/sql/options/<name>.sql, the query that answers the values"
    )
    depends_on: SnakeCase | None = Field(None, description="an earlier filter whose value `options` needs")
    default: Default | None = Field(None, description="`all`: a definition may leave the filter out")

    def check(self, path: KeyPath, earlier: Mapping[str, FilterForm], options: Path, findings: Findings) -> None:
        """Check where values come from, and what they depend on."""
        if (self.choices is None) == (self.options is None):
            findings.add(path, "needs either `choices` or `options`, and not both")
        if self.default is not None and self.select is Select.ONE:
            findings.add((*path, "default"), "a filter with `select: one` has no default")
        self._check_choices(path, findings)
        if self.options is not None:
            _check_options(path, self.options, options, findings)
        if self.depends_on is not None:
            self._check_dependency((*path, "depends_on"), self.depends_on, earlier, findings)

    def made(self) -> ChoiceFilter:
        """Return the filter."""
        return ChoiceFilter(
            name=self.name,
            title=self.title,
            description=self.description,
            select=self.select,
            choices=tuple(Choice(choice.value, choice.title) for choice in self.choices or ()),
            options=self.options,
            depends_on=self.depends_on,
            default_all=self.default == ALL or self.select is Select.ALL,
        )

    def _check_choices(self, path: KeyPath, findings: Findings) -> None:
        if self.choices == []:
            findings.add((*path, "choices"), "is empty; name at least one value")
        seen: set[str] = set()
        for index, choice in enumerate(self.choices or ()):
            here = (*path, "choices", index, "value")
            if choice.value in seen:
                findings.add(here, f"{choice.value!r} is a choice already")
            if choice.value == ALL:
                findings.add(here, "'all' means every value in a definition; name it otherwise")
            seen.add(choice.value)

    def _check_dependency(self, key: KeyPath, name: str, earlier: Mapping[str, FilterForm], findings: Findings) -> None:
        parent, own = earlier.get(name), int(key[1])
        if parent is None:
            if not any(findings.touches("filters", index) for index in range(own + 1)):
                findings.add(key, not_among(name, earlier, "an earlier filter"))
        elif not isinstance(parent, ChoiceFilterForm):
            findings.add(key, f"{name!r} must be a filter of the kind {CHOICE.key}, not {parent.kind}")
        elif parent.select is not Select.ONE:
            findings.add(key, f"{name!r} must have `select: one`, not {parent.select.value}")
        if self.options is None and self.choices is not None:
            findings.add(key, "fixed choices depend on nothing; give `options`")


def _check_options(path: KeyPath, name: str, directory: Path, findings: Findings) -> None:
    """The query must be a regular file of the directory, not something that a link leads to."""
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
