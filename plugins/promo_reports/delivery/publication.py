"""Publish a staged export so that a reader who starts at the manifest never sees a partial one.

Data files are named by their content and lie beside those of the previous export; replacing the manifest makes them
visible in one step (reliability, P4). The replacement is conditional on the manifest that was read at the start, so
that one of two overlapping attempts wins completely (P6), and no export of another owner is replaced (P17). Repeating
it with the same content changes nothing (P5, P14). Files that only older manifests name are removed afterwards. An
attempt that dies leaves the previous export unchanged (P9).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from promo_reports.delivery.ownership import instant_of, manifest_of, own_manifest
from promo_reports.delivery.places import place_for
from promo_reports.delivery.target import Area, Folder, Item, check_file_name
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.domain.places.export_place import ExportPlace
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.port import LostRace, Stored
from promo_reports.object_stores.staged_export import StagedExport

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """Addresses of the manifest and of the files it names; `changed` is False where all of it was there already."""

    manifest: str
    files: tuple[str, ...]
    changed: bool


def publish(staged: StagedExport, area: Area) -> Published:
    """Deliver a staged export to one destination; safe to repeat, to kill and to run concurrently.

    ForeignExport if what is there belongs to another DAG or run; DestinationRefused if a newer export of the window is
    there or the destination refuses; DestinationUnavailable if a retry may help; StagingError if the staged files are
    needed and are missing or damaged.
    """
    for file in staged.manifest.files:
        check_file_name(file)
    if not staged.manifest.event_key:
        raise ValueError(f"the manifest of {staged.manifest.report_id} has no event_key")
    place = place_for(staged.manifest, area)
    with area.folder(place) as folder:
        attempt = _Attempt(staged, place, folder)
        try:
            try:
                return attempt.run()
            except LostRace:
                return attempt.run(again=True)
        except LostRace:
            attempt.withdraw()
            raise DestinationUnavailable(f"{folder.manifest_address()} is being replaced by others.") from None
        except BaseException:
            attempt.withdraw()
            raise


class _Attempt:
    """One publication; `_mine` are files that it has put and that no manifest is known to name."""

    def __init__(self, staged: StagedExport, place: ExportPlace, folder: Folder) -> None:
        self._staged = staged
        self._ours = place.manifest_of(staged.manifest)
        self._content = self._ours.to_json()
        self._folder = folder
        self._mine: list[ExportFile] = []

    def run(self, *, again: bool = False) -> Published:
        """Publish unless it is published already; LostRace if another attempt replaced the manifest meanwhile."""
        present = self._folder.manifest()
        theirs = own_manifest(self._folder, present, ExportFolder.of(self._ours))
        found = self._folder.items(present)
        published = theirs.files if theirs else ()
        held = [file for file in published if file not in _missing(published, found) and self._folder.holds(file)]
        if theirs and theirs.event_key == self._ours.event_key and len(held) == len(published):
            if not _settles(self._ours, theirs):
                self._tidy(item for item in _others(found, theirs.files) if item.settled)
                # After a lost response, our own manifest looks like that of another attempt.
                ours = again and present is not None and present.content == self._content
                return _published(self._folder, theirs, changed=ours)
        elif theirs and instant_of(theirs.snapshot_at) > instant_of(self._ours.snapshot_at):
            raise DestinationRefused(
                f"A newer export of this window is already there: {self._folder.manifest_address()} was read at "
                f"{theirs.snapshot_at}, this one at {self._ours.snapshot_at}.",
                "Clear the run with its extract task to export the window again.",
            )
        stale = [item for item in _others(found, (*published, *self._ours.files)) if item.settled]
        self._tidy(stale)
        unsettled = {item.name for item in found if not item.settled}
        there = {(file.name, file.sha256) for file in held}
        self._put((file for file in self._ours.files if (file.name, file.sha256) not in there), adoptable=unsettled)
        self._switch(present)
        # All of these were listed before the switch, so an attempt that still uses them has lost the race.
        self._tidy(item for item in _others(found, self._ours.files) if item not in stale)
        self._restore()
        return _published(self._folder, self._ours, changed=True)

    def withdraw(self) -> None:
        """Remove the files that this attempt has put, unless the manifest names them; errors are logged, not raised."""
        try:
            if self._mine:
                theirs = manifest_of(self._folder, self._folder.manifest())
                named = {file.name for file in theirs.files} if theirs else set()
                self._folder.remove(Item(file.name, file.bytes, False) for file in self._mine if file.name not in named)
        except PromoReportsError as error:
            log.warning("Left behind until the next publication: %s (%s)", [file.name for file in self._mine], error)

    def _put(self, files: Iterable[ExportFile], *, adoptable: Collection[str] = ()) -> None:
        for file in files:
            if self._folder.put(file, self._staged, adopt=file.name in adoptable):
                self._mine.append(file)

    def _switch(self, present: Stored | None) -> None:
        try:
            self._folder.switch(self._content, replacing=present.tag if present else None)
        except (LostRace, DestinationRefused):
            raise
        except BaseException:
            # The request may still be executed, which needs the files. The next attempt removes them.
            self._mine.clear()
            raise
        self._mine.clear()

    def _tidy(self, items: Iterable[Item]) -> None:
        """Remove files that no manifest names; failing to remove them does not fail the delivery."""
        leftovers = tuple(items)
        try:
            if leftovers:
                self._folder.remove(leftovers)
        except PromoReportsError as error:
            log.warning("Left behind until the next publication: %s (%s)", [item.name for item in leftovers], error)

    def _restore(self) -> None:
        """Put files again that an overlapping attempt with the same content has removed meanwhile."""
        gone = _missing(self._ours.files, self._folder.items(None))
        if gone:
            present = self._folder.manifest()
            if present and present.content == self._content:
                self._put(gone)
                self._mine.clear()


def _published(folder: Folder, manifest: Manifest, *, changed: bool) -> Published:
    return Published(folder.manifest_address(), tuple(folder.address(file.name) for file in manifest.files), changed)


def _missing(files: Iterable[ExportFile], found: Sequence[Item]) -> list[ExportFile]:
    """Return the files that are not there with the right size."""
    sizes = {item.name: item.bytes for item in found if item.bytes is not None}
    return [file for file in files if sizes.get(file.name) != file.bytes]


def _others(found: Sequence[Item], keep: Collection[ExportFile]) -> list[Item]:
    """Return the items that are not one of these files: unfinished ones, and those with other names."""
    names = {file.name for file in keep}
    return [item for item in found if item.bytes is None or item.name not in names]


def _settles(ours: Manifest, theirs: Manifest) -> bool:
    """Return whether the same content was published as `open` and is settled now (reliability, P2)."""
    still_open = bool((theirs.window or {}).get("open")) and not (ours.window or {}).get("open")
    return still_open and instant_of(ours.snapshot_at) >= instant_of(theirs.snapshot_at)
