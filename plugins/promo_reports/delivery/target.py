"""The port between publication and a destination: an area of folders, one folder per export."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.domain.file_format import format_of
from promo_reports.domain.layout import is_folder_name
from promo_reports.domain.manifest import MANIFEST_NAME, ExportFile
from promo_reports.object_stores.port import Stored

_HASHED = re.compile(r"[^/]+-[0-9a-f]{8}")


@dataclass(frozen=True)
class Item:
    """Something in a folder other than its manifest.

    `bytes` is None for what was never finished: a temporary file, or an upload in parts. `settled` means that it is
    older than the manifest that was read, so that whoever made it loses the race: no attempt that can still win counts
    on it. `handle` is the folder's own, by which it removes what has no plain name; nobody else looks at it.
    """

    name: str
    bytes: int | None
    settled: bool
    handle: object = None


class ReadableFolder(Protocol):
    """Where one export lies, for those who read it.

    Every method raises DestinationRefused (no retry helps) or DestinationUnavailable.
    """

    def manifest(self) -> Stored | None:
        """The manifest that is there now, or None."""

    def open(self, file: ExportFile) -> OpenFile | PresignedFile | None:
        """The file of a manifest, or None if it is gone; Damaged if it has not the manifest's bytes."""

    def address(self, name: str) -> str:
        """The URI under which readers find a file."""


class Folder(ReadableFolder, Protocol):
    """Where one export lies, for its publication: `manifest.json` and the files it names."""

    def items(self, present: Stored | None) -> Sequence[Item]:
        """Data files, and what killed attempts have left, in relation to the manifest that was read before.

        Files of others are not listed.
        """

    def put(self, file: ExportFile, source: Path, *, adopt: bool) -> bool:
        """Store `source` whole under the file's name, verified by bytes and sha256.

        With `adopt` a file that is there already may stay: then False. What is settled must not be adopted, since
        others may tidy it away. Nothing is visible under the name until all of it is. StagingError if `source` is gone
        or is not that file.
        """

    def holds(self, file: ExportFile) -> bool:
        """Whether a file is there as the manifest says, by bytes and sha256: a damaged one is as good as none."""

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        """Replace the manifest in one step if it still has the tag `replacing` (None: if there is none); else LostRace.

        After any other error than LostRace and DestinationRefused it may have been replaced all the same.
        """

    def remove(self, items: Iterable[Item]) -> None:
        """Remove items; those that are gone already are no error."""


class Area(Protocol):
    """A destination: its folders, by the names that `domain.export_folder` gives them."""

    def folder(self, name: str, window_key: str) -> AbstractContextManager[Folder]:
        """The folder of one export, for the time of a publication; it need not exist yet."""

    def reading(self, name: str, window_key: str) -> AbstractContextManager[ReadableFolder | None]:
        """The folder as it is, neither made nor locked; None where there is none."""

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the area: what is missing there has not expired then."""


def data_file(name: str) -> bool:
    """Whether publication gives such names: `<stem>-<first 8 of sha256><suffix>`. Others are never touched."""
    file_format = format_of(name)
    return file_format is not None and _HASHED.fullmatch(name.removesuffix(file_format.suffix)) is not None


def check_file_name(file: ExportFile) -> None:
    """Raise ValueError unless the name is plain and carries the hash that makes the switch of manifests atomic."""
    if not data_file(file.name) or f"-{file.sha256[:8]}." not in file.name or file.name.startswith("."):
        raise ValueError(f"{file.name!r} is not named <stem>-<first 8 of its sha256> and the suffix of a format")


def check_folder_name(name: str) -> None:
    """Raise ValueError for a name that would leave its area or hide in it."""
    if not is_folder_name(name) or name == MANIFEST_NAME:
        raise ValueError(f"{name!r} cannot name a folder of an export")
