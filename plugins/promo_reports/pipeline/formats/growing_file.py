"""A file that one thread reads while another writes it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Protocol


class Abandoned(Exception):
    """The file will not be finished."""


class Readable(Protocol):
    """What is read piece by piece."""

    def read(self, most: int, /) -> bytes:
        """Return the next bytes, at least one and at most so many; nothing at the end."""
        ...


def read_all(file: Readable, size: int) -> bytes:
    """Return the next `size` bytes, fewer at the end."""
    pieces = []
    while size and (piece := file.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class GrowingFile:
    """Reads what is on disk of a file, in order, and waits for more until the writer has finished.

    The writer calls `grown`, then `finish`; whoever has begun the reading may `abandon` it. The other methods are the
    reader's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._size = 0
        self._finished = self._abandoned = False
        self._changed = threading.Condition()
        self._descriptor: int | None = None

    def __enter__(self) -> GrowingFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def grown(self, size: int) -> None:
        """Let so many bytes of the file be read."""
        with self._changed:
            self._size = size
            self._changed.notify_all()

    def finish(self) -> None:
        """Let the file be read to its end."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """End the reading, also while it waits."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def read(self, most: int) -> bytes:
        """Return the next bytes, at least one and at most `most`; nothing at the end of the file.

        Raises `Abandoned`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self._abandoned or self._size > self.position)
            if self._abandoned:
                raise Abandoned
            size = most if self._finished else min(most, self._size - self.position)
        content = os.pread(self._opened(), size, self.position)
        self.position += len(content)
        return content

    def wait_until_finished(self) -> None:
        """Wait until all of the file is on disk; raises `Abandoned`."""
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self._abandoned)
            if self._abandoned:
                raise Abandoned

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of a finished file, fewer at its end; the position stays where it is."""
        return os.pread(self._opened(), size, offset)

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._descriptor
