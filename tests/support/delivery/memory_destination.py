"""A kind of destination that the package does not have: buckets in the memory of this process.

What a new kind needs is in this file: the classes that keep its folders, and its line in each of the two tables.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

import pytest

from promo_reports.domain import delivery
from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import Kind
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores import stores
from promo_reports.object_stores.port import Entry, LostRace, Objects, OpenObject, Stored, damaged
from promo_reports.object_stores.staged_file import chunks, gone, new_file, receive

KEY = "memory"
KIND = Kind(KEY, "This Process", "memory", ("bucket", "prefix"))
BUCKETS: dict[str, dict[str, Written]] = {}
"""The objects of each bucket by their keys; a bucket is there once somebody has made it."""
LOCK = threading.Lock()
"""Held while a put compares and replaces."""


def register(monkeypatch: pytest.MonkeyPatch, *buckets: str) -> None:
    """Register the kind in this process, and make empty buckets of it."""
    monkeypatch.setitem(delivery.KINDS, KEY, KIND)
    monkeypatch.setitem(stores.STORES, KEY, (__name__, "memory_store"))
    for each in buckets:
        monkeypatch.setitem(BUCKETS, each, {})


def memory_store(bucket: Bucket) -> MemoryStore:
    """Return the store of a connected bucket."""
    return MemoryStore(bucket)


@dataclass(frozen=True)
class Written:
    """An object, and when it was written."""

    content: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def sha256(self) -> str:
        """The hash of its content."""
        return hashlib.sha256(self.content).hexdigest()


class MemoryStore:
    """A bucket below a prefix; addresses are `memory://bucket/key`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @contextmanager
    def folder(self, *names: str) -> Iterator[MemoryObjects]:
        """The keys of one folder; nothing is locked."""
        if self._bucket.name not in BUCKETS:
            raise DestinationRefused(f"There is no bucket {self._bucket.name!r} in this process.", "Make it.")
        yield MemoryObjects(self._bucket.below("/".join(names)))

    def reading(self, *names: str) -> AbstractContextManager[MemoryObjects]:
        """The same keys."""
        return self.folder(*names)

    def idle_folder(self, *names: str) -> AbstractContextManager[MemoryObjects]:
        """The same keys."""
        return self.folder(*names)

    def folders(self, *names: str) -> Sequence[str]:
        """What keys have in common up to the next slash."""
        beginning = f"{self._prefix(names)}/"
        below = [key[len(beginning) :] for key in BUCKETS[self._bucket.name] if key.startswith(beginning)]
        return sorted({each.split("/")[0] for each in below if "/" in each})

    def remove_empty(self, *names: str) -> bool:
        """Look whether any key is left."""
        beginning = f"{self._prefix(names)}/"
        return not any(key.startswith(beginning) for key in BUCKETS[self._bucket.name])

    def check_visible(self) -> None:
        """A bucket that is not there has been refused before."""

    def _prefix(self, names: Sequence[str]) -> str:
        return self._bucket.below("/".join(names)).prefix


class MemoryObjects:
    """The keys below one prefix."""

    exclusive = False

    def __init__(self, place: Bucket) -> None:
        self._place = place
        self._objects = BUCKETS[place.name]

    def get(self, name: str) -> Stored | None:
        found = self._objects.get(self._key(name))
        return Stored(found.content, found.sha256, found.at) if found else None

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        with LOCK:
            present = self.get(name)
            if (present.tag if present else None) != replacing:
                raise LostRace
            self._objects[self._key(name)] = Written(content)

    def discard(self, name: str, *, stamp: str) -> None:
        with LOCK:
            present = self.get(name)
            if present and present.tag != stamp:
                raise LostRace
            self._objects.pop(self._key(name), None)

    def upload(self, file: ExportFile, source: Path) -> None:
        self._objects[self._key(file.name)] = Written(b"".join(chunks(file, source)))

    def download(self, file: ExportFile, target: Path) -> None:
        with new_file(target) as received:
            receive(file, [self._present(file).content], received, self.address(file.name))

    def copy(self, file: ExportFile, source: Objects) -> bool:
        if not isinstance(source, MemoryObjects):
            return False
        found = source._present(file)
        if (len(found.content), found.sha256) != (file.bytes, file.sha256):
            raise damaged(source.address(file.name), "it is not the file that its manifest names")
        self._objects[self._key(file.name)] = Written(found.content)
        return True

    def digest(self, name: str) -> tuple[int, str] | None:
        found = self._objects.get(self._key(name))
        return (len(found.content), found.sha256) if found else None

    def open(self, name: str) -> OpenObject | None:
        found = self._objects.get(self._key(name))
        if found is None:
            return None
        descriptor = os.memfd_create("object")
        os.pwrite(descriptor, found.content, 0)
        return OpenObject(len(found.content), found.sha256, FileIO(descriptor))

    def entries(self) -> Sequence[Entry]:
        beginning = self._key("")
        return [
            Entry(key[len(beginning) :], len(each.content), each.at, stamp=each.sha256)
            for key, each in list(self._objects.items())
            if key.startswith(beginning)
        ]

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        for name, _ in names:
            self._objects.pop(self._key(name), None)

    def address(self, name: str) -> str:
        return f"{self._place.address}/{name}"

    def _present(self, file: ExportFile) -> Written:
        found = self._objects.get(self._key(file.name))
        if found is None:
            raise gone(self.address(file.name))
        return found

    def _key(self, name: str) -> str:
        return f"{self._place.prefix}/{name}"
