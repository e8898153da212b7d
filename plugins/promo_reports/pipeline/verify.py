"""Read the staged artefact again and compare it with what the database counted (reliability, P8).

What is checked is the file that will be delivered: decompressed, parsed, counted, summed and hashed, by the standard
library's readers, which share no code with the writers. No message holds a cell: they are people's data.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

from promo_reports.domain.manifest import Part
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.cells import is_formula
from promo_reports.pipeline.exact import EXACT, exact_sum
from promo_reports.pipeline.package import WrittenPart
from promo_reports.pipeline.source import GroupTotals, SourceTotals
from promo_reports.pipeline.stretch import Stretch
from promo_reports.pipeline.strict_zip import StrictMember

_CHUNK = 1 << 18
# What PostgreSQL writes for numbers and times that are none.
_NO_VALUES = {
    ColumnType.DECIMAL: frozenset({"NaN", "Infinity", "-Infinity"}),
    ColumnType.TIMESTAMP: frozenset({"infinity", "-infinity"}),
    ColumnType.DATE: frozenset({"infinity", "-infinity"}),
}


@dataclass(frozen=True)
class Reading:
    """What the second reading found; `formulas` are the cells made safe for spreadsheets."""

    rows: int
    sums: dict[str, Decimal]
    groups: dict[str, GroupTotals]
    parts: tuple[Part, ...]
    bytes: int
    sha256: str
    formulas: int


class _Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class _Hashing(io.RawIOBase):
    """Passes bytes through and keeps their count and hash."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._file.readinto(buffer) or 0
        self.bytes += size
        self.sha256.update(buffer[:size])
        return size


@dataclass
class _Tally:
    """Rows and sums of one group so far; the sums stand in the order of the report type's totals."""

    sums: list[Decimal]
    rows: int = 0


@dataclass
class _Counter:
    """Counts and sums rows, knowing the columns by their place."""

    report_type: ReportType
    spreadsheet: bool
    tallies: dict[str, _Tally] = field(default_factory=dict)
    formulas: int = 0

    def __post_init__(self) -> None:
        columns = self.report_type.columns
        self.names = [column.name for column in columns]
        self.totals = [self.names.index(column.name) for column in self.report_type.totals]
        self.by = self._place(self.report_type.totals_by)
        self.time = self._place(self.report_type.window_column)
        self.texts = [i for i, c in enumerate(columns) if c.type is ColumnType.TEXT] if self.spreadsheet else []
        self.measures = [(i, _NO_VALUES[c.type]) for i, c in enumerate(columns) if c.type in _NO_VALUES]

    def _place(self, name: str | None) -> int | None:
        return None if name is None else self.names.index(name)

    def add(self, row: Sequence[str]) -> None:
        by = "" if self.by is None else self._unescaped(row[self.by])
        tally = self.tallies.get(by)
        if tally is None:
            tally = self.tallies[by] = _Tally([Decimal(0)] * len(self.totals))
        tally.rows += 1
        for place, no_values in self.measures:
            if row[place] in no_values:
                raise _no_value(self.report_type.columns[place], row[place])
        for i, place in enumerate(self.totals):
            if row[place]:
                try:
                    tally.sums[i] = EXACT.add(tally.sums[i], Decimal(row[place]))
                except InvalidOperation:
                    raise DataRefused(f"Column {self.names[place]!r} holds text that is no number.") from None
        for place in self.texts:
            self.formulas += is_formula(row[place])

    def groups(self) -> dict[str, GroupTotals]:
        names = [self.names[place] for place in self.totals]
        return {
            by: GroupTotals(tally.rows, dict(zip(names, tally.sums, strict=True))) for by, tally in self.tallies.items()
        }

    def _unescaped(self, cell: str) -> str:
        return cell[1:] if self.by in self.texts and is_formula(cell) else cell


def read_again(path: Path, report_type: ReportType, *, spreadsheet: bool, stretches: Sequence[Stretch]) -> Reading:
    """Read every cell of the artefact; raise `ReconciliationError` where it is damaged.

    `stretches` are the bytes as they were written. They are compared first, so that a bit which changed where no reader
    looks is found too, and a cell is only blamed for what the database sent. With `spreadsheet`, the text cells that
    were made safe are counted: escaped, they still match the pattern.
    """
    counter = _Counter(report_type, spreadsheet)
    try:
        sha256 = _compared(path, stretches)
        with path.open("rb") as file:
            if path.suffix == ".zip":
                with zipfile.ZipFile(file) as archive:
                    members = archive.infolist()
                parts = tuple(_read_part(StrictMember(file, info), info.filename, counter) for info in members)
            else:
                parts = (_read_part(file, path.name, counter),)
    except (zipfile.BadZipFile, zlib.error, csv.Error, UnicodeDecodeError, NotImplementedError) as damage:
        # A decoding error would quote the cell.
        what = "bytes that are no UTF-8" if isinstance(damage, UnicodeDecodeError) else str(damage)
        raise ReconciliationError(f"The staged file {path.name} cannot be read again: {what}.") from None
    groups = counter.groups()
    return Reading(
        rows=sum(part.rows for part in parts),
        sums={c.name: exact_sum(group.sums[c.name] for group in groups.values()) for c in report_type.totals},
        groups=groups,
        parts=parts,
        bytes=path.stat().st_size,
        sha256=sha256,
        formulas=counter.formulas,
    )


def reconcile(reading: Reading, source: SourceTotals, sent: int, written: Sequence[WrittenPart]) -> None:
    """Raise `ReconciliationError` that names every disagreement between database, writer and staged file.

    `sent` is the number of rows that the database says it sent.
    """
    differences = []
    if not reading.rows == source.rows == sent:
        differences.append(f"the database counted {source.rows} rows and sent {sent}, the file holds {reading.rows}")
    nothing = GroupTotals(0, {})
    for by in sorted(source.groups.keys() | reading.groups.keys()):
        counted, found = source.groups.get(by, nothing), reading.groups.get(by, nothing)
        where = f" of {by}" if by else ""
        if counted.rows != found.rows:
            differences.append(f"rows{where}: {counted.rows} in the database, {found.rows} in the file")
        for name in sorted(counted.sums.keys() | found.sums.keys()):
            here, there = counted.sums.get(name, Decimal(0)), found.sums.get(name, Decimal(0))
            if here != there:
                differences.append(f"{name}{where}: {here} in the database, {there} in the file")
    if source.cells_changed is not None and source.cells_changed != reading.formulas:
        differences.append(f"cells made safe: {source.cells_changed} in the database, {reading.formulas} in the file")
    if [(p.name, p.rows, p.bytes, p.sha256) for p in reading.parts] != [
        (p.name, p.rows, p.bytes, p.sha256) for p in written
    ]:
        differences.append("the parts read again are not the parts written")
    if differences:
        raise ReconciliationError(
            f"Nothing is published, because {'; '.join(differences)}.",
            "If trying again gives the same difference, report it as a defect of Promo Reports.",
        )


def _read_part(file: _Readable, name: str, counter: _Counter) -> Part:
    csv.field_size_limit(sys.maxsize)
    hashing = _Hashing(file)
    text = io.TextIOWrapper(io.BufferedReader(hashing, _CHUNK), encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    if next(reader, None) != counter.names:
        raise ReconciliationError(f"The header of {name} is not the report type's columns.")
    width, rows, time = len(counter.names), 0, counter.time
    first: str | None = None
    last: str | None = None
    for row in reader:
        if len(row) != width:
            if row or width != 1:
                raise ReconciliationError(f"Row {rows + 1} of {name} has {len(row)} cells instead of {width}.")
            row = [""]  # noqa: PLW2901 - an empty line is a row whose only cell is NULL
        try:
            counter.add(row)
        except DataRefused as refused:
            raise DataRefused(f"Row {rows + 1} of {name}: {refused.reason}", refused.fix) from None
        if time is not None:
            last = row[time]
            first = last if rows == 0 else first
        rows += 1
    return Part(name, rows, hashing.bytes, hashing.sha256.hexdigest(), first, last)


def _compared(path: Path, stretches: Sequence[Stretch]) -> str:
    """The file's hash; raises `ReconciliationError` unless it is exactly the stretches."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        for stretch in stretches:
            digest, left = hashlib.sha256(), stretch.length
            while left and (chunk := file.read(min(left, _CHUNK))):
                digest.update(chunk)
                whole.update(chunk)
                left -= len(chunk)
            if left or digest.hexdigest() != stretch.sha256:
                raise ReconciliationError(
                    f"The staged file {path.name} is not what was written, before byte {file.tell()}."
                )
        if file.read(1):
            raise ReconciliationError(f"The staged file {path.name} is longer than what was written.")
    return whole.hexdigest()


def _no_value(column: Column, text: str) -> DataRefused:
    if column.type is ColumnType.DECIMAL:
        return DataRefused(f"column {column.name!r} holds {text}, which is no number.", "Correct it, or leave it out.")
    return DataRefused(
        f"column {column.name!r} holds {text}, which is no time.",
        f"Export it as NULL: NULLIF(t.{column.name}, '{text}') in the report type's SQL.",
    )
