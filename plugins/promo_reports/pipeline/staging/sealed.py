"""A sealed attempt: its place below the staging area, what lies beside its files, and what is checked to open it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from promo_reports.domain.definition import is_report_id
from promo_reports.domain.delivery import destination_of, destination_values
from promo_reports.domain.layout import earlier_run_name, is_attempt_name, run_name
from promo_reports.domain.manifest import MANIFEST_NAME, Manifest
from promo_reports.errors import HandoverRefused, StagingError
from promo_reports.object_stores.staged_export import StagedDelivery
from promo_reports.pipeline.export import Export

DESTINATIONS = "destinations.json"
"""The file beside the manifest that says where an attempt goes."""
STAGE_AGAIN = "Clear the task extract of this run."
_DESTINATION, _MANIFEST = "destination", "manifest"
_ANOTHER_MANIFEST = re.compile(r"manifest-[1-9][0-9]{0,2}\.json")


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


def contents(deliveries: tuple[StagedDelivery, ...]) -> dict[str, bytes]:
    """Return what is written beside the files of an attempt, by its names, in this order; `opened` reads it again.

    The manifest that others wait for is the last. Another shape than the first has a manifest of its own, which its
    destinations name.
    """
    names: dict[bytes, str] = {}
    goes_to: list[Any] = []
    for each in deliveries:
        text, values = each.manifest.to_json(), destination_values(each.destination)
        name = names.setdefault(text, f"manifest-{len(names) + 1}.json" if names else MANIFEST_NAME)
        goes_to.append(values if name == MANIFEST_NAME else {_DESTINATION: values, _MANIFEST: name})
    written = {name: text for text, name in names.items()}
    first = written.pop(MANIFEST_NAME)
    return {**written, DESTINATIONS: json.dumps(goes_to).encode(), MANIFEST_NAME: first}


def opened(
    place: str, read: Callable[[str], bytes | None], *, dag_id: str, run_id: str
) -> tuple[Manifest, tuple[StagedDelivery, ...]] | None:
    """Return the first manifest and the deliveries of an attempt; None where it was never sealed.

    `read` returns the content of a small file beside its files, None where there is none. An attempt of a release that
    left no destinations has no deliveries. `StagingError` if any of it is damaged, `HandoverRefused` if another DAG or
    run has made it.
    """
    first, destinations = read(MANIFEST_NAME), read(DESTINATIONS)
    if first is None:
        return None
    found: dict[str, Manifest] = {}
    deliveries = []
    try:
        found[MANIFEST_NAME] = Manifest.from_json(first)
        for each in json.loads(destinations) if destinations is not None else ():
            values, name = _parts(each)
            if name not in found:
                found[name] = Manifest.from_json(read(name) or b"")
            deliveries.append(StagedDelivery(destination_of(values), found[name]))
    except (ValueError, TypeError) as damage:
        raise StagingError(f"The staged manifest in {place} is damaged: {damage}.", STAGE_AGAIN) from None
    if any((each.dag_id, each.run_id) != (dag_id, run_id) for each in found.values()):
        raise _handed_over_from_elsewhere()
    return found[MANIFEST_NAME], tuple(deliveries)


def _parts(values: Any) -> tuple[Any, str]:
    """Return a destination's values and the name of its manifest."""
    if not isinstance(values, dict) or _MANIFEST not in values:
        return values, MANIFEST_NAME
    name = values[_MANIFEST]
    if not isinstance(name, str) or not _ANOTHER_MANIFEST.fullmatch(name):
        raise ValueError("a destination names no manifest")
    return values.get(_DESTINATION), name


def gone(attempt: str) -> StagingError:
    """Return the error for an attempt that is not there, or was never sealed."""
    return StagingError(f"The staged export {attempt} is gone.", STAGE_AGAIN)


def _handed_over_from_elsewhere() -> HandoverRefused:
    return HandoverRefused("What was handed over was not staged by this run.", STAGE_AGAIN)
