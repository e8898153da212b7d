"""Members of a ZIP, read more strictly than most readers do, so that none of them can fail on what passes here.

zipfile takes a member whose compressed data is cut off behind its last byte, and never looks at a local header's sizes;
readers that stream an archive depend on both. Another inflate than isal's, which wrote it, has to take what is in them:
zlib-ng, twice as fast as zlib itself. Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.5.3.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import IO

from zlib_ng import zlib_ng

_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64 = struct.Struct("<2H2Q")
_CHUNK = 1 << 16


class StrictMember:
    """The content of one member; raises `zipfile.BadZipFile` for anything that is not exactly as the archive says.

    A member is only known to be sound once it has been read to its end.
    """

    def __init__(self, archive: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info
        if not 0 <= info.header_offset < archive.seek(0, io.SEEK_END):
            raise self._bad("its place is outside of the archive")
        archive.seek(info.header_offset)
        self._check_header()
        self._left = info.compress_size
        self._inflate = zlib_ng.decompressobj(-zlib_ng.MAX_WBITS)
        self._waiting = b""
        self._crc = self._size = 0

    def read(self, most: int) -> bytes:
        """Inflate the next bytes, `most` of them or fewer; nothing at the end of a member that is sound."""
        while not self._inflate.eof:
            packed = self._waiting
            if not packed:
                packed = self._archive.read(min(self._left, _CHUNK))
                self._left -= len(packed)
            try:
                # With nothing left to give it, inflate may still hold bytes that had no room before.
                data = self._inflate.decompress(packed, most)
            except zlib_ng.error as damage:  # type: ignore[misc] # its stub takes the class for an instance
                raise self._bad(str(damage)) from None
            self._waiting = self._inflate.unconsumed_tail
            if data:
                self._crc = zlib_ng.crc32(data, self._crc)
                self._size += len(data)
                return data
            if not packed and not self._inflate.eof:
                raise self._bad("its compressed data is cut off")
        if self._left or self._inflate.unused_data:
            raise self._bad("something follows its compressed data")
        if (self._crc, self._size) != (self._info.CRC, self._info.file_size):
            raise self._bad("its checksum or size is another one")
        return b""

    def _check_header(self) -> None:
        fixed = self._archive.read(_LOCAL.size)
        if len(fixed) != _LOCAL.size:
            raise self._bad("its header is cut off")
        signature, _, _, method, _, _, crc, _, _, name_length, extra_length = _LOCAL.unpack(fixed)
        name, extra = self._archive.read(name_length), self._archive.read(extra_length)
        if signature != b"PK\x03\x04" or method != zipfile.ZIP_DEFLATED or name != self._info.orig_filename.encode():
            raise self._bad("its header is another one's")
        sizes = (1, 16, self._info.file_size, self._info.compress_size)
        if crc != self._info.CRC or extra != _ZIP64.pack(*sizes):
            raise self._bad("its header and the directory disagree")

    def _bad(self, what: str) -> zipfile.BadZipFile:
        return zipfile.BadZipFile(f"{self._info.filename}: {what}")
