"""A kind of destination that the package does not have: buckets in the memory of this process.

What a new kind needs is in this file: the class that keeps its folders, and its line in each of the two tables.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

import pytest

from promo_reports.delivery import Damaged, OpenFile, destinations
from promo_reports.delivery.area import Item, LostRace, PresentManifest, check_folder_name, data_file
from promo_reports.delivery.staged_file import chunks
from promo_reports.domain import delivery
from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import Kind
from promo_reports.domain.manifest import MANIFEST_NAME, ExportFile
from promo_reports.errors import DestinationRefused

KEY = "memory"
KIND = Kind(KEY, "This Process", "memory", ("bucket", "prefix"))
BUCKETS: dict[str, dict[str, Stored]] = {}
"""The objects of each bucket by their keys; a bucket is there once somebody has made it."""


def register(monkeypatch: pytest.MonkeyPatch, *buckets: str) -> None:
    """Register the kind in this process, and make empty buckets of it."""
    monkeypatch.setitem(delivery.KINDS, KEY, KIND)
    monkeypatch.setitem(destinations.AREAS, KEY, (__name__, "memory_area"))
    for each in buckets:
        monkeypatch.setitem(BUCKETS, each, {})


def memory_area(bucket: Bucket) -> MemoryArea:
    """Return the area of a connected bucket."""
    return MemoryArea(bucket)


@dataclass(frozen=True)
class Stored:
    """An object, and when it was written."""

    content: bytes
    written: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def sha256(self) -> str:
        """The hash of its content."""
        return hashlib.sha256(self.content).hexdigest()


class MemoryArea:
    """A bucket below a prefix; addresses are `memory://bucket/key`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @contextmanager
    def folder(self, name: str, window_key: str) -> Iterator[MemoryFolder]:
        """The keys of one export; nothing is locked."""
        check_folder_name(name)
        check_folder_name(window_key)
        if self._bucket.name not in BUCKETS:
            raise DestinationRefused(f"There is no bucket {self._bucket.name!r} in this process.", "Make it.")
        yield MemoryFolder(self._bucket.below(f"{name}/{window_key}"))

    def reading(self, name: str, window_key: str) -> AbstractContextManager[MemoryFolder]:
        """The same keys."""
        return self.folder(name, window_key)

    def check_visible(self) -> None:
        """A bucket that is not there has been refused before."""


class MemoryFolder:
    """The keys below one export's prefix."""

    def __init__(self, place: Bucket) -> None:
        self._place = place
        self._objects = BUCKETS[place.name]

    def manifest(self) -> PresentManifest | None:
        found = self._objects.get(self._key(MANIFEST_NAME))
        return PresentManifest(found.content, found.sha256, found.written) if found else None

    def items(self, present: PresentManifest | None) -> Sequence[Item]:
        beginning = self._key("")
        listed = {key[len(beginning) :]: each for key, each in self._objects.items() if key.startswith(beginning)}
        return [
            Item(name, len(each.content), present is not None and each.written < present.written)
            for name, each in listed.items()
            if data_file(name)
        ]

    def put(self, file: ExportFile, source: Path, *, adopt: bool) -> bool:
        if adopt and self.holds(file):
            return False
        self._objects[self._key(file.name)] = Stored(b"".join(chunks(file, source)))
        return True

    def holds(self, file: ExportFile) -> bool:
        found = self._objects.get(self._key(file.name))
        return found is not None and found.sha256 == file.sha256

    def open(self, file: ExportFile) -> OpenFile | None:
        found = self._objects.get(self._key(file.name))
        if found is None:
            return None
        if found.sha256 != file.sha256:
            raise Damaged(
                f"{self.address(file.name)} is damaged: it is not the {file.bytes:,} bytes that its manifest names.",
                "Clear the run in Airflow: it is exported again, and put in its place.",
            )
        descriptor = os.memfd_create(file.name[:200])
        os.pwrite(descriptor, found.content, 0)
        return OpenFile(file, FileIO(descriptor))

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        present = self.manifest()
        if (present.tag if present else None) != replacing:
            raise LostRace
        self._objects[self._key(MANIFEST_NAME)] = Stored(manifest)

    def remove(self, items: Iterable[Item]) -> None:
        for item in items:
            self._objects.pop(self._key(item.name), None)

    def address(self, name: str) -> str:
        return self._place.below(name).address

    def _key(self, name: str) -> str:
        return f"{self._place.prefix}/{name}"
