"""Deflated bytes in a file, on their way in and out: what a member of a ZIP and a gzip file have in common."""

from __future__ import annotations

import hashlib
import zlib
from typing import BinaryIO, Protocol

from isal import isal_zlib

from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.growing_file import Readable

_LEVEL = 2
_CHUNK = 1 << 18


class CutOff(Exception):
    """The deflated bytes end before their end."""


class DeflatedWriter:
    """Deflates into a file; `crc` and `size` are of the content, `span` is what stands in the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
        self._packed, self._sha256 = 0, hashlib.sha256()
        self.crc = self.size = 0

    @property
    def span(self) -> ChecksummedSpan:
        """The deflated bytes so far."""
        return ChecksummedSpan(self._packed, self._sha256.hexdigest())

    def write(self, data: bytes) -> None:
        """Deflate some bytes."""
        self.crc = isal_zlib.crc32(data, self.crc)
        self.size += len(data)
        self._put(self._deflate.compress(data))

    def finish(self) -> None:
        """Write the last of them; the file itself belongs to the caller."""
        self._put(self._deflate.flush(zlib.Z_FINISH))

    def _put(self, data: bytes) -> None:
        self._packed += len(data)
        self._sha256.update(data)
        self._file.write(data)


class Inflate(Protocol):
    """A decompressor as zlib and zlib-ng have it."""

    @property
    def eof(self) -> bool:
        """Whether the end of the deflated bytes has been read."""

    @property
    def unused_data(self) -> bytes:
        """What was given beyond that end."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What was given and had no room."""

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        """Inflate at most so many bytes."""


class InflatedReader:
    """Inflates what a file has from its position on."""

    def __init__(self, file: Readable, inflate: Inflate) -> None:
        self._file, self._inflate = file, inflate
        self._waiting = b""

    @property
    def beyond(self) -> bytes:
        """What has been read beyond the end of the deflated bytes."""
        return self._inflate.unused_data

    def read(self, most: int) -> bytes:
        """Inflate the next bytes, at least one and at most so many; nothing at the end.

        Raises `CutOff`, and the error of the decompressor.
        """
        while not self._inflate.eof:
            packed = self._waiting or self._file.read(_CHUNK)
            # With nothing left to give it, inflate may still hold bytes that had no room before.
            data = self._inflate.decompress(packed, most)
            self._waiting = self._inflate.unconsumed_tail
            if data:
                return data
            if not packed and not self._inflate.eof:
                raise CutOff
        return b""
