"""Read the staged artifact again and compare it with what the database counted (reliability, P8).

What is checked is the file that will be delivered: decompressed, parsed, counted, summed and hashed, by readers that
share no code with the writers. No message holds a cell: they are people's data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from promo_reports.domain.dates.window import Window
from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.manifest import Part
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.databases.source import GroupTotals, SourceTotals
from promo_reports.pipeline.decimals import exact_sum
from promo_reports.pipeline.formats.artifact import WrittenPart
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.file_code import Unreadable, code_of
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.sql.cell_policies.transform import CellTransform

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Reading:
    """What the second reading found; `cells_changed` are those that the cell policy changed."""

    rows: int
    sums: dict[str, Decimal]
    groups: dict[str, GroupTotals]
    parts: tuple[Part, ...]
    bytes: int
    sha256: str
    cells_changed: int


def read_again(
    path: Path,
    file_format: FileFormat,
    report_type: ReportType,
    *,
    transform: CellTransform,
    spans: Sequence[ChecksummedSpan],
) -> Reading:
    """Read every cell of the artifact; raise `ReconciliationError` where it is damaged.

    `spans` are the bytes as they were written. They are compared first, so that a bit which changed where no reader
    looks is found too, and a cell is only blamed for what the database sent. The cells that `transform`
    has changed are counted.
    """
    tally = Tally(report_type, transform)
    sha256 = _compared(path, spans)
    try:
        parts = code_of(file_format).read_back(path, tally)
    except Unreadable as damage:
        raise ReconciliationError(f"The staged file {path.name} cannot be read again: {damage}.") from None
    groups = tally.groups()
    return Reading(
        rows=sum(part.rows for part in parts),
        sums={c.name: exact_sum(group.sums[c.name] for group in groups.values()) for c in report_type.totals},
        groups=groups,
        parts=parts,
        bytes=path.stat().st_size,
        sha256=sha256,
        cells_changed=tally.cells_changed,
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
    if source.cells_changed is not None and source.cells_changed != reading.cells_changed:
        counts = f"{source.cells_changed} in the database, {reading.cells_changed} in the file"
        differences.append(f"cells changed: {counts}")
    if [(p.name, p.rows, p.bytes, p.sha256) for p in reading.parts] != [
        (p.name, p.rows, p.bytes, p.sha256) for p in written
    ]:
        differences.append("the parts read again are not the parts written")
    if differences:
        raise ReconciliationError(
            f"Nothing is published, because {'; '.join(differences)}.",
            "If trying again gives the same difference, report it as a defect of Promo Reports.",
        )


def check_window(reading: Reading, report_type: ReportType, window: Window | None) -> None:
    """Raise `DataRefused` where the first or last time of a log is not in its window, [start, end).

    The rows are in the order of the window column, so no other is further out. Such a file shows another time than the
    one by which its rows were chosen.
    """
    if report_type.window_column is None or window is None or not reading.rows:
        return
    for cell in (reading.parts[0].first, reading.parts[-1].last):
        if not _is_within(cell, window):
            raise DataRefused(
                f"Report type {report_type.id!r}: column {report_type.window_column!r} holds a time that is not in the "
                f"window from {window.start.isoformat()} to {window.end.isoformat()}.",
                "Show the very column that window.covers limits, converted in the same way.",
            )


def _is_within(cell: str | None, window: Window) -> bool:
    try:
        return window.start <= datetime.fromisoformat(cell or "") < window.end
    except ValueError:  # no time, or a year that no window reaches
        return False


def _compared(path: Path, spans: Sequence[ChecksummedSpan]) -> str:
    """Return the file's hash; raises `ReconciliationError` unless it is exactly the spans."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        for span in spans:
            digest, left = hashlib.sha256(), span.length
            while left and (chunk := file.read(min(left, _CHUNK))):
                digest.update(chunk)
                whole.update(chunk)
                left -= len(chunk)
            if left or digest.hexdigest() != span.sha256:
                raise ReconciliationError(
                    f"The staged file {path.name} is not what was written, before byte {file.tell()}."
                )
        if file.read(1):
            raise ReconciliationError(f"The staged file {path.name} is longer than what was written.")
    return whole.hexdigest()
