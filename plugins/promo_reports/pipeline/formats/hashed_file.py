"""A file for libraries that write it from its beginning to its end."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan


class HashedFile:
    """Hashes what a library writes; the library can neither seek in the file nor close it."""

    closed = False
    mode = "wb"

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sha256, self._length = file, hashlib.sha256(), 0

    @property
    def span(self) -> ChecksummedSpan:
        """The bytes so far."""
        return ChecksummedSpan(self._length, self._sha256.hexdigest())

    def write(self, data: Any, /) -> int:
        """Append bytes, or what has the buffer of some."""
        content = memoryview(data).cast("B")
        if self._file.closed:  # by an error; a library that is collected afterwards still writes its end
            return len(content)
        self._sha256.update(content)
        self._length += len(content)
        self._file.write(content)
        return len(content)

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._length

    def writable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return False."""
        return False

    def seekable(self) -> bool:
        """Return False."""
        return False

    def flush(self) -> None:
        """Do nothing: whoever owns the file flushes it."""

    def close(self) -> None:
        """Do nothing: whoever owns the file closes it."""
