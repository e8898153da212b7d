"""Exports in an object store: the area of every kind of destination that has an object store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO

from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.delivery.target import Item, data_file
from promo_reports.domain.manifest import ExportFile
from promo_reports.domain.places.export_place import RECORD, RECORDS, UNPLACED, ExportPlace, Placement
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.port import (
    TEMPORARY,
    Entry,
    LostRace,
    Objects,
    ObjectStore,
    ReadableObjects,
    Stored,
    damaged,
)
from promo_reports.object_stores.staged_export import StagedExport


class StoredExports:
    """The area of an object store.

    `placement` is that of a bucket of the account; without one all exports lie in their default places, and no place is
    recorded: retention finds those of the download area by their names.
    """

    def __init__(self, store: ObjectStore, placement: Placement | None = None) -> None:
        self.store = store
        self.placement = placement or UNPLACED
        self._records = placement is not None

    @contextmanager
    def folder(self, place: ExportPlace) -> Iterator[StoredExport]:
        """Open the folder of one export for a publication."""
        with self.store.folder(*place.folder) as objects:
            yield StoredExport(objects, place)

    @contextmanager
    def reading(self, place: ExportPlace) -> Iterator[ReadableExport | None]:
        """Open the folder as it is; None if there is none."""
        with self.store.reading(*place.folder) as objects:
            yield None if objects is None else ReadableExport(objects, place)

    def recorded(self, default: ExportPlace) -> ExportPlace | None:
        """Return the place that is recorded for an export; DestinationRefused if this release cannot read it."""
        if not self._records:
            return None
        with self.store.reading(RECORDS, *default.folder) as objects:
            found = objects.get(RECORD) if objects is not None else None
            if objects is None or found is None:
                return None
            try:
                return ExportPlace.from_json(found.content)
            except ValueError as wrong:
                raise DestinationRefused(
                    f"{objects.address(RECORD)} does not say where an export lies ({wrong}).",
                    "Find its manifest, move it away with its files, and remove this object: the export is delivered "
                    "to a new place then.",
                ) from None

    def record(self, default: ExportPlace, place: ExportPlace) -> ExportPlace:
        """Record the place of an export unless one was recorded meanwhile; return what is recorded."""
        try:
            with self.store.folder(RECORDS, *default.folder) as objects:
                objects.put(RECORD, place.to_json(), replacing=None)
        except LostRace:
            theirs = self.recorded(default)
            if theirs is None:
                raise DestinationUnavailable("The place of the export is being recorded by others.") from None
            return theirs
        return place

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the store."""
        self.store.check_visible()


class ReadableExport:
    """The objects of one export, for readers."""

    def __init__(self, objects: ReadableObjects, place: ExportPlace) -> None:
        self._objects = objects
        self._place = place

    def manifest(self) -> Stored | None:
        """Return the manifest that is there now, or None."""
        return self._objects.get(self._place.manifest)

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

    def manifest_address(self) -> str:
        """Return the URI under which readers find the manifest."""
        return self._objects.address(self._place.manifest)


class StoredExport(ReadableExport):
    """The objects of one export, for its publication: its files, and leftovers of killed attempts."""

    def __init__(self, objects: Objects, place: ExportPlace) -> None:
        super().__init__(objects, place)
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
            if self._is_ours(each)
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
        self._writable.put(self._place.manifest, manifest, replacing=replacing)

    def remove(self, items: Iterable[Item]) -> None:
        """Delete items; missing ones are ignored."""
        self._writable.delete((each.name, each.handle) for each in items)

    def _is_ours(self, entry: Entry) -> bool:
        """Return whether publication uses such names here; others are neither listed nor deleted."""
        if data_file(entry.name):
            return self._place.may_hold(entry.name)
        return entry.unfinished and (entry.name == self._place.manifest or entry.name.startswith(TEMPORARY))
