"""Which format an export has, and what its files are called."""

from __future__ import annotations

import dataclasses

import pytest

from promo_reports.domain.file_format import CSV, FORMATS, ZIP, format_of


@pytest.mark.parametrize(("rows", "expected"), [(0, CSV), (1, CSV), (500_000, CSV), (500_001, ZIP)])
def test_a_csv_of_more_rows_than_the_limit_is_a_zip(rows: int, expected: object) -> None:
    assert CSV.for_rows(rows, 500_000) is expected


def test_a_format_that_cannot_be_split_holds_no_more_rows_than_the_limit() -> None:
    sheet = dataclasses.replace(CSV, key="sheet", label="Sheet", split_as=None)
    assert sheet.for_rows(10, 10) is sheet
    assert sheet.for_rows(11, 10) is None


def test_parts_have_names() -> None:
    assert CSV.part_name("june", 1) == "june.csv"
    assert ZIP.part_name("june", 12) == "june_0012.csv"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.csv", CSV), ("a.csv.zip", ZIP), ("a.CSV", None), ("a.tsv", None), ("csv", None), ("", None)],
)
def test_a_name_says_its_format(name: str, expected: object) -> None:
    assert format_of(name) is expected


def test_the_longest_suffix_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = dataclasses.replace(CSV, key="packed", suffix=".packed.csv")
    monkeypatch.setitem(FORMATS, "packed", packed)
    assert format_of("a.packed.csv") is packed
    assert format_of("a.csv") is CSV


def test_each_format_is_found_by_its_key_and_splits_into_one_that_is_registered() -> None:
    assert all(key == each.key for key, each in FORMATS.items())
    assert {each.split_as for each in FORMATS.values() if each.split_as} <= FORMATS.keys()
