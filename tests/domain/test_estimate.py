"""How large an export will be, in words, by the exports before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.estimate import (
    Estimate,
    PastExport,
    PastFile,
    duration_words,
    estimate,
    size_words,
)
from promo_reports.domain.file_format import CSV, CSV_GZ, FORMATS, ZIP, FileFormat

LIMIT = 1000


def past(file_format: FileFormat, rows: int, size: int, seconds: float | None = None) -> PastExport:
    return PastExport(frozenset({PastFile(file_format, rows, size)}), seconds)


def test_without_an_earlier_export_only_rows_and_parts_are_told() -> None:
    found = estimate([CSV], 12, LIMIT, [])
    assert (found.sentence, found.basis, found.seconds) == ("12 rows: one CSV file.", "", None)
    assert estimate([CSV], 1, LIMIT, []).sentence == "1 row: one CSV file."


def test_bytes_are_by_the_row_of_all_earlier_exports_in_the_same_format() -> None:
    found = estimate([CSV], 500, LIMIT, [past(CSV, 10, 3_000), past(ZIP, 10, 10), past(CSV, 90, 7_000)])
    assert found.sentence == "500 rows: one CSV file of about 50 kB."
    assert found.basis == "Estimated from the last 2 exports of this report type, 100 bytes a row."


def test_more_rows_than_a_file_has_are_estimated_by_what_they_are_split_into() -> None:
    csv = past(CSV, 10, 1_000)
    assert estimate([CSV], LIMIT, LIMIT, [csv]).files[0].parts == 1
    found = estimate([CSV], LIMIT + 1, LIMIT, [csv])
    assert found.sentence == "1,001 rows: one file (ZIP of CSV files, 2 parts)."
    found = estimate([CSV], 3 * LIMIT, LIMIT, [csv, past(ZIP, 100, 900)])
    assert found.sentence == "3,000 rows: one file (ZIP of CSV files, 3 parts) of about 27 kB."
    assert found.basis == "Estimated from the last export of this report type, 9 bytes a row."


def test_a_format_that_cannot_hold_the_rows_says_so() -> None:
    found = estimate([CSV_GZ], LIMIT + 1, LIMIT, [past(CSV_GZ, 1, 1)])
    assert found.sentence == (
        "1,001 rows: no file, since one of the format CSV compressed by gzip has at most 1,000 rows; "
        "choose another format or a shorter date range."
    )
    assert (found.files[0].parts, found.files[0].bytes, found.basis) == (0, None, "")


def test_several_formats_are_told_apart() -> None:
    found = estimate([CSV, CSV_GZ, CSV], 10, LIMIT, [past(CSV, 1, 100)])
    assert found.sentence == "10 rows: one CSV file of about 1 kB, one file (CSV compressed by gzip)."
    assert found.basis == "Estimated from the last export of this report type as CSV, 100 bytes a row."


def test_an_empty_export_is_told_plainly() -> None:
    found = estimate([CSV], 0, LIMIT, [past(CSV, 1, 100, 900)])
    assert (found.sentence, found.basis) == ("No rows match: the export would have the column names only.", "")
    assert found.seconds is None


def test_only_a_long_export_has_a_time() -> None:
    assert estimate([CSV], 500, LIMIT, [past(CSV, 500, 1, 59)]).seconds is None
    found = estimate([CSV], 500, LIMIT, [past(CSV, 100, 1, 60), past(CSV, 100, 1, 60)])
    assert found.sentence == "500 rows: one CSV file of about 5 bytes. It takes about 5 minutes."


def test_time_is_not_told_by_small_exports_and_other_formats() -> None:
    small, other = past(CSV, 49, 1, 60), past(CSV_GZ, 500, 1, 600)
    assert estimate([CSV], 500, LIMIT, [small, other]).seconds is None
    assert estimate([CSV], 490, LIMIT, [small, other]).seconds == 600


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "1 byte"), (999, "999 bytes"), (1_100_000, "1.1 MB"), (999_949, "999.9 kB"), (999_950, "1 MB"),
     (3 * 10**15, "3,000 TB")],
)  # fmt: skip
def test_sizes(size: int, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(("seconds", "words"), [(60, "1 minute"), (5_340, "89 minutes"), (5_400, "1.5 hours")])
def test_durations(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


_FORMATS = st.sampled_from(list(FORMATS.values()))
_FILES = st.frozensets(st.builds(PastFile, _FORMATS, st.integers(1, 10**9), st.integers(0, 10**13)), min_size=1)
_SECONDS = st.none() | st.floats(0, 10**6)


@given(
    formats=st.lists(_FORMATS, min_size=1),
    rows=st.integers(0, 2**63),
    limit=st.integers(1, 10**6),
    earlier=st.lists(st.builds(PastExport, _FILES, _SECONDS), max_size=5),
)
def test_whatever_was_exported_before_there_is_a_sentence(
    formats: list[FileFormat], rows: int, limit: int, earlier: list[PastExport]
) -> None:
    found: Estimate = estimate(formats, rows, limit, earlier)
    assert found.sentence.endswith(".")
    assert found.basis == "" or found.basis.endswith("bytes a row.")
    for each in found.files:
        assert (each.format is None) == (each.parts == 0)
        assert each.bytes is None or each.exports > 0
