"""Bytes as they were written, so that a second reading finds every bit that changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Stretch:
    """A run of bytes of a file; several, one behind the other, are the whole of it."""

    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Stretch:
        """The stretch that these bytes are."""
        return cls(len(data), hashlib.sha256(data).hexdigest())
