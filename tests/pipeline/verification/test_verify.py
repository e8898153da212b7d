"""The second reading finds what it must: every defect planted here, in the file or in the writer, is refused."""

from __future__ import annotations

import gc
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.file_format import CSV, FORMATS, ZIP, FileFormat
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.databases.source import GroupTotals, SourceTotals
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.background import Background
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.deflated import DeflatedWriter
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.split import Splitter
from promo_reports.pipeline.formats.zip_archive import ZipArchive, ZipMember
from promo_reports.pipeline.verification.second_reading import SecondReading
from promo_reports.pipeline.verification.verify import reconcile
from promo_reports.sql.cell_policies.transform import UNCHANGED, CellTransform, transform_of
from tests.support.databases.promo import MOVES, Project, Promo, SqlitePromo, export, numbered
from tests.support.headings import of_texts, of_type
from tests.support.second_reading import read_again

LEDGER = replace(
    MOVES,
    columns=(
        Column("id", ColumnType.INTEGER, "Number."),
        Column("moved_at", ColumnType.TIMESTAMP, "When."),
        Column("kind", ColumnType.TEXT, "What."),
        Column("points", ColumnType.DECIMAL, "How much.", scale=2, total=True),
    ),
)
NAMES = [column.name for column in LEDGER.columns]
HEADING = of_type(LEDGER)
ROWS = [f"{n},2026-03-01 12:00:0{n}+00,{kind},{points}" for n, kind, points in
        [(1, "in", "1.00"), (2, "out", "2.00"), (3, "in", "3.00"), (4, "out", "2.00"), (5, "in", "-0.50")]]  # fmt: skip
TOTALS = SourceTotals(
    rows=5,
    sums={"points": Decimal("7.50")},
    groups={"in": GroupTotals(3, {"points": Decimal("3.50")}), "out": GroupTotals(2, {"points": Decimal("4.00")})},
    cells_changed={},
)
Rows = list[str]


def made(
    directory: Path,
    rows: Rows,
    *,
    file_format: FileFormat = ZIP,
    transform: CellTransform = UNCHANGED,
    damage: Callable[[Path], object] | None = None,
    heading: Heading = HEADING,
) -> None:
    """Write rows, damage the file, and verify it as an export does."""
    artifact = Artifact(directory, "ledger", heading, file_format=file_format)
    splitter = Splitter(artifact, 2 if file_format.member_suffix else 9)
    with artifact:
        splitter.begin()
        for row in rows:
            splitter.write(f"{row}\n".encode())
        splitter.finish()
    if damage:
        damage(artifact.path)
    reading = read_again(artifact.path, artifact.format, LEDGER, transform=transform, spans=artifact.spans)
    reconcile(reading, TOTALS, len(ROWS), artifact.parts)


def edited(number: int, old: str, new: str) -> Rows:
    return [row.replace(old, new) if at == number else row for at, row in enumerate(ROWS)]


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
def test_what_is_right_passes(file_format: FileFormat, tmp_path: Path) -> None:
    made(tmp_path, ROWS, file_format=file_format)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROWS[:-1], "the database counted 5 rows and sent 5, the file holds 4"),
        (ROWS[1:], "rows of in: 3 in the database, 2 in the file"),
        ([], "rows of out: 2 in the database, 0 in the file"),
        ([*ROWS, ROWS[0]], "rows of in: 3 in the database, 4 in the file"),
        ([*ROWS[1:], ROWS[2]], "points of in: 3.50 in the database, 5.50 in the file"),
        (edited(0, "1.00", "1.01"), "points of in: 3.50 in the database, 3.51 in the file"),
        (edited(0, "1.00", "-1.00"), "points of in: 3.50 in the database, 1.50 in the file"),
        (edited(0, "1.00", "1.000000000000000000000000000000000001"), "points of in: 3.50 in the database, 3.5000"),
        (edited(0, "1.00", ""), "points of in: 3.50 in the database, 2.50 in the file"),
        (edited(0, ",in,", ",out,"), "rows of in: 3 in the database, 2 in the file; points of in"),
        (edited(1, ",out,", ",,"), "rows of out: 2 in the database, 1 in the file"),
        ([*edited(1, ",out,", ",in,")[:2], ROWS[2].replace("in,3.00", "out,2.00"), *ROWS[3:]], "points of in: 3.50 in"),
        ([ROWS[0] + ",", *ROWS[1:]], "Row 1 of ledger_0001.csv has 5 cells instead of 4"),
        ([*ROWS[:3], "4,x,out", ROWS[4]], "Row 2 of ledger_0002.csv has 3 cells instead of 4"),
        ([*ROWS[:4], '5,"'], "ledger.zip cannot be read again: its last record is cut off"),
        ([*ROWS[:4], '5,"a"b,in,1'], "ledger.zip cannot be read again: a quote that neither begins nor ends a cell"),
    ],
)  # fmt: skip
def test_rows_that_are_not_the_databases(rows: Rows, words: str, tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError) as refused:
        made(tmp_path, rows)
    assert words in str(refused.value)
    assert refused.value.retryable


def test_groups_swapped_with_equal_sums(tmp_path: Path) -> None:
    """Rows and sum of the whole are right, and those of neither group."""
    swapped = [row.replace(",in,", ",x,").replace(",out,", ",in,").replace(",x,", ",out,") for row in ROWS]
    with pytest.raises(ReconciliationError, match=r"rows of in: 3 in the database, 2 in the file.*rows of out: 2"):
        made(tmp_path, swapped)


@pytest.mark.parametrize(
    "header",
    [[*NAMES[:-1], "amount"], [*NAMES[1:], "id"], [*NAMES, "more"], NAMES[:-1], [name.upper() for name in NAMES]],
)
def test_another_header(header: list[str], tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError, match=r"header of ledger_0001\.csv is not the report type's columns"):
        made(tmp_path, ROWS, heading=of_texts(*header))


def test_the_database_sent_another_number_than_it_counted(tmp_path: Path) -> None:
    artifact = Artifact(tmp_path, "ledger", HEADING, file_format=CSV)
    with artifact:
        artifact.begin(1)
        artifact.write(("\n".join(ROWS) + "\n").encode(), 5)
        artifact.end()
    reading = read_again(artifact.path, artifact.format, LEDGER, transform=UNCHANGED, spans=artifact.spans)
    with pytest.raises(ReconciliationError, match="counted 5 rows and sent 4, the file holds 5"):
        reconcile(reading, TOTALS, 4, artifact.parts)
    with pytest.raises(ReconciliationError, match="the parts read again are not the parts written"):
        reconcile(reading, TOTALS, 5, [])


def flip(at: int, bit: int = 0) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 1 << bit
        path.write_bytes(content)

    return damage


def test_every_bit_of_a_zip_counts(tmp_path: Path) -> None:
    """Headers, packed data, the filling after it and the directory: one changed bit is found wherever it is."""
    artifact = Artifact(tmp_path, "ledger", HEADING, file_format=ZIP)
    splitter = Splitter(artifact, 3)
    with artifact:
        splitter.begin()
        for row in ROWS:
            splitter.write(f"{row}\n".encode())
        splitter.finish()
    whole = artifact.path.read_bytes()
    found = 0
    for at in range(len(whole)):
        flip(at, at % 8)(artifact.path)
        with pytest.raises(ReconciliationError, match=r"ledger\.zip is not what was written"):
            read_again(artifact.path, artifact.format, LEDGER, transform=UNCHANGED, spans=artifact.spans)
        found += 1
        artifact.path.write_bytes(whole)
    assert found == len(whole) > 500
    reconcile(
        read_again(artifact.path, artifact.format, LEDGER, transform=UNCHANGED, spans=artifact.spans),
        TOTALS,
        5,
        artifact.parts,
    )


def test_every_byte_of_a_csv_counts(tmp_path: Path) -> None:
    size = len(",".join(NAMES)) + 1 + sum(len(row) + 1 for row in ROWS)
    for at in range(size):
        directory = tmp_path / str(at)
        directory.mkdir()
        with pytest.raises(ReconciliationError, match=r"ledger\.csv is not what was written"):
            made(directory, ROWS, file_format=CSV, damage=flip(at))


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes() + b"\n"),
        lambda path: path.write_bytes(path.read_bytes() * 2),
    ],
    ids=["empty", "a byte short", "half", "longer", "twice"],
)
def test_files_of_another_length(file_format: FileFormat, damage: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError):
        made(tmp_path, ROWS, file_format=file_format, damage=damage)


def members(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def rewrite(change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> Callable[[Path], None]:
    """Replace the archive by a sound one of other members."""

    def damage(path: Path) -> None:
        changed = change(members(path))
        with path.open("wb") as file:
            archive = ZipArchive(file)
            for name, content in changed:
                member = archive.open_member(name)
                member.write(content)
                archive.close_member(member)
            archive.close()

    return damage


EMPTY = (",".join(NAMES) + "\n").encode()
CHANGES: dict[str, Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]] = {
    "a part is missing": lambda parts: parts[:-1],
    "an extra empty part": lambda parts: [*parts, ("ledger_0004.csv", EMPTY)],
    "an empty part before": lambda parts: [("ledger_0000.csv", EMPTY), *parts],
    "parts in another order": lambda parts: parts[::-1],
    "a part of another name": lambda parts: [("other.csv", parts[0][1]), *parts[1:]],
    "rows in another part": lambda parts: [
        (parts[0][0], parts[0][1] + parts[1][1].split(b"\n", 2)[1] + b"\n"),
        (parts[1][0], EMPTY + parts[1][1].split(b"\n", 2)[2]),
        parts[2],
    ],
    "rows in another order": lambda parts: [
        (name, b"\n".join([lines[0], *reversed(lines[1:-1]), b""]))
        for name, lines in [(name, content.split(b"\n")) for name, content in parts]
    ],
    "all in one": lambda parts: [(parts[0][0], EMPTY + b"".join(c.partition(b"\n")[2] for _, c in parts))],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_other_parts_are_found_by_their_bytes(change: Any, tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError, match=r"is not what was written|is longer than what was written"):
        made(tmp_path, ROWS, damage=rewrite(change))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_other_parts_are_found_by_what_they_hold(change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second net: even if the bytes had not been compared."""
    monkeypatch.setattr("promo_reports.pipeline.verification.second_reading._compared", lambda path, spans: "")
    with pytest.raises(ReconciliationError, match=r"the parts read again are not the parts written|The header of"):
        made(tmp_path, ROWS, damage=rewrite(change))


def test_a_zip_that_no_reader_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promo_reports.pipeline.verification.second_reading._compared", lambda path, spans: "")
    begin_of_data = 30 + len("ledger_0001.csv") + 20
    damages = {
        "local signature": flip(0),
        "local method": flip(8, 3),
        "local checksum": flip(14),
        "local name": flip(30),
        "local size": flip(begin_of_data - 16),
        "data": flip(begin_of_data),
        "end": flip(-22),
        "directory": flip(-100),
        "nothing else": lambda path: path.write_bytes(b"PK"),
    }
    for at, damage in damages.items():
        directory = tmp_path / at
        directory.mkdir()
        with pytest.raises(ReconciliationError, match=r"ledger\.zip cannot be read again"):
            made(directory, ROWS, damage=damage)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("NaN", "Row 1 of ledger_0002.csv: column 'points' holds NaN, which is no number."),
        ("-Infinity", "Row 1 of ledger_0002.csv: column 'points' holds -Infinity"),
        ("secret", "Row 1 of ledger_0002.csv: column 'points' holds text that is no number."),
        ("sNaN", "Row 1 of ledger_0002.csv: column 'points' holds text that is no number."),
    ],
)
def test_cells_that_no_file_may_carry(cell: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as refused:
        made(tmp_path, edited(2, "3.00", cell))
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_decoding_error_does_not_quote_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(EMPTY + b"1,x,secret\xff,1.00\n")
    with pytest.raises(ReconciliationError, match=r"bytes that are no UTF-8\.") as refused:
        read_again(path, CSV, LEDGER, transform=UNCHANGED, spans=[ChecksummedSpan.of(path.read_bytes())])
    assert "secret" not in str(refused.value)


def test_cells_made_safe_are_counted_again(tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError, match="cells changed of kind: 0 in the database, 1 in the file"):
        made(tmp_path, edited(0, ",in,", ",'=in,"), transform=transform_of(SPREADSHEET))


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
def test_reading_again_leaves_no_file_open(file_format: FileFormat, tmp_path: Path) -> None:
    with pytest.raises(ReconciliationError):
        made(tmp_path, ROWS[:-1], file_format=file_format)
    gc.collect()


# Planted in the writers, found by the whole export


def refused(promo: Promo, project: Project, **settings: Any) -> str:
    with pytest.raises(ReconciliationError) as found:
        project.make(promo.source, **settings)
    assert project.left == []
    return str(found.value)


@pytest.mark.parametrize("limit", [1_000, 3])
def test_a_record_dropped_by_the_splitter(
    limit: int, promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo.load(*numbered(10))
    write = Splitter.write

    def drop(self: Splitter, record: bytes) -> None:
        if not record.startswith(b"7,"):
            write(self, record)

    monkeypatch.setattr(Splitter, "write", drop)
    words = "the database counted 10 rows and sent 10, the file holds 9"
    assert words in refused(promo, project, rows_per_file=limit)


@pytest.mark.parametrize("limit", [1_000, 3])
def test_an_amount_changed_by_the_splitter(
    limit: int, promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo.load(*numbered(10))
    write = Splitter.write
    monkeypatch.setattr(
        Splitter, "write", lambda self, record: write(self, re.sub(rb"^(7,.*)1\.00", rb"\g<1>1.01", record))
    )
    message = refused(promo, project, rows_per_file=limit)
    assert re.search(r"points of in: 10(\.00)? in the database, 10\.01 in the file", message)


def test_a_batch_doubled_by_the_writer(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(4))
    write = Artifact.write

    def twice(self: Artifact, records: bytes, rows: int) -> None:
        write(self, records, rows)
        write(self, records, rows)

    monkeypatch.setattr(Artifact, "write", twice)
    assert "sent 4, the file holds 8" in refused(promo, project)


def test_a_deflate_that_loses_bytes(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(10))
    put = DeflatedWriter._put
    monkeypatch.setattr(DeflatedWriter, "_put", lambda self, data: put(self, data[:-1]))
    # What follows is taken for more of it.
    assert "daily_moves_2026-03-01.zip cannot be read again" in refused(promo, project, rows_per_file=3)


def test_a_deflate_that_does_not_end(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(10))
    put = DeflatedWriter._put
    monkeypatch.setattr(DeflatedWriter, "_put", lambda self, data: put(self, data + b"\0" * bool(data)))
    assert "something follows its compressed data" in refused(promo, project, rows_per_file=3)


def test_a_checksum_of_other_bytes(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(10))
    monkeypatch.setattr("isal.isal_zlib.crc32", lambda data, crc=0: 7)
    assert "its checksum or size is another one" in refused(promo, project, rows_per_file=3)


def test_a_deflate_that_changes_bytes(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(10))
    write = ZipMember.write
    monkeypatch.setattr(ZipMember, "write", lambda self, data: write(self, data.replace(b",1.00,", b",9.00,")))
    message = refused(promo, project, rows_per_file=3)
    assert re.search(r"points of in: 10(\.00)? in the database, 90\.00 in the file", message)
    assert "the parts read again are not the parts written" in message


def test_a_disk_that_changes_a_bit(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    promo.load(*numbered(10))
    result = SecondReading.result

    def damaged(self: SecondReading, spans: Any) -> Any:
        path = self._file.path
        flip(path.stat().st_size // 2)(path)
        return result(self, spans)

    monkeypatch.setattr(SecondReading, "result", damaged)
    for limit in (1_000, 3):
        refused(promo, project, rows_per_file=limit)


def test_a_job_that_is_lost(on_sqlite: SqlitePromo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    on_sqlite.load(*numbered(10))
    submit, jobs = Background.submit, []

    def lose(self: Background, job: Any) -> None:
        jobs.append(job)
        if len(jobs) != 2:
            submit(self, job)

    monkeypatch.setattr(Background, "submit", lose)
    assert "the file holds 0" in refused(on_sqlite, project)


def test_nothing_of_a_refused_export_is_found_by_the_next(promo: Promo, project: Project) -> None:
    promo.load(*numbered(3))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Splitter, "write", lambda self, record: None)
        refused(promo, project)
    assert project.make(promo.source, export()).manifest.rows == 3
