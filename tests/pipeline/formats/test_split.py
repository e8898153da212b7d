"""Any records, any limit: parts are full but the last, in order, and none is empty but the only one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.pipeline.formats import split
from promo_reports.pipeline.formats.split import Splitter


class Parts:
    """Takes parts and checks that they are begun, written and ended in turn."""

    def __init__(self) -> None:
        self.parts: list[list[tuple[bytes, int]]] = []
        self.open = False

    def begin(self, number: int) -> None:
        assert not self.open
        self.open = True
        self.parts.append([])
        assert number == len(self.parts)

    def write(self, records: bytes, rows: int) -> None:
        assert self.open
        assert rows > 0
        self.parts[-1].append((records, rows))

    def end(self) -> None:
        assert self.open
        self.open = False

    @property
    def contents(self) -> list[bytes]:
        return [b"".join(records for records, _ in part) for part in self.parts]

    @property
    def rows(self) -> list[int]:
        return [sum(rows for _, rows in part) for part in self.parts]


def cut(records: list[bytes], limit: int) -> Parts:
    parts = Parts()
    splitter = Splitter(parts, limit)
    splitter.begin()
    for record in records:
        splitter.write(record)
    splitter.finish()
    assert not parts.open
    assert splitter.rows == len(records)
    return parts


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(0, [0]), (1, [1]), (4, [4]), (5, [5]), (6, [5, 1]), (9, [5, 4]), (10, [5, 5]), (11, [5, 5, 1])],
)
def test_the_limits(rows: int, expected: list[int]) -> None:
    assert cut([b"a\n"] * rows, 5).rows == expected


@given(
    st.lists(st.binary(max_size=8).map(lambda record: record + b"\n"), max_size=60),
    st.integers(1, 25),
    st.integers(1, 7),
    st.integers(1, 40),
)
def test_any_records_come_back_in_order(records: list[bytes], limit: int, batch_rows: int, batch_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(split, "_BATCH_ROWS", batch_rows)
        patched.setattr(split, "_BATCH_BYTES", batch_bytes)
        parts = cut(records, limit)
    assert parts.contents == [b"".join(records[at : at + limit]) for at in range(0, max(1, len(records)), limit)]
    assert all(rows == limit for rows in parts.rows[:-1])
    assert parts.rows[-1] > 0 or not records


def test_batches_are_bounded_in_rows_and_bytes() -> None:
    parts = cut([b"a\n"] * 20_000, 1_000_000)
    assert [rows for _, rows in parts.parts[0]] == [8_192, 8_192, 3_616]
    parts = cut([b"a" * 400_000] * 7, 1_000_000)
    assert [rows for _, rows in parts.parts[0]] == [3, 3, 1]


def test_a_record_larger_than_a_batch_is_one() -> None:
    parts = cut([b"a" * (3 << 20), b"b"], 10)
    assert [rows for _, rows in parts.parts[0]] == [1, 1]


def test_progress_is_told_with_each_batch() -> None:
    seen: list[int] = []
    splitter = Splitter(Parts(), 3, seen.append)
    splitter.begin()
    for _ in range(7):
        splitter.write(b"a\n")
    splitter.finish()
    assert seen == [3, 6, 7]
