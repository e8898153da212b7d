"""CSV: the header, then the records as the database writes them."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from promo_reports.domain.manifest import Part
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.tally import Tally


class CsvWriter:
    """Writes one part into a file, or into the member of an archive."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        self._file = file
        self._header = heading.line
        self.spans: list[ChecksummedSpan] = []

    def begin(self, name: str) -> None:
        """Start the part with its header."""
        self._bytes, self._sha256 = 0, hashlib.sha256()
        self.write(self._header)

    def write(self, records: bytes) -> None:
        """Append whole records."""
        self._bytes += len(records)
        self._sha256.update(records)
        self._file.write(records)

    def end(self) -> ChecksummedSpan:
        """Finish the part."""
        content = ChecksummedSpan(self._bytes, self._sha256.hexdigest())
        self.spans.append(content)
        return content

    def close(self) -> None:
        """Write nothing: a CSV ends with its last record."""


def writer(file: BinaryIO, heading: Heading) -> CsvWriter:
    """Return the writer of a CSV."""
    return CsvWriter(file, heading)


def read_back(file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
    """Read the one part of a CSV."""
    return (read_part(file, file.path.name, heading, tally),)
