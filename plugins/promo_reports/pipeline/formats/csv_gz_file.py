"""A CSV in one gzip member (RFC 1952): no name and no time in it, so the same rows give the same bytes."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, cast

from promo_reports.domain.manifest import Part
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.csv_file import CsvWriter
from promo_reports.pipeline.formats.deflated import CutOff, DeflatedWriter, InflatedReader
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.tally import Tally

_HEADER = bytes.fromhex("1f8b 08 00 00000000 00 ff")
"""Deflated, without flags, time or extra flags, of no particular system."""
_TRAILER = struct.Struct("<2L")
_GZIP = 16 + zlib.MAX_WBITS


class GzipWriter:
    """Writes one part, deflated as it comes."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        self._file = file
        self._deflated = DeflatedWriter(file)
        self._content = CsvWriter(cast("BinaryIO", self._deflated), heading)
        self.spans: list[ChecksummedSpan] = []

    def begin(self, name: str) -> None:
        """Start the part with the headers of gzip and of the CSV."""
        self._file.write(_HEADER)
        self._content.begin(name)

    def write(self, records: bytes) -> None:
        """Append whole records."""
        self._content.write(records)

    def end(self) -> ChecksummedSpan:
        """Finish the part with its checksum and size."""
        self._deflated.finish()
        trailer = _TRAILER.pack(self._deflated.crc, self._deflated.size % (1 << 32))
        self._file.write(trailer)
        self.spans.extend([ChecksummedSpan.of(_HEADER), self._deflated.span, ChecksummedSpan.of(trailer)])
        return self._content.end()

    def close(self) -> None:
        """Write nothing: the file ends with its one member."""


class _Member:
    """Inflates the one member of a file by zlib, which compares its checksum and size."""

    def __init__(self, file: GrowingFile) -> None:
        self._file = file
        self._inflated = InflatedReader(file, zlib.decompressobj(_GZIP))

    def read(self, most: int) -> bytes:
        """Inflate the next bytes, at least one and at most so many; nothing at the end, where the file must end."""
        try:
            data = self._inflated.read(most)
        except zlib.error as damage:
            raise Unreadable(str(damage)) from None
        except CutOff:
            raise Unreadable("its compressed data is cut off") from None
        if not data and (self._inflated.beyond or self._file.read(1)):
            raise Unreadable("something follows its compressed data")
        return data


def writer(file: BinaryIO, heading: Heading) -> GzipWriter:
    """Return the writer of a compressed CSV."""
    return GzipWriter(file, heading)


def read_back(file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
    """Read the one part of a compressed CSV."""
    return (read_part(_Member(file), file.path.name, heading, tally),)
