"""An export's artifact: its parts, written into one file of its format (product-spec, "Report Constraints")."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from promo_reports.domain.file_format import FileFormat
from promo_reports.pipeline.formats.background import Background
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.file_code import FileWriter, MembersWriter, code_of
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading


@dataclass(frozen=True)
class WrittenPart:
    """What the writer knows of a part: rows without the header, bytes and sha256 of its content."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Artifact:
    """Writes parts on a thread of its own, one after another, into a file of `file_format`.

    The format is known from the database's count before the first row is read. `parts`, and `spans` (the bytes of
    the file as they were written), are complete once the `with` block has been left without an error. `written` can
    be read before that.
    """

    def __init__(self, directory: Path, stem: str, heading: Heading, file_format: FileFormat) -> None:
        self.path = directory / f"{stem}{file_format.suffix}"
        self.written = GrowingFile(self.path)
        self.format = file_format
        self._stem = stem
        self.heading = heading
        self._background = Background()
        self._name = ""
        self._rows = 0
        self._file: BinaryIO
        self._writer: FileWriter
        self._rows_on_disk = self._bytes_on_disk = 0
        self._asides: list[Artifact] = []
        self.parts: list[WrittenPart] = []

    @property
    def spans(self) -> list[ChecksummedSpan]:
        """The bytes of the file as they were written, in order."""
        return self._writer.spans

    def __enter__(self) -> Artifact:
        self._file = self.path.open("xb", buffering=1 << 18)
        try:
            self._writer = code_of(self.format).writer(self._file, self.heading)
            self._background.__enter__()
        except BaseException:
            self._file.close()
            raise
        return self

    def begin(self, number: int) -> None:
        """Start the next part with its header; what is unlimited goes on with its only one."""
        if self.format.unlimited and number > 1:
            return
        name = self.format.part_name(self._stem, number)
        self._background.submit(lambda: self._begin(name))

    def write(self, records: bytes, rows: int) -> None:
        """Append whole records."""
        self._background.submit(lambda: self._write(records, rows))

    def end(self) -> None:
        """Finish the part."""
        if self.format.unlimited:
            return  # more may follow
        self._background.submit(self._end)

    def aside(self, number: int) -> Artifact:
        """Return a file for member `number` alone, written in parallel and appended in order."""
        aside = Artifact(self.path.parent, self._stem, self.heading, self.format)
        aside.path = self.path.with_name(f".{self._stem}_{number:04d}{self.format.suffix}")
        aside.written = GrowingFile(aside.path)
        self._asides.append(aside)
        return aside

    def append(self, aside: Artifact) -> None:
        """Take over what was written aside, compressed as it is, and remove its file."""
        self._background.submit(lambda: self._append(aside))

    def size_of(self, rows: int) -> int | None:
        """Estimate the bytes of an artifact of so many rows from those written so far; None before any."""
        written = [self, *self._asides]
        rows_on_disk = sum(each._rows_on_disk for each in written)
        return sum(each._bytes_on_disk for each in written) * rows // rows_on_disk if rows_on_disk else None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._background.__exit__(kind, error, trace)
            if error is None:
                if self.format.unlimited:
                    self._end()
                self._writer.close()
                self._file.close()
                self.written.finish()
        finally:
            # What cannot be written any more must not hide why the block is left.
            with contextlib.suppress(OSError):
                self._file.close()

    def _begin(self, name: str) -> None:
        self._name, self._rows = name, 0
        self._writer.begin(name)

    def _write(self, records: bytes, rows: int) -> None:
        self._rows += rows
        self._writer.write(records)
        self._rows_on_disk += rows
        self._flush()

    def _end(self) -> None:
        content = self._writer.end()
        self.parts.append(WrittenPart(self._name, self._rows, content.length, content.sha256))

    def _append(self, aside: Artifact) -> None:
        with aside.path.open("rb") as file:
            cast("MembersWriter", self._writer).append(aside._writer, file)
        self._flush()
        aside.path.unlink()
        self.parts.extend(aside.parts)

    def _flush(self) -> None:
        self._bytes_on_disk = self._file.tell()  # what a full disk has no room for is counted, too
        self._file.flush()
        self.written.grown(self._bytes_on_disk)
