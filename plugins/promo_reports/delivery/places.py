"""Find the place of an export at a destination: where it was delivered before, or where the account places it now.

A bucket's patterns may be changed at any time. An export that was delivered before keeps its place all the same, or the
old file would stay beside the new one and readers would find two answers for one window. So a place that is not the
default one is recorded at the destination before anything is delivered to it::

    <root>/_promo_reports/<default folder>/place.json

Of two attempts that record one at the same time the first decides for both. No place is recorded for the default
folder, where earlier releases have delivered, too: the export's own manifest is looked for there.
"""

from __future__ import annotations

from datetime import datetime

from promo_reports.delivery.ownership import own_manifest
from promo_reports.delivery.target import Area
from promo_reports.domain.definition import words_of
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import Manifest
from promo_reports.domain.places.export_place import ExportPlace
from promo_reports.domain.places.pattern import Named
from promo_reports.errors import ForeignExport


def place_for(manifest: Manifest, area: Area) -> ExportPlace:
    """Return the place to publish an export in, and record it; ForeignExport if another export is there already."""
    whose = ExportFolder.of(manifest)
    known = area.recorded(whose.place)
    if known is not None:
        return known
    wanted = area.placement.place(_named(manifest, whose), whose.place)
    if wanted == whose.place or _lies_in(area, whose.place, whose):
        return whose.place
    with area.reading(wanted) as folder:
        if folder is not None:
            own_manifest(folder, folder.manifest(), whose)
    return area.record(whose.place, wanted)


def _lies_in(area: Area, place: ExportPlace, whose: ExportFolder) -> bool:
    """Return whether an export of the same owner is published there; what belongs to others is not looked at."""
    with area.reading(place) as folder:
        try:
            return folder is not None and own_manifest(folder, folder.manifest(), whose) is not None
        except ForeignExport:
            return False


def _named(manifest: Manifest, whose: ExportFolder) -> Named:
    """Return what tokens stand for: the times of the manifest are in the report's timezone."""
    window = manifest.window or {"start": manifest.as_of, "end": manifest.as_of}
    return Named(
        report_id=manifest.report_id,
        report_type=manifest.report_type,
        name=words_of(manifest.report_name),
        export_id=whose.export_id,
        start=datetime.fromisoformat(window["start"]),
        end=datetime.fromisoformat(window["end"]),
    )
