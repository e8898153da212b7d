"""A kind of filter that the package does not have: a range of numbers, both ends included.

What a new kind needs is in this file: its data, its code (the form for report types and the filter itself), and its
line in each of the two tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from promo_reports.definitions.filter_kinds import kind
from promo_reports.definitions.filter_kinds.kind import Default, FilterForm
from promo_reports.definitions.inputs.fields import Line
from promo_reports.definitions.inputs.forms import BROKEN, Form, broken_rule, by, read_value, variant
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.domain import filters
from promo_reports.domain.filters import ALL, Filter, FilterKind, Report, Values

RANGE = FilterKind("number_range", parts=("min", "max"))
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?")
_TEXT = re.compile(rf"\s*({_NUMBER.pattern})\s*(?:\.\.|-|to)\s*({_NUMBER.pattern})\s*")


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the kind in this process."""
    monkeypatch.setitem(filters.FILTER_KINDS, RANGE.key, RANGE)
    monkeypatch.setitem(kind.FORMS, RANGE.key, (__name__, "NumberRangeForm"))


def _number(value: Any) -> str:
    text = str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise broken_rule("must be a number such as 10 or 2.5")
    plain = format(Decimal(text), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


Number = Annotated[str, BeforeValidator(_number), WithJsonSchema({"type": "number"})]


class EndsForm(Form):
    """Both ends of a range."""

    min: Number = Field(description="the least number")
    max: Number = Field(description="the greatest number")


EndsOrText = Annotated[
    Annotated[EndsForm, variant("ends")] | Annotated[Line, variant("text")],
    by(lambda value: "ends" if isinstance(value, dict | EndsForm) else "text"),
]
_ENDS_OR_TEXT: TypeAdapter[Any] = TypeAdapter(EndsOrText)


@dataclass(frozen=True)
class NumberRange(Filter):
    """A template gets `{{ filters.<name>.min }}` and `{{ filters.<name>.max }}`, both exact numbers."""

    kind: ClassVar[FilterKind] = RANGE

    unit: str = ""

    @property
    def expected(self) -> str:
        return "write {min: 10, max: 20}, or 10..20."

    @property
    def sample(self) -> tuple[object, ...]:
        return Decimal(10), Decimal(20)

    def parse(self, given: Any, report: Report) -> Values:
        if given == ALL and not self.required:
            return None
        ends = self._ends(given, report)
        if ends is not None and Decimal(ends[0]) > Decimal(ends[1]):
            report((), f"is empty: {ends[0]} is more than {ends[1]}")
        return ends

    def canonical(self, given: Any) -> Any:
        return self.written(self.parse(given, lambda path, message: None))

    def written(self, values: Values) -> Any:
        return ALL if values is None else dict(zip(RANGE.parts, values, strict=True))

    def bind(self, values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(Decimal(str(each)) for each in values)

    def words(self, values: Values) -> str:
        return "All" if values is None else f"from {values[0]} to {values[1]} {self.unit}".rstrip()

    def _ends(self, given: Any, report: Report) -> tuple[str, str] | None:
        value = read_value(_ENDS_OR_TEXT, given, report)
        if value is BROKEN:
            return None
        if isinstance(value, EndsForm):
            return value.min, value.max
        found = _TEXT.fullmatch(value)
        if found is None:
            report((), f"is no range; {self.expected}")
            return None
        return _number(found[1]), _number(found[2])


class NumberRangeForm(FilterForm):
    """A range of numbers, both ends included."""

    VALUE: ClassVar[Any] = EndsOrText

    unit: Line | None = Field(None, description="unit of the numbers")
    default: Default | None = Field(None, description="`all`: a definition may leave the filter out")

    def check(self, path: KeyPath, earlier: Mapping[str, FilterForm], options: Path, findings: Findings) -> None:
        """Nothing depends on anything."""

    def made(self) -> NumberRange:
        return NumberRange(
            self.name, self.title, self.description, default_all=self.default == ALL, unit=self.unit or ""
        )
