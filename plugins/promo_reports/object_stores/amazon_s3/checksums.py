"""SHA-256 as S3 computes it: of a whole object, or the composite of its parts' checksums ("Checking object integrity").

A PUT and a `CopyObject` with `ChecksumAlgorithm=SHA256` give an object the SHA-256 of all its bytes. A multipart upload
gives it the SHA-256 of the checksums of its parts, followed by `-` and their number, so that an `UploadPartCopy` keeps
it only with parts of the same sizes. The sha256 of a whole file in parts is therefore metadata, beside the composite
that the same upload must have: it is believed only while S3 still computes that composite.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.staged_file import chunks

SHA256: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"}
"""Ask S3 to compute SHA-256."""
_WHOLE, _COMPOSITE = "sha256", "sha256-composite"


def part_checksums(file: ExportFile, source: Path, size: int) -> list[bytes]:
    """Return the SHA-256 of each part of `size` bytes of a staged file; StagingError unless it is the manifest's file.

    The same bytes are hashed as the whole file and as parts, on two threads.
    """
    found: list[Future[bytes]] = []
    with ThreadPoolExecutor(1) as other:
        for part in chunks(file, source, size):
            if found:
                found[-1].result()  # so that no more than three parts are in memory
            found.append(other.submit(_sha256, part))
        return [each.result() for each in found]


def composite(parts: Sequence[bytes]) -> str:
    """Return the checksum that S3 gives an object of parts with these checksums."""
    return f"{encoded(_sha256(b''.join(parts)))}-{len(parts)}"


def encoded(checksum: bytes) -> str:
    """Return a checksum as S3 writes it."""
    return b64encode(checksum).decode()


def metadata_of(file: ExportFile, parts: Sequence[bytes] = ()) -> dict[str, str]:
    """Return the metadata of an uploaded file, from which `proven_sha256` takes the hash of one in parts."""
    return {_WHOLE: file.sha256, **({_COMPOSITE: composite(parts)} if parts else {})}


def proven_sha256(head: Mapping[str, Any]) -> str | None:
    """Return the sha256 of an object as far as S3's own checksum in `HeadObject` proves it.

    None where there is no such checksum, or one of parts that the metadata was not written with: of a server without
    checksums, of a release that sent none, of a copy or a replacement that carries the metadata of another object.
    """
    checksum = str(head.get("ChecksumSHA256", ""))
    if not checksum:
        return None
    if "-" not in checksum:
        return b64decode(checksum).hex()
    metadata = head["Metadata"]
    return metadata.get(_WHOLE) if metadata.get(_COMPOSITE) == checksum else None


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
