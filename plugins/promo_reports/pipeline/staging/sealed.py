"""A sealed attempt: its place below the staging area, what lies beside its files, and what is checked to open it."""

from __future__ import annotations

import json
from pathlib import PurePath

from promo_reports.domain.definition import is_report_id
from promo_reports.domain.delivery import Destination, destination_of, destination_values
from promo_reports.domain.layout import earlier_run_name, is_attempt_name, run_name
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import HandoverRefused, StagingError
from promo_reports.pipeline.export import Export

DESTINATIONS = "destinations.json"
"""The file beside the manifest that says where an attempt goes."""
STAGE_AGAIN = "Clear the task extract of this run."


def place_of(export: Export) -> tuple[str, str]:
    """Return the names of report and run below which the attempts of a run lie, which no other DAG or run shares."""
    return export.definition.id, run_name(export.dag_id, export.run_id)


def attempt_at(address: object, dag_id: str, run_id: str) -> tuple[str, str, str]:
    """Return the names of report, run and attempt in an address, whatever root it has; also one of an earlier release.

    `HandoverRefused` unless it is the address of an attempt of this DAG and run.
    """
    parts = PurePath(address).parts[-3:] if isinstance(address, str) else ()
    runs = (run_name(dag_id, run_id), earlier_run_name(dag_id, run_id))
    match parts:
        case (report_id, run, attempt) if is_report_id(report_id) and run in runs and is_attempt_name(attempt):
            return report_id, run, attempt
    raise _handed_over_from_elsewhere()


def destinations_json(destinations: tuple[Destination, ...]) -> bytes:
    """Return what `opened` reads again."""
    return json.dumps([destination_values(each) for each in destinations]).encode()


def opened(
    place: str, manifest: bytes, destinations: bytes | None, *, dag_id: str, run_id: str
) -> tuple[Manifest, tuple[Destination, ...]]:
    """Return manifest and destinations of an attempt; none of the latter for one of a release that left no such file.

    `StagingError` if either is damaged, `HandoverRefused` if another DAG or run has made it.
    """
    try:
        found = Manifest.from_json(manifest)
        goes_to = tuple(destination_of(each) for each in json.loads(destinations)) if destinations is not None else ()
    except (ValueError, TypeError) as damage:
        raise StagingError(f"The staged manifest in {place} is damaged: {damage}.", STAGE_AGAIN) from None
    if (found.dag_id, found.run_id) != (dag_id, run_id):
        raise _handed_over_from_elsewhere()
    return found, goes_to


def gone(attempt: str) -> StagingError:
    """Return the error for an attempt that is not there, or was never sealed."""
    return StagingError(f"The staged export {attempt} is gone.", STAGE_AGAIN)


def _handed_over_from_elsewhere() -> HandoverRefused:
    return HandoverRefused("What was handed over was not staged by this run.", STAGE_AGAIN)
