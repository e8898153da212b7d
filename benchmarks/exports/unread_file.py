"""Leave the second reading out of the exports of this process, to measure what it costs: the product cannot."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock


class UnreadFile:
    """Stands where `SecondReading` does, and only hashes the finished file, as its manifest needs."""

    def __init__(self, file: Any, *_: object) -> None:
        self._path: Path = file.path

    def __enter__(self) -> UnreadFile:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def result(self, spans: Sequence[Any]) -> SimpleNamespace:
        """Return what `_taken_from_the_writer` completes."""
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SimpleNamespace(sha256=digest, bytes=sum(span.length for span in spans))


def _taken_from_the_writer(reading: SimpleNamespace, source: Any, sent: int, written: Sequence[Any]) -> None:
    from promo_reports.domain.manifest import Part

    names = {name for group in source.groups.values() for name in group.sums}
    reading.rows = sent
    reading.groups = source.groups
    reading.sums = {name: sum(group.sums[name] for group in source.groups.values()) for name in names}
    reading.cells_changed = dict(source.cells_changed or {})
    reading.parts = tuple(Part(part.name, part.rows, part.bytes, part.sha256) for part in written)


@contextlib.contextmanager
def without_second_reading() -> Iterator[None]:
    """Take rows and sums from the database's count and parts from the writer, compared with nothing."""
    from promo_reports.pipeline import extract

    with (
        mock.patch.object(extract, "SecondReading", UnreadFile),
        mock.patch.object(extract, "reconcile", _taken_from_the_writer),
        mock.patch.object(extract, "check_window"),
    ):
        yield
