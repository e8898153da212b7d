"""A ZIP written as its members are compressed: zip64 throughout, fixed times, so the same rows give the same bytes.

Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3. Only what an export needs: deflated members, UTF-8 names.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.deflated import DeflatedWriter

_VERSION_ZIP64 = 45
_UTF8_NAMES = 0x0800
_DEFLATED = 8
_FIXED_DATE = (1 << 5) | 1  # 1980-01-01, the earliest a ZIP can say
_UNKNOWN = 0xFFFFFFFF
_ZIP64_EXTRA = 0x0001
_REGULAR_FILE = 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Entry:
    name: bytes
    offset: int
    crc: int
    plain: int
    packed: int
    spans: tuple[ChecksummedSpan, ChecksummedSpan]


class ZipMember:
    """The member being written; sizes and checksum go into its header when it is closed."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name, self._offset = file, name.encode(), file.tell()
        self._deflated = DeflatedWriter(file)
        file.write(self._header())

    def write(self, data: bytes) -> None:
        """Compress some bytes of the member."""
        self._deflated.write(data)

    def close(self) -> _Entry:
        """Finish the member and fill in its header."""
        deflated = self._deflated
        deflated.finish()
        end, header = self._file.tell(), self._header()
        self._file.seek(self._offset)
        self._file.write(header)
        self._file.seek(end)
        packed = deflated.span
        spans = (ChecksummedSpan.of(header), packed)
        return _Entry(self._name, self._offset, deflated.crc, deflated.size, packed.length, spans)

    def _header(self) -> bytes:
        fixed = struct.pack(
            "<4s5H3L2H",
            b"PK\x03\x04",
            _VERSION_ZIP64,
            _UTF8_NAMES,
            _DEFLATED,
            0,
            _FIXED_DATE,
            self._deflated.crc,
            _UNKNOWN,
            _UNKNOWN,
            len(self._name),
            20,
        )
        return (
            fixed + self._name + struct.pack("<HHQQ", _ZIP64_EXTRA, 16, self._deflated.size, self._deflated.span.length)
        )


class ZipArchive:
    """Members one after another, then the directory of them; `file` is seekable and belongs to the caller.

    `spans` cover the whole file, in order, once it is closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries: list[_Entry] = []
        self.spans: list[ChecksummedSpan] = []

    def open_member(self, name: str) -> ZipMember:
        """Begin the next member."""
        return ZipMember(self._file, name)

    def close_member(self, member: ZipMember) -> None:
        """Finish a member and keep its place for the directory."""
        entry = member.close()
        self._entries.append(entry)
        self.spans.extend(entry.spans)

    def append(self, other: ZipArchive, file: BinaryIO) -> None:
        """Take over the members of a closed archive, compressed as they are; `file` is open at its beginning."""
        begin, members = self._file.tell(), other.spans[:-1]
        left = sum(span.length for span in members)
        while chunk := file.read(min(left, _CHUNK)):
            self._file.write(chunk)
            left -= len(chunk)
        self._entries.extend(replace(entry, offset=begin + entry.offset) for entry in other._entries)
        self.spans.extend(members)

    def close(self) -> None:
        """Write the central directory, with zip64 ends."""
        start, count = self._file.tell(), len(self._entries)
        entries = b"".join(_directory_entry(entry) for entry in self._entries)
        size, short = len(entries), min(count, 0xFFFF)
        versions = (_VERSION_ZIP64, _VERSION_ZIP64)
        end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, *versions, 0, 0, count, count, size, start)
        end += struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
        end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, short, short, _UNKNOWN, _UNKNOWN, 0)
        self._file.write(entries + end)
        self.spans.append(ChecksummedSpan.of(entries + end))


def _directory_entry(entry: _Entry) -> bytes:
    extra = struct.pack("<HHQQQ", _ZIP64_EXTRA, 24, entry.plain, entry.packed, entry.offset)
    fixed = struct.pack(
        "<4s6H3L5H2L",
        b"PK\x01\x02",
        (3 << 8) | _VERSION_ZIP64,
        _VERSION_ZIP64,
        _UTF8_NAMES,
        _DEFLATED,
        0,
        _FIXED_DATE,
        entry.crc,
        _UNKNOWN,
        _UNKNOWN,
        len(entry.name),
        len(extra),
        0,
        0,
        0,
        _REGULAR_FILE,
        _UNKNOWN,
    )
    return fixed + entry.name + extra
