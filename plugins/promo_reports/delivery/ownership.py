"""Tell whose export lies in a folder: none is replaced by, or read in the place of, another's (reliability, P17)."""

from __future__ import annotations

from datetime import UTC, datetime

from promo_reports.delivery.target import ReadableFolder
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import MOST_MANIFEST_BYTES, Manifest
from promo_reports.errors import DestinationRefused, ForeignExport
from promo_reports.object_stores.port import Stored


def own_manifest(folder: ReadableFolder, present: Stored | None, whose: ExportFolder) -> Manifest | None:
    """Return the manifest if it belongs to the owner of the folder; else raise ForeignExport, or as `manifest_of`."""
    manifest = manifest_of(folder, present)
    if manifest is not None and not whose.owns(manifest):
        raise ForeignExport(
            f"{folder.manifest_address()} is the manifest of another export, which DAG {manifest.dag_id} made: that of "
            f"{manifest.report_id} for {manifest.window_key}.",
            "Move it away, or deliver to another place: it is neither replaced nor read for this export.",
        )
    return manifest


def manifest_of(folder: ReadableFolder, present: Stored | None) -> Manifest | None:
    """Return the parsed manifest; DestinationRefused if this release cannot read it."""
    if present is None:
        return None
    try:
        if len(present.content) > MOST_MANIFEST_BYTES:
            raise ValueError(f"larger than {MOST_MANIFEST_BYTES >> 20} MiB")
        manifest = Manifest.from_json(present.content)
        instant_of(manifest.snapshot_at)
        return manifest
    except (ValueError, TypeError, AttributeError) as error:
        raise DestinationRefused(
            f"{folder.manifest_address()} is not a manifest that this release can read ({error}).",
            "Move it away, or deliver with the release that wrote it.",
        ) from None


def instant_of(text: str) -> datetime:
    """Return an ISO 8601 time as an instant; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
