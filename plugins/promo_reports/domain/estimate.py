"""Estimate the files of an export before it is made: parts by the row limit, size and time by earlier exports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from promo_reports.domain.file_format import FileFormat

_LONG = 60.0
"""Seconds from which on it is worth saying how long an export takes."""
_SMALLEST_SHARE = 10
"""An export with fewer than a tenth of the rows tells nothing about time: the most of its own was the task's start."""


@dataclass(frozen=True)
class PastFile:
    """A file that was delivered, of at least one row; bytes are those of all its parts."""

    format: FileFormat
    rows: int
    bytes: int


@dataclass(frozen=True)
class PastExport:
    """An export that was delivered: its files, and the seconds in which they were made where that is known."""

    files: frozenset[PastFile]
    seconds: float | None = None


@dataclass(frozen=True)
class FileEstimate:
    """What a file of so many rows will be like.

    `format` is None where no file of the format `asked` holds so many. `bytes` is None where none of the earlier
    exports was in this format; `exports` are how many were.
    """

    asked: FileFormat
    rows: int
    rows_per_file: int
    format: FileFormat | None
    bytes: int | None
    exports: int

    @property
    def parts(self) -> int:
        """CSVs in a ZIP; 1 for a format without members, 0 where there will be no file."""
        if self.format is None:
            return 0
        return max(1, -(-self.rows // self.rows_per_file)) if self.format.member_suffix is not None else 1

    @property
    def words(self) -> str:
        """Return `one CSV file of about 1.1 MB`."""
        if self.format is None:
            return (
                f"no file, since one of the format {self.asked.label} has at most {self.rows_per_file:,} rows; "
                "choose another format or a shorter date range"
            )
        label = self.format.label
        parts = f", {self.parts:,} parts" if self.parts > 1 else ""
        named = f"one {label} file" if " " not in label and not parts else f"one file ({label}{parts})"
        return named if self.bytes is None else f"{named} of about {size_words(self.bytes)}"


@dataclass(frozen=True)
class Estimate:
    """What an export will be like: a file for each of its formats, and seconds where it takes long."""

    rows: int
    files: tuple[FileEstimate, ...]
    seconds: float | None

    @property
    def sentence(self) -> str:
        """Return `12,400 rows: one CSV file of about 1.1 MB.`, or that there are none."""
        if self.rows == 0:
            return "No rows match: the export would have the column names only."
        counted = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        said = f"{counted}: {', '.join(each.words for each in self.files)}."
        return said if self.seconds is None else f"{said} It takes about {duration_words(self.seconds)}."

    @property
    def basis(self) -> str:
        """Return what sizes and time were estimated from; empty where nothing was."""
        known = [each for each in self.files if each.bytes is not None]
        said = []
        for each in known if self.rows else ():
            exports = "the last export" if each.exports == 1 else f"the last {each.exports} exports"
            label = f" as {each.format.label}" if each.format is not None and len(self.files) > 1 else ""
            a_row = f"{(each.bytes or 0) / each.rows:,.0f}"
            said.append(f"{exports} of this report type{label}, {a_row} bytes a row")
        return f"Estimated from {'; '.join(said)}." if said else ""


def estimate(formats: Iterable[FileFormat], rows: int, rows_per_file: int, past: Sequence[PastExport]) -> Estimate:
    """Estimate an export of so many rows in some formats from earlier ones of its report type."""
    files = tuple(_file(each, rows, rows_per_file, past) for each in dict.fromkeys(formats))
    return Estimate(rows, files, _seconds(files, rows, past))


def size_words(size: int) -> str:
    """Return `512 bytes` or `1.1 MB`: decimal units, as object stores count."""
    if size < 1000:
        return f"{size} {'byte' if size == 1 else 'bytes'}"
    value, unit = float(size), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 - the last one is kept
        value /= 1000
        if value < 999.95:
            break
    return f"{value:,.1f}".removesuffix(".0") + f" {unit}"


def duration_words(seconds: float) -> str:
    """Return `2 minutes`, or from 90 minutes on `1.5 hours`."""
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    return f"{minutes / 60:.1f}".removesuffix(".0") + " hours"


def _file(asked: FileFormat, rows: int, rows_per_file: int, past: Sequence[PastExport]) -> FileEstimate:
    made = asked.for_rows(rows, rows_per_file)
    alike = [[file for file in each.files if file.format is made] for each in past]
    files = [file for each in alike for file in each]
    size = round(rows * sum(file.bytes for file in files) / sum(file.rows for file in files)) if files else None
    return FileEstimate(asked, rows, rows_per_file, made, size, sum(map(bool, alike)))


def _seconds(files: Collection[FileEstimate], rows: int, past: Sequence[PastExport]) -> float | None:
    formats = {each.format for each in files}
    took = [
        (each.seconds, max(file.rows for file in each.files))
        for each in past
        if each.seconds is not None and {file.format for file in each.files} == formats
    ]
    large = [(seconds, of) for seconds, of in took if of * _SMALLEST_SHARE >= rows]
    if not large:
        return None
    seconds = rows * sum(seconds for seconds, _ in large) / sum(of for _, of in large)
    return seconds if seconds >= _LONG else None
