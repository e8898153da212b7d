"""Sums with all their digits."""

from __future__ import annotations

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import exact_decimal, totals_of
from promo_reports.pipeline.decimals import EXACT, at_scale, exact_sum

POINTS = Column("points", ColumnType.DECIMAL, "Points.", scale=2, total=True)
NOTE, KIND = (Column(name, ColumnType.TEXT, "Text.") for name in ("note", "kind"))


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False)))
def test_sums_are_those_of_fractions(numbers: list[Decimal]) -> None:
    assert Fraction(exact_sum(numbers)) == sum((Fraction(number) for number in numbers), Fraction(0))


def test_the_largest_numbers_of_postgresql() -> None:
    large, small = Decimal("9" * 131_072), Decimal("0." + "0" * 16_382 + "1")
    both = EXACT.add(large, small)
    assert getcontext().prec < 100
    assert EXACT.subtract(both, large) == small


@pytest.mark.parametrize("values", [["NaN"], ["1", "Infinity"], ["Infinity", "-Infinity"], ["sNaN"]])
def test_a_sum_with_no_number_is_none(values: list[str]) -> None:
    assert exact_sum(Decimal(value) for value in values).is_nan()


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (None, 2, "0"),
        (0.1 + 0.2, 2, "0.30"),
        (2.675, 2, "2.68"),
        (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"),
        (1e27, 2, "1" + "0" * 27 + ".00"),
        (0.1, None, "0.1"),
        (Decimal("1.005"), 2, "1.005"),
        (7, 2, "7"),
        ("12.50", 2, "12.50"),
        (float("inf"), 2, "Infinity"),
    ],
)
def test_numbers_of_drivers(value: object, scale: int | None, expected: str) -> None:
    assert str(exact_decimal(value, scale)) == expected


def test_scaling_leaves_what_is_no_number() -> None:
    assert at_scale(Decimal("NaN"), 2).is_nan()


def test_null_and_the_empty_text_are_one_group() -> None:
    totals = totals_of(
        [(None, 2, 1, 0, Decimal("1.10")), ("", 3, 4, 0, Decimal("2.20")), ("a", 1, 2, 0, None), ("b", 0, 0, 0, None)],
        [POINTS],
        counted=[NOTE, KIND],
    )
    assert totals.rows == 6
    assert totals.cells_changed == {"note": 7}
    assert {name: (group.rows, str(group.sums["points"])) for name, group in totals.groups.items()} == {
        "": (5, "3.30"),
        "a": (1, "0"),
    }
    assert totals.sums == {"points": Decimal("3.30")}


def test_a_database_that_cannot_count_cells_says_so() -> None:
    assert totals_of([(None, 0, None)], [POINTS], counted=None).cells_changed is None


def test_a_total_that_is_no_number_is_refused_without_quoting_it() -> None:
    with pytest.raises(DataRefused, match="Column 'points' holds no number, so it has no total") as refused:
        totals_of([(None, 1, "$1,000")], [POINTS], counted=[])
    assert "1,000" not in str(refused.value)


def test_a_sum_of_binary_floating_point_numbers_is_refused() -> None:
    with pytest.raises(DataRefused, match="Column 'points' holds binary floating-point numbers") as refused:
        totals_of([(None, 1, 0.3)], [POINTS], counted=[])
    assert not refused.value.retryable
