"""The port of a file format, and the code that is registered for each key of `domain.file_format.FORMATS`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.manifest import Part
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.tally import Tally

MODULES = {
    "csv": "promo_reports.pipeline.formats.csv_file",
    "zip": "promo_reports.pipeline.formats.zip_file",
    "csv_gz": "promo_reports.pipeline.formats.csv_gz_file",
    "parquet": "promo_reports.pipeline.formats.parquet_file",
}
"""The module of each format; it is imported when the format is used, and has the functions of `FileCode`."""


class Unreadable(Exception):
    """A file that cannot be read as its format; the message holds no cell."""


class FileWriter(Protocol):
    """Writes one file, part after part.

    `spans` are the bytes of the file as they were written, in order; they are complete when it is closed.
    """

    spans: list[ChecksummedSpan]

    def begin(self, name: str) -> None:
        """Start the next part with what stands before its rows, such as a header."""
        ...

    def write(self, records: bytes) -> None:
        """Append whole CSV records (UTF-8, as COPY writes them) to the part."""
        ...

    def end(self) -> ChecksummedSpan:
        """Finish the part; the answer is its content, before any compression."""
        ...

    def close(self) -> None:
        """Write what follows the last part. The file itself belongs to the caller."""
        ...


class MembersWriter(FileWriter, Protocol):
    """A writer whose parts are members of its file, so that they can be written side by side."""

    def append(self, other: FileWriter, file: BinaryIO) -> None:
        """Take over the members of a file of the same format that is closed; `file` is open at its beginning."""
        ...


class FileCode(Protocol):
    """What a format's module has."""

    def writer(self, file: BinaryIO, heading: Heading) -> FileWriter:
        """Return a writer into a file that is open and empty."""
        ...

    def read_back(self, file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
        """Read every part to its end and tally its rows, sharing no code with the writer.

        The file may still be written when this begins, and is finished when it ends. Raises `Unreadable`,
        `ReconciliationError` for another header or a row of another width, and `DataRefused` for a cell that no file
        may carry.
        """
        ...


@contextmanager
def loaded_beside(file_formats: Iterable[FileFormat]) -> Iterator[None]:
    """Import the code of formats, and of what they are split as, on another thread while the `with` block runs.

    Arrow takes a tenth of a second, in which the database can count. An error is left to `code_of`.
    """

    def load() -> None:
        for key in {key for each in file_formats for key in (each.key, each.split_as or each.key)}:
            with suppress(ImportError):
                import_module(MODULES[key])

    thread = threading.Thread(target=load, name="export-import", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def code_of(file_format: FileFormat) -> FileCode:
    """Return the code of a format; PromoReportsError where a library that it needs is not installed."""
    try:
        return cast("FileCode", import_module(MODULES[file_format.key]))
    except ModuleNotFoundError as lacking:
        raise PromoReportsError(
            f"Files of the format {file_format.label} cannot be made, because {lacking.name} is not installed.",
            f"Install {file_format.extra}." if file_format.extra else "Install promo-reports again.",
        ) from None
