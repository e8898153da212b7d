"""The payload of each deliver task: an address in the staging area and a destination, never rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from promo_reports.domain.dates.window import instant_key
from promo_reports.domain.delivery import Destination, destination_of, destination_values
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import HandoverRefused
from promo_reports.object_stores.staged_export import StagedExport

LONGEST_MAP_INDEX = 250
"""Characters of Airflow's column `task_instance.rendered_map_index`."""


def handovers(staged: StagedExport, destinations: tuple[Destination, ...]) -> list[dict[str, Any]]:
    """Return one payload for each destination; deliver is mapped over them."""
    return [
        {
            "staged": staged.address,
            "title": str(destination),
            "destination": destination_values(destination),
            "number": number,
            "of": len(destinations),
        }
        for number, destination in enumerate(destinations, start=1)
    ]


def part_of(handover: object, key: str) -> Any:
    """Return one value of a payload, or None; the payload may be anything, as others can write to XCom."""
    return handover.get(key) if isinstance(handover, Mapping) else None


def destination_at(handover: object, index: int, destinations: Sequence[Destination]) -> Destination:
    """Return the destination of a mapped delivery: the one at its map index among those of the export.

    `HandoverRefused` if the payload names another one.
    """
    try:
        handed = destination_of(part_of(handover, "destination"))
    except ValueError:
        handed = None
    if handed is None or not 0 <= index < len(destinations) or destinations[index] != handed:
        raise HandoverRefused(
            "What was handed over names a destination that this export was not made for.",
            "Clear the task extract of this run.",
        )
    return handed


def map_index_title(title: str) -> str:
    """Return the title of a destination for a mapped task, truncated to the limit of Airflow's `rendered_map_index`.

    A longer one would fail the task after it has delivered.
    """
    return title if len(title) <= LONGEST_MAP_INDEX else f"{title[: LONGEST_MAP_INDEX - 1]}\N{HORIZONTAL ELLIPSIS}"


def left_key(end: datetime) -> str:
    """Return the XCom key for a window with this end; the run of the next window reads it by its own start.

    A single key, of which the newest were read, would also match a run that somebody triggers manually.
    """
    return f"window_until_{instant_key(end)}"


def window_left(manifest: Manifest) -> dict[str, str] | None:
    """Return what the run of the next window needs to count late rows; None for a snapshot."""
    if manifest.window is None:
        return None
    return {
        "start": manifest.window["start"],
        "end": manifest.window["end"],
        "snapshot_at": manifest.snapshot_at,
    }


def asset_extra(manifest: Manifest, destination: str, address: str, files: tuple[str, ...]) -> dict[str, Any]:
    """Return the extra of the asset event for downstream DAGs (reliability, P14); `bytes` is that of all files."""
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
