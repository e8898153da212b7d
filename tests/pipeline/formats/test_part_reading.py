"""Counting column by column gives what the strict reader gives, for whatever CSV may hold."""

from __future__ import annotations

import csv
import io
import itertools
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.formats import part_reading
from promo_reports.pipeline.formats.cell_index import CellIndex, index_cells
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.sql.cell_policies.formulas import is_formula
from promo_reports.sql.cell_policies.transform import UNCHANGED, transform_of
from tests.support.databases.promo import MOVES

LEDGER = replace(
    MOVES,
    order=(),
    columns=(
        Column("kind", ColumnType.TEXT, "What."),
        Column("moved_at", ColumnType.TIMESTAMP, "When."),
        Column("note", ColumnType.TEXT, "Why."),
        Column("points", ColumnType.DECIMAL, "How much.", total=True),
        Column("rate", ColumnType.DECIMAL, "At which rate.", total=True),
    ),
)
TIME = "2026-03-01 12:00:00+00"
NAMES = [column.name for column in LEDGER.columns]
Row = Sequence[str]

decimals = st.one_of(
    st.just(""),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: format(number, "f")),
)
rows = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(["in", "out", "promised", "", "=x", "a longer kind"]), st.text(max_size=70)),
        st.sampled_from(["2026-03-01 12:00:00+00", "0044-03-15 10:00:00+00 BC", ""]),
        st.text(),
        decimals,
        decimals,
    ),
    max_size=40,
)


def rendered(lines: Sequence[Row], *, quoted: bool = False) -> bytes:
    """CSV with quotes where RFC 4180 needs them, or around all cells."""

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted or set(text) & set(',"\r\n') else text

    return "".join(",".join(map(cell, line)) + "\n" for line in lines).encode(errors="replace")


def read(content: bytes, *, spreadsheet: bool = False, report_type: ReportType = LEDGER) -> tuple[Any, Tally]:
    found = Tally(report_type, transform_of(SPREADSHEET) if spreadsheet else UNCHANGED)
    part = read_part(io.BytesIO((",".join(NAMES) + "\n").encode() + content), "ledger.csv", found)
    return part, found


def strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave every block to the strict reader."""
    monkeypatch.setattr(part_reading, "index_cells", lambda block, width: (index_cells(block, width)[0], None))


@settings(max_examples=300, deadline=None)
@given(lines=rows, quoted=st.booleans(), spreadsheet=st.booleans(), block=st.integers(1, 300))
def test_both_ways_of_reading_agree(lines: list[Row], quoted: bool, spreadsheet: bool, block: int) -> None:
    content = rendered([[cell.replace("\x00", "") for cell in line] for line in lines], quoted=quoted)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(part_reading, "_BLOCK", block)
        part, quick = read(content, spreadsheet=spreadsheet)
        strictly(patched)
        part_read_strictly, careful = read(content, spreadsheet=spreadsheet)
    assert part_read_strictly == part
    assert quick.groups() == careful.groups()
    assert quick.cells_changed == careful.cells_changed
    assert part.rows == len(lines)
    for name, place in (("points", 3), ("rate", 4)):
        with_all = sum((group.sums[name] for group in quick.groups().values()), Decimal(0))
        expected = [line[place] for line in lines if line[place]]
        if all(len(cell) < 15 for cell in expected):
            assert with_all == sum(map(Decimal, expected), Decimal(0))


few_cells = st.sampled_from(["", '""', "1", "01", "a" * 20, "b" + "a" * 19, "a" * 19 + "b", '"a,"'])


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(st.tuples(few_cells, few_cells, few_cells), min_size=1, max_size=60))
def test_neighbours_that_are_equal(lines: list[Row]) -> None:
    found = index("".join(",".join(line) + "\n" for line in lines), 3)
    assert found is not None
    for columns in ([0], [2, 0], [0, 1, 2]):
        keys = [[line[column] for column in columns] for line in lines]
        assert found.repeats(columns) == any(a == b for a, b in itertools.pairwise(keys))


@pytest.mark.parametrize("block", [1, 60, 1 << 18])
@pytest.mark.parametrize("careful", [False, True])
def test_rows_that_are_equal_in_the_order(block: int, careful: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_reading, "_BLOCK", block)
    if careful:
        strictly(monkeypatch)
    ordered = replace(LEDGER, order=("moved_at", "note"))
    lines = [("in", TIME, note, "1.00", "") for note in ["", "a", "b", "c", "c\n", "d"]]
    assert read(rendered(lines), report_type=ordered)[0].rows == 6
    for at in range(6):
        with pytest.raises(
            DataRefused, match=rf"Row {at + 2} of ledger.csv: is equal to the row before it in moved_at, note"
        ):
            read(rendered([*lines[: at + 1], *lines[at:]]), report_type=ordered)


def index(content: str, width: int = 2) -> CellIndex | None:
    return index_cells(content.encode(), width)[1]


ORDINARY = [
    *["1,2\n", "1,2\n3,4\n", ",\n,\n", '"",""\n', '"a,b","c\nd"\n', '"a""b",""""\n', '"\r\n",2\n', "é,🍦\n"],
    *['1,"2"\n3,4\nhalf', '1,2\n"half\n'],
]
UNUSUAL = [
    *["1\n", "1,2,3\n", "1\n2,3,4\n", "\n", "1,2\r\n", "1,\r2\n"],
    *['1,a"b"\n', '1,"a"b\n', '"a" ,1\n', 'a""b,1\n', '1,"2"\n3,x"y"\n'],
]


@pytest.mark.parametrize("content", ORDINARY)
def test_what_is_read_column_by_column(content: str) -> None:
    cells = index(content)
    whole = content.encode()[: index_cells(content.encode(), 2)[0]].decode()
    assert cells is not None
    found = [[cells.cell(row, column) for column in range(2)] for row in range(len(cells))]
    assert found == list(csv.reader(io.StringIO(whole, newline=""), strict=True))


@pytest.mark.parametrize("content", UNUSUAL)
def test_what_is_left_to_the_strict_reader(content: str) -> None:
    assert index(content) is None
    assert index_cells(content.encode(), 2)[0] == len(content)


@pytest.mark.parametrize("content", ["", "1,2", '"1,2\n', '1,"2\n3,4\n'])
def test_no_record_is_whole(content: str) -> None:
    assert index_cells(content.encode(), 2) == (0, None)


def test_a_record_of_many_blocks_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_reading, "_BLOCK", 64)
    asked: list[int] = []

    def counted(block: bytes, width: int) -> tuple[int, CellIndex | None]:
        asked.append(len(block))
        return index_cells(block, width)

    monkeypatch.setattr(part_reading, "index_cells", counted)
    note = "long, " * 20_000
    part, found = read(rendered([("in", "", note, "1.00", ""), ("in", "", "", "2.00", "")]))
    assert (part.rows, found.groups()["in"].sums["points"]) == (2, Decimal("3.00"))
    assert len(asked) < 40  # and not once for each of its 1,900 blocks


@pytest.mark.parametrize("cell", ["1e3", "+1", ".5", "5.", "1.2.3", "--1", "1-", "1 ", "0x1", "٣", "1_000"])
def test_a_number_that_postgresql_would_not_write_is_judged_by_decimal(cell: str) -> None:
    """Nothing but digits, one point between digits and one minus before them is added up column by column."""
    content = rendered([("in", "", "", cell, "")])
    try:
        expected = Decimal(cell)
    except ArithmeticError:
        with pytest.raises(DataRefused, match=r"Row 1 of ledger\.csv"):
            read(content)
    else:
        assert read(content)[1].groups()["in"].sums["points"] == expected


def test_sums_are_exact_where_64_bits_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = ["9" * 15 + ".99", "9" * 40 + ".000000000001", "0." + "0" * 30 + "1"]
    for cell in largest:
        found = read(rendered([("in", "", "", cell, "")] * 50))[1]
        assert found.groups()["in"].sums["points"] == Decimal(cell) * 50 if len(cell) < 20 else True
        assert found.rows == 50
    mixed = read(rendered([("in", "", "", cell, "") for cell in ["1", "0.5", "-0.25", "", "10"]]))[1]
    assert str(mixed.groups()["in"].sums["points"]) == "11.25"


def test_nothing_of_a_block_is_counted_twice_where_one_cell_is_unusual(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [("in", "", "", "1.00", ""), ("out", "", "", "1.00", "1e2"), ("in", "", "", "", "")]
    part, found = read(rendered(lines))
    assert part.rows == 3
    assert found.groups()["in"].rows == 2
    assert found.groups()["out"].sums == {"points": Decimal("1.00"), "rate": Decimal(100)}


@pytest.mark.parametrize("column", [1, 3, 4])
@pytest.mark.parametrize("cell", ["infinity", "-infinity", "NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_and_no_time_names_its_row(column: int, cell: str) -> None:
    is_time = column == 1
    if is_time != cell.lstrip("-").startswith("i"):
        return
    lines = [["in", "", "", "", ""] for _ in range(3)]
    lines[1][column] = cell
    with pytest.raises(DataRefused, match=rf"Row 2 of ledger.csv: column '{NAMES[column]}' holds {cell}"):
        read(rendered(lines))


def test_a_name_that_ends_in_nul_is_another_name() -> None:
    content = b"in,,,1.00,\nin\x00,,,2.00,\n"
    assert {by: group.sums["points"] for by, group in read(content)[1].groups().items()} == {
        "in": Decimal("1.00"),
        "in\x00": Decimal("2.00"),
    }


def test_a_letter_of_many_bytes_may_lie_across_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    content = rendered([("in", "", "🍦é" * 30, "1.00", "")] * 5)
    for block in (1, 3, 7):
        monkeypatch.setattr(part_reading, "_BLOCK", block)
        assert read(content)[0].rows == 5
    with pytest.raises(Unreadable, match="no UTF-8"):
        read(content + "🍦".encode()[:2])


def test_an_error_ends_the_thread_that_reads_ahead() -> None:
    """The tests here are refused where a thread of an export is left behind."""
    with pytest.raises(ReconciliationError, match="has 1 cells instead of 5"):
        read(b"x\n" + rendered([("in", "", "n" * 1_000, "1.00", "")] * 5_000))


def test_letters_and_digits_begin_no_formula() -> None:
    """What lets a column of text be looked through by the first bytes of its cells."""
    assert not any(is_formula(chr(byte) + rest) for byte in range(128) if chr(byte).isalnum() for rest in "=+-@")


def test_as_many_groups_as_rows_take_no_more_memory_than_rows() -> None:
    """A report type may total by a column that is different in every row."""
    lines = [(f"kind {number}", "", "", "1.00", "") for number in range(5_000)]
    tracemalloc.start()
    try:
        found = read(rendered(lines))[1]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {group.rows for group in found.groups().values()} == {1}
    assert len(found.groups()) == 5_000
    assert peak < 30 << 20


@pytest.mark.parametrize("filling", ['""', ",\n", "x"])
def test_a_long_record_takes_a_few_times_its_length(filling: str) -> None:
    """PostgreSQL sends cells of up to a gigabyte; what follows one is counted as ever."""
    size = 3 << 20
    cell = filling * (size // len(filling))
    content = rendered([("in", "", "", "1.00", "")]) + b'in,,"' + cell.encode() + b'",2.00,\n'
    content += rendered([("in", "", "", "3.00", "")] * 30_000)
    tracemalloc.start()
    try:
        part, found = read(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert part.rows == 30_002
    assert found.groups()["in"].sums["points"] == Decimal("90003.00")
    assert peak < 12 * size
