"""Directories of this host."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promo_reports.domain.manifest import MOST_MANIFEST_BYTES, ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.port import damaged
from promo_reports.reading.trees.tree import Content, Found
from promo_reports.regular_file import NotRegular, open_regular, read_regular


def local_tree(_: str) -> LocalTree:
    """Return the tree of this host."""
    return LocalTree()


class LocalTree:
    """Absolute paths; links are not followed below a folder, nor opened, and a FIFO is never waited for."""

    def get(self, path: str) -> bytes | None:
        """Return a small file."""
        with _told(path):
            try:
                return read_regular(path, MOST_MANIFEST_BYTES)
            except FileNotFoundError:
                return None

    @contextmanager
    def content(self, path: str, file: ExportFile) -> Iterator[Content | None]:
        """Open the file itself; its content stays, even if its name is replaced."""
        try:
            with _told(path):
                descriptor = open_regular(path)
        except FileNotFoundError:
            yield None
            return
        with os.fdopen(descriptor, "rb", buffering=0) as opened:
            found = os.fstat(descriptor).st_size
            if found != file.bytes:
                raise damaged(self.address(path), f"it has {found:,} bytes, its manifest names {file.bytes:,}")
            yield opened

    def below(self, path: str) -> Iterator[Found]:
        """Walk through directories, without following links."""
        with _told(path):
            for folder, folders, names in os.walk(path, onerror=_raise_unless_gone):
                folders.sort()
                for name in sorted(names):
                    try:
                        size = os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
                    except FileNotFoundError:
                        continue
                    yield Found(f"{folder}/{name}", size)

    def address(self, path: str) -> str:
        """Return a `file:///...` URI."""
        return Path(path).as_uri()


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (NotRegular, IsADirectoryError, NotADirectoryError) as found:
        what = found.what if isinstance(found, NotRegular) else "no file"
        raise DestinationRefused(f"{path} is {what}.", "Name the file itself, or the folder of an export.") from None
    except PermissionError:
        raise DestinationRefused(f"{path} is closed to this user.", "Permit this user to read it.") from None
    except OSError as error:
        raise DestinationUnavailable(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None
