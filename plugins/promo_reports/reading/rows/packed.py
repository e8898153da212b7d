"""The CSVs in a delivered file, inflated as it is read from its beginning to its end.

What a ZIP holds was read again when it was written, and its hash is compared when it has been read: so its directory,
which is its end, is not looked at. Format: PKWARE APPNOTE 6.3.10, section 4.3.7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from isal import isal_zlib

from promo_reports.reading.trees.tree import Content
from promo_reports.reading.verified_content import CHUNK

_LOCAL = struct.Struct("<4s5H3L2H")
_SIGNATURE = b"PK\x03\x04"
_MOST = 4 * CHUNK
GZIP = 31
"""The window bits of a gzip member, whose checksum and size are compared at its end."""


class Unpackable(Exception):
    """A file that is not packed as its name says."""


class Inflated:
    """One deflated member, from the position of a file on."""

    def __init__(self, packed: Packed, window_bits: int = -15) -> None:
        self._packed, self._inflate, self._ended = packed, isal_zlib.decompressobj(window_bits), False

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; nothing at the end of the member."""
        while not self._inflate.eof:
            waiting = self._inflate.unconsumed_tail or self._packed.read(CHUNK)
            try:
                content = self._inflate.decompress(waiting, min(size, _MOST))
            except isal_zlib.error as wrong:  # type: ignore[misc] # its stub takes the class for an instance
                raise Unpackable(f"{wrong}") from None
            if content:
                return bytes(content)
            if not waiting and not self._inflate.eof:
                raise Unpackable("its compressed data is cut off")
        if not self._ended:
            self._ended = True
            self._packed.put_back(self._inflate.unused_data)
        return b""


class Packed:
    """A file whose bytes can be put back."""

    def __init__(self, content: Content) -> None:
        self._content, self._waiting = content, b""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`."""
        if self._waiting:
            content, self._waiting = self._waiting[:size], self._waiting[size:]
            return content
        return self._content.read(size)

    def exactly(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end of the file."""
        content = b""
        while len(content) < size and (more := self.read(size - len(content))):
            content += more
        return content

    def put_back(self, content: bytes) -> None:
        """Have these bytes read next."""
        self._waiting = content + self._waiting


def zip_members(content: Content) -> Iterator[tuple[str, Content]]:
    """Yield the name and the content of each member, which is read to its end before the next one."""
    packed = Packed(content)
    while (fixed := packed.exactly(_LOCAL.size)).startswith(_SIGNATURE) and len(fixed) == _LOCAL.size:
        *_, name_length, extra_length = _LOCAL.unpack(fixed)
        name = packed.exactly(name_length).decode(errors="replace")
        packed.exactly(extra_length)
        yield name, Inflated(packed)
