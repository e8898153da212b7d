"""A ZIP whose members are CSV files."""

from __future__ import annotations

import zipfile
from typing import BinaryIO, cast

from promo_reports.domain.manifest import Part
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.csv_file import CsvWriter
from promo_reports.pipeline.formats.file_code import FileWriter, Unreadable
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.strict_zip import StrictMember, check_directory, members
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.formats.zip_archive import ZipArchive, ZipMember


class ZipWriter:
    """Writes each part as a deflated member."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        self._archive = ZipArchive(file)
        self._heading = heading
        self._member: ZipMember
        self._content: CsvWriter
        self.spans = self._archive.spans

    def begin(self, name: str) -> None:
        """Start the next member."""
        self._member = self._archive.open_member(name)
        self._content = CsvWriter(cast("BinaryIO", self._member), self._heading)
        self._content.begin(name)

    def write(self, records: bytes) -> None:
        """Append whole records to the member."""
        self._content.write(records)

    def end(self) -> ChecksummedSpan:
        """Finish the member."""
        content = self._content.end()
        self._archive.close_member(self._member)
        return content

    def append(self, other: FileWriter, file: BinaryIO) -> None:
        """Take over the members of another ZIP, compressed as they are."""
        self._archive.append(cast("ZipWriter", other)._archive, file)

    def close(self) -> None:
        """Write the directory of the members."""
        self._archive.close()


def writer(file: BinaryIO, heading: Heading) -> ZipWriter:
    """Return the writer of a ZIP."""
    return ZipWriter(file, heading)


def read_back(file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
    """Read the members of a ZIP one after another, then compare its directory with them."""
    found: list[StrictMember] = []
    parts = []
    try:
        for member in members(file):
            parts.append(read_part(member, member.name, heading, tally))
            found.append(member)
        check_directory(file, found)
    except (zipfile.BadZipFile, NotImplementedError) as damage:  # of a method, version or flag
        raise Unreadable(str(damage)) from None
    return tuple(parts)
