"""The second reading takes exactly the CSV of RFC 4180, and tallies it as the standard library's reader does."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.decimals import EXACT
from promo_reports.pipeline.formats import csv_records, part_reading
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.sql.cell_policies.formulas import is_formula
from promo_reports.sql.cell_policies.transform import UNCHANGED, transform_of
from tests.support.databases.promo import MOVES
from tests.support.headings import of_type

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
PAIRS = replace(
    LEDGER,
    columns=(Column("name", ColumnType.TEXT, "Who."), Column("note", ColumnType.TEXT, "Why.")),
    window_column=None,
    totals_by="name",
)
TIME = "2026-03-01 12:00:00+00"
NAMES = [column.name for column in LEDGER.columns]
Row = Sequence[str]
Found = tuple[int, dict[str, tuple[int, list[Decimal]]], int]

decimals = st.one_of(
    st.just(""),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30).map("{:f}".format),
    st.sampled_from(["9" * 28, "9" * 29, "9" * 40 + ".1", "0." + "0" * 27 + "1", "-0", "1e3", "1e-30", "1_000"]),
)
texts = st.one_of(
    st.sampled_from(["in", "out", "promised", "", "=x", "'=x", "\ufeffx", "\u3000+1", "\u3042", "\n\n", "a\r\nb"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
rows = st.lists(
    st.tuples(texts, st.sampled_from([TIME, "0044-03-15 10:00:00+00 BC", ""]), texts, decimals, decimals), max_size=12
)


def rendered(lines: Sequence[Row], *, quoted: bool = False) -> bytes:
    """CSV with quotes where RFC 4180 needs them, or around all cells."""

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted or set(text) & set(',"\r\n') else text

    return "".join(",".join(map(cell, line)) + "\n" for line in lines).encode()


def read(content: bytes, *, spreadsheet: bool = False, report_type: ReportType = LEDGER) -> tuple[Any, Tally]:
    found = Tally(report_type, transform_of(SPREADSHEET) if spreadsheet else UNCHANGED)
    heading = of_type(report_type)
    return read_part(io.BytesIO(heading.line + content), "ledger.csv", heading, found), found


def tallied(lines: Sequence[Row], *, spreadsheet: bool) -> Found:
    """What a reader of one row after the other finds."""
    groups: dict[str, tuple[int, list[Decimal]]] = {}
    changed = 0
    for kind, _, note, *numbers in lines:
        by = kind[1:] if spreadsheet and is_formula(kind) else kind
        count, sums = groups.get(by, (0, [Decimal(0)] * 2))
        groups[by] = (count + 1, [EXACT.add(a, Decimal(b or 0)) for a, b in zip(sums, numbers, strict=True)])
        changed += spreadsheet * (is_formula(kind) + is_formula(note))
    return len(lines), groups, changed


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every byte is a chunk, every record a block."""
    monkeypatch.setattr(part_reading, "_CHUNK", 1)


@settings(max_examples=40, deadline=None)
@given(lines=rows, quoted=st.booleans(), spreadsheet=st.booleans(), block=st.sampled_from([1, 7, 100, 1 << 20]))
def test_every_csv_of_the_writer_is_tallied(lines: list[Row], quoted: bool, spreadsheet: bool, block: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(part_reading, "_CHUNK", block)
        part, tally = read(rendered(lines, quoted=quoted), spreadsheet=spreadsheet)
    groups = {by: (found.rows, [found.sums["points"], found.sums["rate"]]) for by, found in tally.groups().items()}
    assert str((part.rows, groups, sum(tally.cells_changed.values()))) == str(tallied(lines, spreadsheet=spreadsheet))
    assert (part.first, part.last) == ((lines[0][1], lines[-1][1]) if lines else (None, None))


CELL = rb'(?:"(?:[^"\0]|"")*+"|[^",\r\n\0]*+)'
PAIR = re.compile(rb"(?:%b,%b\n)*+" % (CELL, CELL))


def pairs(content: bytes) -> list[Row] | None:
    """The records of RFC 4180 with two cells each; None where the content is anything else."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    if PAIR.fullmatch(content) is None:
        return None
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


PIECES = [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"a", b"a,b\n", b'"a","b\n"\n', b"\xc3", b"\xa9", b"\0", b" ", b"="]
PIECES += [b"\xef\xbb\xbf", b'"\xef\xbb\xbf",\n', b",\n", b'a""']
damaged = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(content=damaged, block=st.one_of(st.integers(1, 8), st.just(1 << 20)), last=st.sampled_from([1, 2, 64]))
@example(b'"aaaaaaa","\n"\nb,c\n', 8, 2)
@example(b"a,b\n\nc,d\n", 1, 1)
@example(b"\na,b\n", 99, 1)
@example(b'"x"y,b\n', 1, 1)
@example(b'x"y",b\n', 99, 1)
@example(b'a,"b\n', 99, 1)
@example(b"a,b\r\n", 99, 1)
@example(b'a,"\r\n\n\n"\n', 1, 1)
@example(b"a,b\rc,d\n", 99, 1)
@example(b"a,b", 99, 1)
@example(b"\xef\xbb\xbfa,b\n\xef\xbb\xbfc,d\n", 1, 1)
def test_what_is_no_csv_is_refused_and_nothing_else(content: bytes, block: int, last: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(part_reading, "_CHUNK", block)
        patched.setattr(csv_records, "_LAST_QUOTES", last)
        expected = pairs(content)
        if expected is None:
            with pytest.raises((Unreadable, ReconciliationError)):
                read(content, report_type=PAIRS)
        else:
            part, tally = read(content, report_type=PAIRS)
            assert part.rows == len(expected)
            assert {by: group.rows for by, group in tally.groups().items()} == {
                name: sum(row[0] == name for row in expected) for name, _ in expected
            }


@settings(max_examples=40, deadline=None)
@given(lines=rows.filter(len), at=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_every_byte_counts(lines: list[Row], at: float, byte: int) -> None:
    content = bytearray(rendered(lines))
    before, tally = read(bytes(content))
    content[int(at * len(content))] ^= byte
    try:
        after, damaged_tally = read(bytes(content))
    except (Unreadable, ReconciliationError, DataRefused):
        return
    assert after != before
    assert after.rows == before.rows or damaged_tally.groups() != tally.groups()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("record", [b"one,two\n", b"one\n", b"one,two,three,four,five,six\n", b",,,,,\n"])
def test_a_record_of_another_width_names_its_row(record: bytes) -> None:
    cells = record.count(b",") + 1
    for before in (0, 1, 3):
        content = rendered([("in", TIME, "\n", "1", "")] * before) + record + rendered([("in", TIME, "", "1", "")])
        with pytest.raises(ReconciliationError, match=rf"Row {before + 1} of ledger\.csv has {cells} cells instead of"):
            read(content)


def test_the_empty_lines_of_a_single_column_are_rows() -> None:
    notes = replace(PAIRS, columns=PAIRS.columns[1:], totals_by=None)
    assert read(b'\n\na\n""\n\n"\n\n"\n', report_type=notes)[0].rows == 6


def test_columns_of_equal_names_are_told_apart_by_their_place() -> None:
    twice = replace(LEDGER, columns=(*LEDGER.columns, Column("kind", ColumnType.TEXT, "Again.")))
    found = read(b"in,,,1,,out\n", report_type=twice)[1].groups()
    assert {by: group.sums["points"] for by, group in found.items()} == {"in": Decimal(1)}


@pytest.mark.parametrize("block", [1, 60, 1 << 18])
def test_rows_that_are_equal_in_the_order(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_reading, "_CHUNK", block)
    ordered = replace(LEDGER, order=("moved_at", "note"))
    records = [b"in,%b,%b,1.00,\n" % (TIME.encode(), note) for note in (b"", b'""', b"a", b"b", b'"c\n"', b"d")]
    assert read(b"".join(records), report_type=ordered)[0].rows == 6
    for at in range(6):
        with pytest.raises(
            DataRefused, match=rf"Row {at + 2} of ledger.csv: is equal to the row before it in moved_at, note"
        ):
            read(b"".join([*records[: at + 1], *records[at:]]), report_type=ordered)


@pytest.mark.parametrize("cell", ["1e3", "+1", ".5", "5.", "1.2.3", "--1", "1-", "1 ", "0x1", "٣", "1_000", "sNaN"])
def test_a_number_that_postgresql_would_not_write_is_judged_by_decimal(cell: str) -> None:
    content = rendered([("in", "", "", "2", ""), ("in", "", "", cell, "")])
    try:
        expected = Decimal(cell) + 2
    except ArithmeticError:
        with pytest.raises(DataRefused, match=r"Row 2 of ledger\.csv: column 'points' holds text that is no number"):
            read(content)
    else:
        assert read(content)[1].groups()["in"].sums["points"] == expected


@pytest.mark.parametrize("cell", ["9" * 15 + ".99", "9" * 28, "9" * 40 + ".000000000001", "0." + "0" * 30 + "1"])
def test_sums_are_exact_whatever_their_digits(cell: str) -> None:
    found = read(rendered([("in", "", "", cell, ""), ("out", "", "", "-0.5", "")] * 50))[1].groups()
    assert found["in"].sums["points"] == EXACT.multiply(Decimal(cell), Decimal(50))
    assert found["out"].sums["points"] == -25


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


def test_a_letter_of_many_bytes_may_lie_across_two_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    content = rendered([("in", "", "🍦é" * 30, "1.00", "")] * 5)
    for block in (1, 3, 7):
        monkeypatch.setattr(part_reading, "_CHUNK", block)
        assert read(content)[0].rows == 5
    with pytest.raises(Unreadable, match="no UTF-8"):
        read(content + b"in,,\xf0\x9f,1.00,\n")


def test_neither_pandas_nor_what_else_arrow_may_import_is_loaded() -> None:
    """Arrow imports pandas for many of its conversions, which takes longer than a small export."""
    code = """
import io, sys
from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.sql.cell_policies.transform import transform_of
from tests.support.databases.promo import HEADER, MOVES
from tests.support.headings import of_type
rows = "".join(f"{number},2026-03-01 12:00:00+00,{kind},=a,1.5,,,,\\n" for number, kind in enumerate("ab"))
read_part(io.BytesIO((HEADER + rows).encode()), "moves.csv", of_type(MOVES), Tally(MOVES, transform_of(SPREADSHEET)))
print("pandas" in sys.modules, "pyarrow.dataset" in sys.modules)
"""
    home = Path(__file__).parents[3]
    path = {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{home / 'plugins'}"}
    found = subprocess.check_output([sys.executable, "-c", code], env=path, text=True)
    assert found.split() == ["False", "False"]


def test_an_error_ends_the_thread_that_reads_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here are refused where a thread of an export is left behind."""
    monkeypatch.setattr(part_reading, "_CHUNK", 1 << 18)
    with pytest.raises(ReconciliationError, match="has 1 cells instead of 5"):
        read(b"x\n" + rendered([("in", "", "n" * 1_000, "1.00", "")] * 5_000))


def test_a_formula_is_looked_for_by_its_first_letter() -> None:
    """Each letter that may begin one is counted, whatever follows it."""
    letters = [chr(code) for code in (*range(1, 0x3100), *range(0xFE00, 0x10000))]
    cells = [letter + "=1" for letter in letters] + letters
    content = rendered([("in", "", cell, "", "") for cell in cells])
    formulas = sum(map(is_formula, cells))
    assert read(content, spreadsheet=True)[1].cells_changed == {"note": formulas}
    assert formulas > 40


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


@pytest.mark.parametrize("filling", ['""', ",\n", "x", "\n\n"])
def test_a_long_record_takes_a_few_times_its_length(filling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL sends cells of up to a gigabyte; what follows one is counted as ever."""
    monkeypatch.setattr(part_reading, "_CHUNK", 1 << 18)
    size = 8 << 20
    content = rendered([("in", "", "", "1.00", "")]) + b'in,,"' + filling.encode() * (size // len(filling))
    content += b'",2.00,\n' + rendered([("in", "", "", "3.00", "")] * 30_000)
    tracemalloc.start()
    try:
        part, found = read(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert part.rows == 30_002
    assert found.groups()["in"].sums["points"] == Decimal("90003.00")
    assert peak < 6 * size
