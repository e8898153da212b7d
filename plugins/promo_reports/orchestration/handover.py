"""What passes from extract to each deliver: an address in the staging area and a destination, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from promo_reports.domain.delivery import Destination, Download, Partner, PartnerExport
from promo_reports.domain.manifest import Manifest, StagedExport

LONGEST_MAP_INDEX = 250
"""Characters of Airflow's column `task_instance.rendered_map_index`."""


def handovers(staged: StagedExport, destinations: tuple[Destination, ...]) -> list[dict[str, Any]]:
    """One handover for each destination; deliver is mapped over them."""
    return [
        {
            "staged": str(staged.directory),
            "title": str(destination),
            "destination": _plain(destination),
            "number": number,
            "of": len(destinations),
        }
        for number, destination in enumerate(destinations, start=1)
    ]


def destination_of(handover: Mapping[str, Any]) -> Destination:
    """The destination of a handover."""
    plain = handover["destination"]
    if plain == "download":
        return Download()
    return PartnerExport(Partner(plain["partner"]), plain["bucket"], plain["prefix"])


def map_index_title(title: str) -> str:
    """Return a destination's title as the name of its task, cut to what Airflow's `rendered_map_index` takes.

    A longer one would fail the task after it has delivered.
    """
    return title if len(title) <= LONGEST_MAP_INDEX else f"{title[: LONGEST_MAP_INDEX - 1]}\N{HORIZONTAL ELLIPSIS}"


def left_key(end: datetime) -> str:
    """The XCom key under which a window that ends then is left: the next window asks for it by its own start.

    Not one key for all, whose newest is asked for: a run that somebody starts by hand would be taken for it.
    """
    return f"window_until_{end.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def window_left(manifest: Manifest) -> dict[str, str] | None:
    """What the run of the next window needs to count late rows; None for a snapshot."""
    if manifest.window is None:
        return None
    return {
        "start": manifest.window["start"],
        "end": manifest.window["end"],
        "snapshot_at": manifest.snapshot_at,
    }


def asset_extra(manifest: Manifest, destination: str, address: str, files: tuple[str, ...]) -> dict[str, Any]:
    """What the asset event tells downstream DAGs (reliability, P14); `bytes` of all its files."""
    return {
        "destination": destination,
        "manifest": address,
        "files": list(files),
        "rows": manifest.rows,
        "bytes": sum(file.bytes for file in manifest.files),
        "window": dict(manifest.window) if manifest.window else None,
        "as_of": manifest.as_of,
        "event_key": manifest.event_key,
        "report_id": manifest.report_id,
        "report_type": manifest.report_type,
    }


def _plain(destination: Destination) -> Any:
    if isinstance(destination, Download):
        return "download"
    return {
        "partner": destination.partner.value,
        "bucket": destination.bucket,
        "prefix": destination.prefix,
    }
