"""Every registered kind of filter keeps what the other layers count on."""

from __future__ import annotations

from pathlib import Path

import pytest

from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.definitions.filter_kinds.kind import FORMS, form_of
from promo_reports.domain.filters import FILTER_KINDS, Choice, Filter, Select
from tests.support import number_range

FILTERS: dict[str, list[tuple[Filter, list[object]]]] = {
    "choice": [
        (ChoiceFilter("a", "A", "One.", Select.ONE, options="all_of_a"), ["x", ["x"]]),
        (ChoiceFilter("a", "A", "All.", Select.ALL, options="all_of_a", default_all=True), ["all", "x", ["y", "x"]]),
        (ChoiceFilter("a", "A", "Many.", Select.MANY, (Choice("x", "X"), Choice("y", "Y"))), ["all", "y", ["y", "x"]]),
    ],
    "number_range": [
        (number_range.NumberRange("a", "A", "A range."), ["10..20", "-5--3", {"min": 1, "max": "2.50"}]),
        (number_range.NumberRange("a", "A", "Or none.", default_all=True), ["all", "1 to 1"]),
    ],
}
"""Filters of each kind, and what definitions may give for them."""


def test_each_kind_has_its_data_and_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    number_range.register(monkeypatch)
    assert FILTER_KINDS.keys() == FORMS.keys() == FILTERS.keys()
    for key, kind in FILTER_KINDS.items():
        assert kind.key == key
        assert form_of(key).model_fields["name"].is_required()


@pytest.mark.parametrize(
    ("each", "given"), [(each, value) for kind in FILTERS.values() for each, given in kind for value in given]
)
def test_what_is_given_is_kept_and_written_again(each: Filter, given: object) -> None:
    problems: list[tuple[object, str]] = []
    values = each.parse(given, lambda path, message: problems.append((path, message)))
    again = [each.canonical(given), each.written(values)]
    for one in again:
        assert sorted(each.parse(one, lambda path, message: problems.append((path, message))) or ()) == sorted(
            values or ()
        )
    assert each.canonical(again[0]) == again[0]
    assert problems == []
    assert each.words(values)
    if values is not None:
        assert each.kind.parts == () or len(each.bind(values)) == len(each.kind.parts) == len(each.sample)


def test_other_modules_know_no_kind() -> None:
    package = Path(__file__).resolve().parents[3] / "plugins" / "promo_reports"
    knowing = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "ChoiceFilter" in (text := path.read_text()) or ".kind.key" in text or "number_range" in text
    }
    assert knowing == {"definitions/filter_kinds/choice.py", "definitions/filter_kinds/kind.py", "web/form/info.py"}
