"""Read, copy or receive a file of an export, and verify that it is the one in its manifest."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import StagingError
from promo_reports.object_stores.port import damaged
from promo_reports.regular_file import open_regular

CHUNK = 1 << 20
"""Bytes that are read at one time."""
_COPIED = 16 << 20
"""Bytes that the kernel copies in one call: a signal is heard after each, on a slow disk too."""

_FIX = "Clear the run's extract task to stage it again."


def chunks(file: ExportFile, source: Path, length: int = CHUNK) -> Iterator[bytes]:
    """Yield the bytes of `source`, `length` at one time, fewer at the end.

    StagingError, after the last chunk at the latest, unless they match the manifest.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(open_regular(source), "rb") as staged:
            while chunk := staged.read(length):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
    except OSError as error:
        raise unreadable(source, error) from None
    if (size, digest.hexdigest()) != (file.bytes, file.sha256):
        raise StagingError(
            f"The staged file {source} is not what was verified: {size} bytes with sha256 {digest.hexdigest()[:8]}…, "
            f"not {file.bytes} with {file.sha256[:8]}…",
            _FIX,
        )


def unreadable(source: Path, error: OSError) -> StagingError:
    """Return the error for a staged file that is gone or cannot be read."""
    return StagingError(f"The staged file {source} cannot be read ({error.strerror}).", _FIX)


def verify(file: ExportFile, source: Path) -> None:
    """Read all of a staged file; StagingError unless it matches the manifest."""
    for _ in chunks(file, source):
        pass


def copy(file: ExportFile, source: Path, target: BinaryIO) -> None:
    """Copy `source` into an empty file, open for writing and reading; StagingError unless it matches the manifest.

    Within one file system the kernel copies, or has the two files share their blocks until one of them is written to.
    The copy is then read once; where it is not the file of the manifest, it is made again by reading and writing.
    OSError where `target` fails, or gives other bytes back than it was given.
    """
    wanted = (file.bytes, file.sha256)
    copied = _copied_by_kernel(file, source, target.fileno())
    if copied and digest_of(target) == wanted:
        return
    target.seek(0)
    target.truncate()
    for chunk in chunks(file, source):
        target.write(chunk)
    if copied:
        target.seek(0)
        if digest_of(target) != wanted:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


@contextmanager
def new_file(target: Path) -> Iterator[BinaryIO]:
    """Open a new file for this user alone, removed again if the block fails; FileExistsError if the name is taken."""
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise


def receive(file: ExportFile, content: Iterable[bytes], target: BinaryIO, address: str) -> None:
    """Write the chunks of an object into a file, from its beginning; Damaged unless they match the manifest.

    `address` is where the object lies. No more than one chunk beyond the bytes of the manifest is taken.
    """
    digest, size = hashlib.sha256(), 0
    target.seek(0)
    target.truncate()
    for chunk in content:
        digest.update(chunk)
        size += len(chunk)
        if size > file.bytes:
            raise damaged(address, f"it has more than the {file.bytes:,} bytes that its manifest names")
        target.write(chunk)
    check_whole(file, size, digest.hexdigest(), address)
    target.flush()


def check_whole(file: ExportFile, size: int, sha256: str, address: str) -> None:
    """Raise Damaged unless bytes and sha256 are those of the manifest; without the sha256, the bytes are too many."""
    if (size, sha256) != (file.bytes, file.sha256):
        hashed, wanted = (f" with the sha256 {each[:8]}…" if sha256 else "" for each in (sha256, file.sha256))
        raise damaged(address, f"it has {size:,} bytes{hashed}, its manifest names {file.bytes:,}{wanted}")


def gone(address: str) -> StagingError:
    """Return the error for an object that was staged, and is there no more."""
    return StagingError(f"The staged file {address} is gone.", _FIX)


def digest_of(file: BinaryIO) -> tuple[int, str]:
    """Return the number and the sha256 of the bytes of an open file, from its position on."""
    return digest_of_chunks(iter(partial(file.read, CHUNK), b""))


def digest_of_chunks(content: Iterable[bytes]) -> tuple[int, str]:
    """Return the number and the sha256 of all bytes of these chunks."""
    digest, size = hashlib.sha256(), 0
    for chunk in content:
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _copied_by_kernel(file: ExportFile, source: Path, target: int) -> bool:
    """Copy `source` with copy_file_range, without moving the position of `target`; return whether it copied all of it.

    It is refused between two file systems, by some file systems, and by sandboxes and systems that lack it; some file
    systems return 0 too early. No reason is looked at: what keeps a file from being written tells so again there.
    """
    with suppress(OSError, AttributeError), os.fdopen(open_regular(source), "rb") as staged:
        done = 0
        while done < file.bytes:
            copied = os.copy_file_range(staged.fileno(), target, min(_COPIED, file.bytes - done), done, done)
            if copied == 0:
                return False
            done += copied
        return os.fstat(staged.fileno()).st_size == done
    return False
