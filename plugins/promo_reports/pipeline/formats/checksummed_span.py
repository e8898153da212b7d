"""Bytes as they were written, so that a second reading finds every bit that changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class ChecksummedSpan:
    """A byte range and its SHA-256; consecutive spans cover the file."""

    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> ChecksummedSpan:
        """Return the span that these bytes are."""
        return cls(len(data), hashlib.sha256(data).hexdigest())
