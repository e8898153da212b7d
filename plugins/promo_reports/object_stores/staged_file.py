"""Read a staged file, and verify that it is the one in its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import StagingError
from promo_reports.regular_file import open_regular

CHUNK = 1 << 20
"""Bytes that are read at one time."""

_FIX = "Clear the run's extract task to stage it again."


def chunks(file: ExportFile, source: Path) -> Iterator[bytes]:
    """Yield the bytes of `source`; StagingError, after the last chunk at the latest, unless they match the manifest."""
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(open_regular(source), "rb") as staged:
            while chunk := staged.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
    except OSError as error:
        raise StagingError(f"The staged file {source} cannot be read ({error.strerror}).", _FIX) from None
    if (size, digest.hexdigest()) != (file.bytes, file.sha256):
        raise StagingError(
            f"The staged file {source} is not what was verified: {size} bytes with sha256 {digest.hexdigest()[:8]}…, "
            f"not {file.bytes} with {file.sha256[:8]}…",
            _FIX,
        )


def verify(file: ExportFile, source: Path) -> None:
    """Read all of a staged file; StagingError unless it matches the manifest."""
    for _ in chunks(file, source):
        pass
