"""Read the staged artefact again and compare it with what the database counted (reliability, P8).

What is checked is the file that will be delivered: decompressed, parsed, counted, summed and hashed, by the standard
library's readers, which share no code with the writers.
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
from decimal import Context, Decimal, Inexact, InvalidOperation
from pathlib import Path
from typing import IO

from promo_reports.domain.manifest import Part
from promo_reports.domain.report_type import ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.cells import is_formula
from promo_reports.pipeline.package import WrittenPart
from promo_reports.pipeline.source import GroupTotals, SourceTotals

_CHUNK = 1 << 18
_EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])


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


class _Hashing(io.RawIOBase):
    """Passes bytes through and keeps their count and hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.bytes += len(data)
        self.sha256.update(data)
        return len(data)


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
        self.names = [column.name for column in self.report_type.columns]
        self.totals = [self.names.index(column.name) for column in self.report_type.totals]
        self.by = self._place(self.report_type.totals_by)
        self.time = self._place(self.report_type.window_column)
        texts = [i for i, column in enumerate(self.report_type.columns) if column.type is ColumnType.TEXT]
        self.texts = texts if self.spreadsheet else []

    def _place(self, name: str | None) -> int | None:
        return None if name is None else self.names.index(name)

    def add(self, row: Sequence[str]) -> None:
        by = "" if self.by is None else row[self.by]
        tally = self.tallies.get(by)
        if tally is None:
            tally = self.tallies[by] = _Tally([Decimal(0)] * len(self.totals))
        tally.rows += 1
        for i, place in enumerate(self.totals):
            if row[place]:
                try:
                    tally.sums[i] = _EXACT.add(tally.sums[i], Decimal(row[place]))
                except InvalidOperation:
                    raise DataRefused(
                        f"Column {self.names[place]!r} holds {row[place]!r}, which is no number."
                    ) from None
        for place in self.texts:
            self.formulas += is_formula(row[place])

    def groups(self) -> dict[str, GroupTotals]:
        names = [self.names[place] for place in self.totals]
        return {
            by: GroupTotals(tally.rows, dict(zip(names, tally.sums, strict=True))) for by, tally in self.tallies.items()
        }


def read_again(path: Path, report_type: ReportType, *, spreadsheet: bool) -> Reading:
    """Read every cell of the artefact; raise `ReconciliationError` where it is damaged.

    With `spreadsheet`, the text cells that were made safe are counted: escaped, they still match the pattern.
    """
    counter = _Counter(report_type, spreadsheet)
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                parts = tuple(_read_member(archive, info, counter) for info in archive.infolist())
        else:
            with path.open("rb") as file:
                parts = (_read_part(file, path.name, counter),)
    except (zipfile.BadZipFile, zlib.error, csv.Error, UnicodeDecodeError, EOFError) as damage:
        raise ReconciliationError(f"The staged file {path.name} cannot be read again: {damage}.") from None
    groups = counter.groups()
    return Reading(
        rows=sum(part.rows for part in parts),
        sums={c.name: sum((g.sums[c.name] for g in groups.values()), Decimal(0)) for c in report_type.totals},
        groups=groups,
        parts=parts,
        bytes=path.stat().st_size,
        sha256=_sha256(path) if path.suffix == ".zip" else parts[0].sha256,
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


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, counter: _Counter) -> Part:
    with archive.open(info) as member:
        return _read_part(member, info.filename, counter)


def _read_part(file: IO[bytes], name: str, counter: _Counter) -> Part:
    csv.field_size_limit(sys.maxsize)
    hashing = _Hashing(file)
    text = io.TextIOWrapper(io.BufferedReader(hashing, _CHUNK), encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    if next(reader, None) != counter.names:
        raise ReconciliationError(f"The header of {name} is not the report type's columns.")
    width, rows = len(counter.names), 0
    first: list[str] | None = None
    last: list[str] | None = None
    for row in reader:
        if len(row) != width:
            raise ReconciliationError(f"Row {rows + 1} of {name} has {len(row)} cells instead of {width}.")
        counter.add(row)
        first = first or row
        last = row
        rows += 1
    time = counter.time
    return Part(
        name=name,
        rows=rows,
        bytes=hashing.bytes,
        sha256=hashing.sha256.hexdigest(),
        first=first[time] if first and time is not None else None,
        last=last[time] if last and time is not None else None,
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
