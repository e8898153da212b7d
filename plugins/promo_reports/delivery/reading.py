"""Reading what is published now, as docs/delivery.md tells everybody else to: the manifest, then the file it names.

Readers take no lock and make no directory. A file that is gone was replaced after its manifest was read, so the
manifest is read again; an open file stays what the manifest named, whatever becomes of its name (reliability, P15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promo_reports.delivery.area import Area, ReadableFolder, check_file_name, check_folder_name
from promo_reports.delivery.destinations import area_for
from promo_reports.delivery.opened import Expired, NotPublished, OpenFile, PresignedFile
from promo_reports.delivery.publication import manifest_of
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Destination
from promo_reports.domain.manifest import MANIFEST_NAME, ExportFile, Manifest
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 5
"""Times that a manifest is read for a file that is still there: each was replaced while it was read."""


@dataclass(frozen=True)
class PublishedExport:
    """What a manifest says, and `content`, the bytes of `manifest.json` itself."""

    manifest: Manifest
    content: bytes


def published(
    destination: Destination,
    account: Account,
    settings: Settings,
    report_id: str,
    window_key: str,
    *,
    delivered: bool,
    client: Callable[[Bucket], S3Client] | None = None,
) -> PublishedExport:
    """The manifest of the export that is at a destination now; blocks on a disk or a network.

    Only Airflow knows whether there ever was one: `delivered` says that a deliver task has put it there. If nothing is
    there, it is Expired then, and NotPublished otherwise. DestinationRefused if what is there is no manifest of this
    export, or the bucket says no; DestinationUnavailable if a retry may help. `client` is that of `area_for`.
    """
    area = area_for(destination, account, settings, client=client)
    _check_place(report_id, window_key)
    with area.reading(report_id, window_key) as folder:
        found = _export(folder, report_id, window_key)
    if found is None:
        raise _expired(destination) if delivered else _not_published()
    return found


def open_published(
    destination: Destination,
    account: Account,
    settings: Settings,
    report_id: str,
    window_key: str,
    *,
    delivered: bool,
    client: Callable[[Bucket], S3Client] | None = None,
) -> OpenFile | PresignedFile:
    """The file of the export that is at a destination now, opened or presigned; the rest is that of `published`.

    Damaged, if the file has not the manifest's bytes. The caller closes an OpenFile.
    """
    area = area_for(destination, account, settings, client=client)
    _check_place(report_id, window_key)
    seen: bytes | None = None
    for _ in range(ATTEMPTS):
        content, opened = _attempt(area, report_id, window_key)
        if opened is not None:
            return opened
        if content is None and seen is None and not delivered:
            raise _not_published()
        if content is None or content == seen:
            raise _expired(destination)
        seen = content
    raise DestinationUnavailable(f"The export of {report_id} for {window_key} is being replaced again and again.")


def _attempt(area: Area, report_id: str, window_key: str) -> tuple[bytes | None, OpenFile | PresignedFile | None]:
    """The manifest's bytes and its file; None for what is not there."""
    with area.reading(report_id, window_key) as folder:
        found = _export(folder, report_id, window_key)
        if folder is None or found is None:
            return None, None
        return found.content, folder.open(_only_file(folder, found.manifest))


def _export(folder: ReadableFolder | None, report_id: str, window_key: str) -> PublishedExport | None:
    present = folder.manifest() if folder else None
    if folder is None or present is None:
        return None
    manifest = manifest_of(folder, present)
    if manifest is None or (manifest.report_id, manifest.window_key) != (report_id, window_key):
        raise DestinationRefused(
            f"{folder.address(MANIFEST_NAME)} is the manifest of another export.", "Move it away, and export again."
        )
    return PublishedExport(manifest, present.content)


def _only_file(folder: ReadableFolder, manifest: Manifest) -> ExportFile:
    try:
        (file,) = manifest.files
        check_file_name(file)
    except ValueError as wrong:
        raise DestinationRefused(
            f"{folder.address(MANIFEST_NAME)} does not name one file of an export ({wrong}).", "Export it again."
        ) from None
    return file


def _check_place(report_id: str, window_key: str) -> None:
    try:
        check_folder_name(report_id)
        check_folder_name(window_key)
    except ValueError:
        raise _not_published() from None


def _not_published() -> NotPublished:
    return NotPublished("This export has not been delivered yet.", "Wait until its status is Created.")


def _expired(destination: Destination) -> Expired:
    return Expired(
        f"This export has expired: its file has been removed from where it was delivered ({destination}).",
        "Create it again, or clear its run in Airflow.",
    )
