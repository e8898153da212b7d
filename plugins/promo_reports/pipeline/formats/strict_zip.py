"""A ZIP read from its beginning, more strictly than most readers do, so that none of them can fail on what passes here.

zipfile takes a member whose compressed data is cut off behind its last byte, and never looks at a local header's sizes;
readers that stream an archive depend on both. Another inflate than isal's, which wrote it, has to take what is in them:
zlib-ng, twice as fast as zlib itself. Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.5.3.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Sequence

from zlib_ng import zlib_ng

from promo_reports.pipeline.formats.deflated import CutOff, InflatedReader
from promo_reports.pipeline.formats.growing_file import GrowingFile, read_all

_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64 = struct.Struct("<2H2Q")
_SIGNATURE = b"PK\x03\x04"


class StrictMember:
    """The member that begins at the file's position; `read` raises `zipfile.BadZipFile` where it is damaged.

    Its header is not known to be right before `check_directory`: it is written last.
    """

    def __init__(self, file: GrowingFile, fixed: bytes) -> None:
        self.offset = file.position - len(fixed)
        *_, name_length, extra_length = _LOCAL.unpack(fixed)
        name, extra = read_all(file, name_length), read_all(file, extra_length)
        self.header_size = len(fixed) + len(name) + len(extra)
        self.name = name.decode(errors="replace")
        self.crc = self.size = 0
        self._file = file
        self._inflated = InflatedReader(file, zlib_ng.decompressobj(-zlib_ng.MAX_WBITS))
        self._end: int | None = None

    @property
    def packed_size(self) -> int:
        """The bytes of its compressed data, once it has been read to its end."""
        assert self._end is not None  # noqa: S101 - read to its end
        return self._end - self.offset - self.header_size

    def read(self, most: int) -> bytes:
        """Inflate the next bytes, at least one and at most so many; nothing at the end."""
        try:
            data = self._inflated.read(most)
        except zlib_ng.error as damage:  # type: ignore[misc] # its stub takes the class for an instance
            raise zipfile.BadZipFile(f"{self.name}: {damage}") from None
        except CutOff:
            raise zipfile.BadZipFile(f"{self.name}: its compressed data is cut off") from None
        if data:
            self.crc = zlib_ng.crc32(data, self.crc)
            self.size += len(data)
            return data
        if self._end is None:
            self._file.position -= len(self._inflated.beyond)
            self._end = self._file.position
        return b""


def members(file: GrowingFile) -> Iterator[StrictMember]:
    """Yield the members of an archive, each of which must have been read to its end before the next."""
    while (fixed := read_all(file, _LOCAL.size)).startswith(_SIGNATURE):
        if len(fixed) != _LOCAL.size:
            raise zipfile.BadZipFile("its last header is cut off")
        yield StrictMember(file, fixed)
    file.position -= len(fixed)


def check_directory(file: GrowingFile, found: Sequence[StrictMember]) -> None:
    """Raise `zipfile.BadZipFile` unless directory and headers of a finished archive say what was read.

    The directory begins at the file's position, right behind the last member. What is there may be all that has been
    written so far, so that the end of the file is waited for: `Abandoned` if it will not come.
    """
    file.wait_until_finished()
    with zipfile.ZipFile(file.path) as archive:
        listed, begin = archive.infolist(), archive.start_dir
    if not found or begin != file.position:
        before = f"{found[-1].name}: something follows its compressed data" if found else "it begins with no member"
        raise zipfile.BadZipFile(f"{before}, which is neither a member nor the directory")
    if len(listed) != len(found):
        raise zipfile.BadZipFile(f"its directory lists {len(listed)} members, and {len(found)} were read")
    for info, member in zip(listed, found, strict=True):
        if (info.orig_filename, info.header_offset) != (member.name, member.offset):
            raise zipfile.BadZipFile(f"{member.name}: the directory has another name or place of it")
        if (info.CRC, info.file_size, info.compress_size) != (member.crc, member.size, member.packed_size):
            raise zipfile.BadZipFile(f"{member.name}: its checksum or size is another one")
        _check_header(file.read_at(member.offset, member.header_size), info)


def _check_header(header: bytes, info: zipfile.ZipInfo) -> None:
    signature, _, _, method, _, _, crc, _, _, name_length, _ = _LOCAL.unpack_from(header)
    name, extra = header[_LOCAL.size :][:name_length], header[_LOCAL.size + name_length :]
    if signature != _SIGNATURE or method != zipfile.ZIP_DEFLATED or name != info.orig_filename.encode():
        raise zipfile.BadZipFile(f"{info.filename}: its header is another one's")
    if crc != info.CRC or extra != _ZIP64.pack(1, 16, info.file_size, info.compress_size):
        raise zipfile.BadZipFile(f"{info.filename}: its header and the directory disagree")
