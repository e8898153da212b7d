"""A CSV is cut behind whole records alone, wherever its blocks would end."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.reading.rows.record_blocks import record_blocks
from tests.support.delivery.tables import csv_text

cells = st.none() | st.text(st.sampled_from('",\n\rab'), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=30), st.integers(1, 40))
def test_blocks_are_whole_records_and_all_of_them(rows: list[tuple[str | None, str | None]], size: int) -> None:
    text = csv_text(rows).encode()
    blocks = list(record_blocks(io.BytesIO(text), size))
    assert b"".join(blocks) == text
    read = [row for block in blocks for row in csv.reader(io.StringIO(block.decode(), newline=""))]
    assert read == [[cell or "" for cell in row] for row in rows]
    assert all(block.endswith(b"\n") for block in blocks)


def test_a_block_is_about_as_long_as_asked_for() -> None:
    text = b'1,"a\nb"\n' * 1000
    assert max(map(len, record_blocks(io.BytesIO(text), 100))) <= 100
