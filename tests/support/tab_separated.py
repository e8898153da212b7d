"""A file format that the package does not have: tab-separated text, of at most the rows of the row limit.

What a new format needs is in this file: what others know of it, its code, and its line in each of the two tables.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import BinaryIO

import pytest

from promo_reports.domain import file_format
from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.manifest import Part
from promo_reports.pipeline.formats import file_code
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.tally import Tally

TSV = FileFormat("tsv", "Tab-separated", ".tsv", "text/tab-separated-values; charset=utf-8")


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the format in this process."""
    monkeypatch.setitem(file_format.FORMATS, TSV.key, TSV)
    monkeypatch.setitem(file_code.MODULES, TSV.key, __name__)


class TsvWriter:
    """Writes the cells of CSV records with tabs between them."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        self._file, self._names = file, [column.name for column in heading.columns]
        self._content = b""
        self.spans: list[ChecksummedSpan] = []

    def begin(self, name: str) -> None:
        """Start the part with its header."""
        self._put([self._names])

    def write(self, records: bytes) -> None:
        """Append whole records."""
        self._put(list(csv.reader(io.StringIO(records.decode(), newline=""))))

    def end(self) -> ChecksummedSpan:
        """Finish the part."""
        self.spans.append(ChecksummedSpan.of(self._content))
        return self.spans[-1]

    def close(self) -> None:
        """Write nothing more."""

    def _put(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, dialect="excel-tab", lineterminator="\n").writerows(rows)
        data = text.getvalue().encode()
        self._content += data
        self._file.write(data)


def writer(file: BinaryIO, heading: Heading) -> TsvWriter:
    """Return the writer of a file."""
    return TsvWriter(file, heading)


def read_back(file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
    """Read the one part."""
    name, content = file.path.name, b"".join(iter(lambda: file.read(1 << 16), b""))
    tally.begin_part(name)
    try:
        header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), dialect="excel-tab", strict=True)
    except (csv.Error, UnicodeDecodeError) as damage:
        raise Unreadable(type(damage).__name__) from None
    assert header == [column.name for column in heading.columns]
    for row in rows:
        tally.add(row)
    return (Part(name, tally.rows, len(content), hashlib.sha256(content).hexdigest(), tally.first, tally.last),)
