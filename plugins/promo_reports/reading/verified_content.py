"""The bytes of a delivered file, counted and hashed as they are read."""

from __future__ import annotations

import hashlib

from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.port import damaged
from promo_reports.object_stores.staged_file import check_whole
from promo_reports.reading.trees.tree import Content

CHUNK = 1 << 20
"""Bytes that are read at one time."""


class VerifiedContent:
    """What is read of a file; `check` tells whether all of it was the file of the manifest."""

    def __init__(self, content: Content, file: ExportFile, address: str) -> None:
        self._content, self._file, self._address = content, file, address
        self._bytes, self._sha256 = 0, hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; Damaged once there are more than the manifest names."""
        content = self._content.read(size)
        self._bytes += len(content)
        self._sha256.update(content)
        if self._bytes > self._file.bytes:
            raise damaged(self._address, f"it has more than the {self._file.bytes:,} bytes that its manifest names")
        return content

    def check(self) -> None:
        """Read what is left, and raise Damaged unless bytes and sha256 are those of the manifest."""
        while self.read(CHUNK):
            pass
        check_whole(self._file, self._bytes, self._sha256.hexdigest(), self._address)
