"""An export's artefact: one CSV, or one ZIP of CSVs, each with a header (product-spec, "Report Constraints")."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from promo_reports.pipeline.background import Background
from promo_reports.pipeline.stretch import Stretch
from promo_reports.pipeline.zip_archive import ZipArchive, ZipMember


@dataclass(frozen=True)
class WrittenPart:
    """What the writer knows of a part: rows without the header, bytes and sha256 of the CSV."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Artefact:
    """Writes parts on a thread of its own: plainly into one CSV, or deflated into the members of a ZIP.

    Whether it is a ZIP is known from the database's count before the first row is read. `parts`, and `stretches` (the
    bytes of the file as they were written), are complete once the `with` block has been left without an error.
    """

    def __init__(self, directory: Path, stem: str, header: Sequence[str], *, zipped: bool) -> None:
        self.path = directory / f"{stem}.{'zip' if zipped else 'csv'}"
        self.zipped = zipped
        self._stem = stem
        self._columns = header
        self._header = (",".join(header) + "\n").encode()
        self._background = Background()
        self._name = ""
        self._rows = 0
        self._bytes = 0
        self._sha256 = hashlib.sha256()
        self._member: ZipMember | None = None
        self._file: BinaryIO
        self._archive: ZipArchive
        self._rows_on_disk = self._bytes_on_disk = 0
        self._asides: list[Artefact] = []
        self.parts: list[WrittenPart] = []
        self.stretches: list[Stretch] = []

    def __enter__(self) -> Artefact:
        self._file = self.path.open("xb", buffering=1 << 18)
        try:
            self._archive = ZipArchive(self._file)
            self._background.__enter__()
        except BaseException:
            self._file.close()
            raise
        return self

    def begin(self, number: int) -> None:
        """Start the next CSV with its header."""
        name = f"{self._stem}_{number:04d}.csv" if self.zipped else f"{self._stem}.csv"
        self._background.submit(lambda: self._begin(name))
        self._background.submit(lambda: self._write(self._header, 0))

    def write(self, records: bytes, rows: int) -> None:
        """Append whole records."""
        self._background.submit(lambda: self._write(records, rows))

    def end(self) -> None:
        """Finish the CSV."""
        self._background.submit(self._end)

    def aside(self, number: int) -> Artefact:
        """A ZIP for part `number` alone, written at the same time as others and appended when its turn comes."""
        aside = Artefact(self.path.parent, self._stem, self._columns, zipped=True)
        aside.path = self.path.with_name(f".{self._stem}_{number:04d}.zip")
        self._asides.append(aside)
        return aside

    def append(self, aside: Artefact) -> None:
        """Take over what was written aside, compressed as it is, and remove its file."""
        self._background.submit(lambda: self._append(aside))

    def size_of(self, rows: int) -> int | None:
        """About how many bytes an artefact of so many rows takes, judged by those written so far; None before any."""
        written = [self, *self._asides]
        rows_on_disk = sum(each._rows_on_disk for each in written)
        return sum(each._bytes_on_disk for each in written) * rows // rows_on_disk if rows_on_disk else None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._background.__exit__(kind, error, trace)
            if error is None:
                self._finish()
        finally:
            # What cannot be written any more must not hide why the block is left.
            with contextlib.suppress(OSError):
                self._file.close()

    def _finish(self) -> None:
        if self.zipped:
            self._archive.close()
            self.stretches = self._archive.stretches
        else:
            self.stretches = [Stretch(part.bytes, part.sha256) for part in self.parts]
        self._file.close()

    def _begin(self, name: str) -> None:
        self._name, self._rows, self._bytes, self._sha256 = name, 0, 0, hashlib.sha256()
        self._member = self._archive.open_member(name) if self.zipped else None

    def _write(self, data: bytes, rows: int) -> None:
        self._rows += rows
        self._bytes += len(data)
        self._sha256.update(data)
        (self._member or self._file).write(data)
        self._rows_on_disk += rows
        self._bytes_on_disk = self._file.tell()

    def _end(self) -> None:
        if self._member is not None:
            self._archive.close_member(self._member)
            self._member = None
        self.parts.append(WrittenPart(self._name, self._rows, self._bytes, self._sha256.hexdigest()))

    def _append(self, aside: Artefact) -> None:
        with aside.path.open("rb") as file:
            self._archive.append(aside._archive, file)
        aside.path.unlink()
        self.parts.extend(aside.parts)
