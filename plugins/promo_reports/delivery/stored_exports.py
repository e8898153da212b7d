"""Exports in an object store: the area of every kind of destination that has an object store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO

from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.delivery.target import Item, check_folder_name, data_file
from promo_reports.domain.manifest import MANIFEST_NAME, ExportFile
from promo_reports.object_stores.port import (
    TEMPORARY,
    Entry,
    Objects,
    ObjectStore,
    ReadableObjects,
    Stored,
    damaged,
)
from promo_reports.object_stores.staged_export import StagedExport


class StoredExports:
    """The area of an object store."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    @contextmanager
    def folder(self, name: str, window_key: str) -> Iterator[StoredExport]:
        """Open the folder of one export for a publication."""
        check_folder_name(name)
        check_folder_name(window_key)
        with self.store.folder(name, window_key) as objects:
            yield StoredExport(objects)

    @contextmanager
    def reading(self, name: str, window_key: str) -> Iterator[ReadableExport | None]:
        """Open the folder as it is; None if there is none."""
        check_folder_name(name)
        check_folder_name(window_key)
        with self.store.reading(name, window_key) as objects:
            yield None if objects is None else ReadableExport(objects)

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the store."""
        self.store.check_visible()


class ReadableExport:
    """The objects of one export, for readers."""

    def __init__(self, objects: ReadableObjects) -> None:
        self._objects = objects

    def manifest(self) -> Stored | None:
        """Return the manifest that is there now, or None."""
        return self._objects.get(MANIFEST_NAME)

    def open(self, file: ExportFile) -> OpenFile | PresignedFile | None:
        """Open a file of the manifest, or sign a URL of it; None if it is gone, Damaged if it is not the manifest's."""
        found = self._objects.open(file.name)
        if found is None:
            return None
        if found.bytes != file.bytes or found.sha256 not in (None, file.sha256):
            if isinstance(found.content, FileIO):
                found.content.close()
            raise damaged(
                self.address(file.name), f"its {found.bytes:,} bytes are not the {file.bytes:,} that its manifest names"
            )
        if isinstance(found.content, FileIO):
            return OpenFile(file, found.content)
        return PresignedFile(file, found.content)

    def address(self, name: str) -> str:
        """Return the URI under which readers find a file."""
        return self._objects.address(name)


class StoredExport(ReadableExport):
    """The objects of one export, for its publication: its files, and leftovers of killed attempts."""

    def __init__(self, objects: Objects) -> None:
        super().__init__(objects)
        self._writable = objects

    def items(self, present: Stored | None) -> Sequence[Item]:
        """List the objects of publications beside the manifest.

        All of them are settled if the folder is exclusive; else only those that were begun before `present` was
        written, with a strict comparison, as stores count in seconds. Without a manifest none is.
        """
        return [
            Item(
                each.name,
                None if each.unfinished else each.bytes,
                self._writable.exclusive or (present is not None and each.written < present.written),
                each.handle,
            )
            for each in self._writable.entries()
            if _ours(each)
        ]

    def put(self, file: ExportFile, staged: StagedExport, *, adopt: bool) -> bool:
        """Have a file sent here; with `adopt`, one that a killed attempt has uploaded is not sent again."""
        if adopt and self.holds(file):
            return False
        staged.send(file, self._writable)
        return True

    def holds(self, file: ExportFile) -> bool:
        """Return whether a file is there as the manifest says, by bytes and sha256."""
        return self._writable.digest(file.name) == (file.bytes, file.sha256)

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        """Replace the manifest in one step if it still has the tag `replacing`; else LostRace."""
        self._writable.put(MANIFEST_NAME, manifest, replacing=replacing)

    def remove(self, items: Iterable[Item]) -> None:
        """Delete items; missing ones are ignored."""
        self._writable.delete((each.name, each.handle) for each in items)


def _ours(entry: Entry) -> bool:
    """Return whether publication uses such names; others are neither listed nor deleted."""
    return data_file(entry.name) or (
        entry.unfinished and (entry.name == MANIFEST_NAME or entry.name.startswith(TEMPORARY))
    )
