"""Cut a stream of CSV records into parts of at most so many rows, without ever looking into a record.

One COPY message is one record, embedded newlines included, so a cut is exact (performance, trap 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

_BATCH_ROWS = 8_192
_BATCH_BYTES = 1 << 20


class PartSink(Protocol):
    """Takes the parts of an export in order."""

    def begin(self, number: int) -> None:
        """Start part `number`, counted from 1."""
        ...

    def write(self, records: bytes, rows: int) -> None:
        """Append whole records to the part."""
        ...

    def end(self) -> None:
        """Finish the part."""
        ...


class Splitter:
    """Batches records and hands them to a sink; the next part begins only when a record for it arrives.

    An export without rows is one part without records. `limit` is rows per part, `first` the number of the first part.
    """

    def __init__(
        self, sink: PartSink, limit: int, progress: Callable[[int], None] | None = None, *, first: int = 1
    ) -> None:
        self._sink, self._limit, self._progress = sink, limit, progress
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._part_rows = 0
        self._part = first
        self._room = min(_BATCH_ROWS, limit)
        self.rows = 0

    def begin(self) -> None:
        """Start the first part."""
        self._sink.begin(self._part)

    def write(self, record: bytes) -> None:
        """Take one record, its line end included."""
        batch = self._batch
        batch.append(record)
        self._batch_bytes += len(record)
        if len(batch) >= self._room or self._batch_bytes >= _BATCH_BYTES:
            self._flush()

    def finish(self) -> None:
        """Hand over what is left and end the last part."""
        self._flush()
        self._sink.end()

    def _flush(self) -> None:
        rows = len(self._batch)
        if not rows:
            return
        if self._part_rows == self._limit:
            self._sink.end()
            self._part += 1
            self._part_rows = 0
            self._sink.begin(self._part)
        self._sink.write(b"".join(self._batch), rows)
        self._batch = []
        self._batch_bytes = 0
        self._part_rows += rows
        self.rows += rows
        left = self._limit - self._part_rows or self._limit
        self._room = min(_BATCH_ROWS, left)
        if self._progress is not None:
            self._progress(self.rows)
