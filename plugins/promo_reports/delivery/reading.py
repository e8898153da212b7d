"""Read a published export as docs/delivery.md tells others to: the manifest, then the file it names.

Readers take no lock and create no directory. A file that is missing was replaced after its manifest was read, so the
manifest is read again; an open file keeps its content, even if its name is replaced (reliability, P15). Nobody gets
the file of another export: the manifest must be that of the export, and name the requested file (P17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promo_reports.delivery.destinations import area_for
from promo_reports.delivery.ownership import own_manifest
from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.delivery.target import Area, ReadableFolder, check_file_name
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Destination
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.domain.places.export_place import ExportPlace
from promo_reports.errors import (
    DestinationRefused,
    DestinationUnavailable,
    Expired,
    ForeignExport,
    NotPublished,
    Replaced,
)
from promo_reports.settings import Settings

ATTEMPTS = 5
"""Times that a manifest is read for a file that is still there: each was replaced while it was read."""


@dataclass(frozen=True)
class PublishedExport:
    """A parsed manifest, and `content`, the bytes of `manifest.json`."""

    manifest: Manifest
    content: bytes


@dataclass(frozen=True)
class Wanted:
    """The export to be read, and the sha256 of its file as its own run recorded it in Airflow."""

    folder: ExportFolder
    sha256: str


def published(
    destination: Destination,
    account: Account,
    settings: Settings,
    wanted: Wanted,
    *,
    delivered: bool,
) -> PublishedExport:
    """Return the manifest of an export that is at a destination now; blocks on disk or network.

    `delivered` says whether a deliver task has succeeded, which only Airflow knows: if nothing is there, it is Expired
    then, and NotPublished otherwise. Replaced if a later export of the window is there with another file; ForeignExport
    if the manifest is that of another export; DestinationRefused if it is invalid, or the bucket refuses;
    DestinationUnavailable if a retry may help.
    """
    area = area_for(destination, account, settings)
    for place in _places(wanted.folder, area):
        with area.reading(place) as folder:
            found = _export(folder, place, wanted)
        if found is not None:
            return found
    raise _gone(area, destination) if delivered else _not_published()


def open_published(
    destination: Destination,
    account: Account,
    settings: Settings,
    wanted: Wanted,
    *,
    delivered: bool,
) -> OpenFile | PresignedFile:
    """Open or presign the file of an export that is at a destination now; raises as `published` does.

    Damaged if the size of the file is not that of the manifest. The caller closes an OpenFile.
    """
    area = area_for(destination, account, settings)
    places = _places(wanted.folder, area)
    seen: bytes | None = None
    for _ in range(ATTEMPTS):
        content, opened = _attempt(area, places, wanted)
        if opened is not None:
            return opened
        if content is None and seen is None and not delivered:
            raise _not_published()
        if content is None or content == seen:
            raise _gone(area, destination)
        seen = content
    whose = wanted.folder
    raise DestinationUnavailable(
        f"The export of {whose.report_id} for {whose.window_key} is being replaced again and again."
    )


def _attempt(
    area: Area, places: Sequence[ExportPlace], wanted: Wanted
) -> tuple[bytes | None, OpenFile | PresignedFile | None]:
    """Return the bytes of the manifest and its file; None for what is missing."""
    for place in places:
        with area.reading(place) as folder:
            found = _export(folder, place, wanted)
            if folder is not None and found is not None:
                return found.content, folder.open(_only_file(folder, found.manifest))
    return None, None


def _export(folder: ReadableFolder | None, place: ExportPlace, wanted: Wanted) -> PublishedExport | None:
    present = folder.manifest() if folder else None
    if folder is None or present is None:
        return None
    try:
        manifest = own_manifest(folder, present, wanted.folder)
    except ForeignExport:
        if place not in wanted.folder.earlier_places:
            raise
        return None  # folders of earlier releases may belong to other exports
    if manifest is None:
        return None
    if wanted.sha256 != _only_file(folder, manifest).sha256:
        raise Replaced(
            "Another file has taken the place of this export's: the window was exported again since.",
            "Download the later export of this window, or retry this one.",
        )
    return PublishedExport(manifest, present.content)


def _places(whose: ExportFolder, area: Area) -> tuple[ExportPlace, ...]:
    """Return the places in which the export may lie; NotPublished for an invalid one."""
    try:
        earlier = whose.earlier_places
        default = whose.place
    except ValueError:
        raise _not_published() from None
    return (area.recorded(default) or default, *earlier)


def _only_file(folder: ReadableFolder, manifest: Manifest) -> ExportFile:
    try:
        (file,) = manifest.files
        check_file_name(file)
    except ValueError as wrong:
        raise DestinationRefused(
            f"{folder.manifest_address()} does not name one file of an export ({wrong}).", "Export it again."
        ) from None
    return file


def _not_published() -> NotPublished:
    return NotPublished("This export has not been delivered yet.", "Wait until its status is Created.")


def _gone(area: Area, destination: Destination) -> Expired:
    """Return Expired for an export that was delivered and is missing; raise if this host does not see the area."""
    area.check_visible()
    return Expired(
        f"This export has expired: its file has been removed from where it was delivered ({destination}).",
        "Create it again, or clear its run in Airflow.",
    )
