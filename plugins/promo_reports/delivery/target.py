"""The port between publication and a destination: an area of folders, one folder per export."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.domain.file_format import format_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.domain.places.export_place import ExportPlace, Placement
from promo_reports.object_stores.port import Stored
from promo_reports.object_stores.staged_export import StagedExport

_HASHED = re.compile(r"[^/]+-[0-9a-f]{8}")


@dataclass(frozen=True)
class Item:
    """Something in a folder other than its manifest.

    `bytes` is None for what was never finished: a temporary file, or a multipart upload. `settled` means that it is
    older than the manifest that was read, so that it is safe to delete. `handle` belongs to the folder, which needs it
    to delete what has no plain name.
    """

    name: str
    bytes: int | None
    settled: bool
    handle: object = None


class ReadableFolder(Protocol):
    """The folder of one export, for readers.

    Every method raises DestinationRefused (no retry helps) or DestinationUnavailable.
    """

    def manifest(self) -> Stored | None:
        """Return the current manifest, or None."""

    def open(self, file: ExportFile) -> OpenFile | PresignedFile | None:
        """Open a file of the manifest, None if it is missing; Damaged if its size is not that of the manifest."""

    def address(self, name: str) -> str:
        """Return the URI under which readers find a file."""

    def manifest_address(self) -> str:
        """Return the URI under which readers find the manifest."""


class Folder(ReadableFolder, Protocol):
    """The folder of one export, for its publication: the manifest and the files it names."""

    def items(self, present: Stored | None) -> Sequence[Item]:
        """List data files and leftovers of killed attempts, in relation to the manifest that was read before.

        Files of others are not listed.
        """

    def put(self, file: ExportFile, staged: StagedExport, *, adopt: bool) -> bool:
        """Store a staged file completely under its name, verified by bytes and sha256.

        With `adopt` an existing file may stay, then return False. Settled files must not be adopted, as others may
        delete them. Nothing is visible under the name until all of it is. StagingError if the staged file is missing or
        is not that of the manifest.
        """

    def holds(self, file: ExportFile) -> bool:
        """Return whether a file is there as the manifest says, by bytes and sha256."""

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        """Replace the manifest in one step if it still has the tag `replacing` (None: if there is none); else LostRace.

        After any other error than LostRace and DestinationRefused it may have been replaced all the same.
        """

    def remove(self, items: Iterable[Item]) -> None:
        """Remove items; missing ones are ignored."""


class Area(Protocol):
    """A destination: the folders of exports by their places, which `delivery.places` finds."""

    placement: Placement
    """How it places exports that it has not had before."""

    def folder(self, place: ExportPlace) -> AbstractContextManager[Folder]:
        """Open the folder of one export for a publication; it need not exist yet."""

    def reading(self, place: ExportPlace) -> AbstractContextManager[ReadableFolder | None]:
        """Open the folder as it is, neither created nor locked; None if there is none."""

    def recorded(self, default: ExportPlace) -> ExportPlace | None:
        """Return the place that is recorded for an export, by its place without patterns; None where none is."""

    def record(self, default: ExportPlace, place: ExportPlace) -> ExportPlace:
        """Record the place of an export, and return it; where one was recorded meanwhile, return that one."""

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the area: what is missing there has not expired then."""


def data_file(name: str) -> bool:
    """Return whether publication uses such names, `<stem>-<first 8 of sha256><suffix>`; others are never touched."""
    file_format = format_of(name)
    return file_format is not None and _HASHED.fullmatch(name.removesuffix(file_format.suffix)) is not None


def check_file_name(file: ExportFile) -> None:
    """Raise ValueError unless the name is plain and carries the hash that makes the switch of manifests atomic."""
    if not data_file(file.name) or f"-{file.sha256[:8]}." not in file.name or file.name.startswith("."):
        raise ValueError(f"{file.name!r} is not named <stem>-<first 8 of its sha256> and the suffix of a format")
