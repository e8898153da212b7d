"""Remove exports that are too old from the download area.

The age of an export is that of its `manifest.json` in the store: the moment from which it could be downloaded. The
manifest's own `finished_at` is earlier by however long delivery was retried. Nothing here reads the clock.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from promo_reports.delivery.target import data_file
from promo_reports.domain.layout import is_folder_name, is_window_key
from promo_reports.domain.manifest import MANIFEST_NAME
from promo_reports.object_stores.port import Busy, LostRace, Objects, ObjectStore
from promo_reports.object_stores.swept import Swept, Tally, check_limit


def sweep(root: Path, *, older_than: datetime) -> Swept:
    """Remove exports that were published before `older_than` from the download area in a directory: `sweep_store`."""
    from promo_reports.object_stores.directory.store import DirectoryStore

    return sweep_store(DirectoryStore(root), older_than=older_than)


def sweep_store(store: ObjectStore, *, older_than: datetime) -> Swept:
    """Remove exports that were published before `older_than` (an aware instant) from an object store.

    The manifest goes first, if it is still the one that was listed, then the files, then the folder, so that nobody is
    sent to a file that is gone. A folder that is being published to is left for the next time, whatever has no name of
    ours (`domain.layout`) is left for good, and a download that has begun ends whole (reliability, P15). What killed
    attempts have left is removed. A folder that cannot be swept is named in `failed` and stops nothing.

    Where a store cannot keep a folder for itself, a publication that begins in the middle of a sweep may count on a
    file that goes: such stores are better left to expiration rules of their own.
    """
    check_limit(older_than)
    tally = Tally()
    for report in sorted(filter(is_folder_name, store.folders())):
        with tally.noting(report):
            gone = [_sweep_export(store, report, each, older_than, tally) for each in _windows(store, report)]
            if any(gone):
                store.remove_empty(report)
    return tally.swept()


def _windows(store: ObjectStore, report: str) -> list[str]:
    return sorted(filter(is_window_key, store.folders(report)))


def _sweep_export(store: ObjectStore, report: str, window: str, older_than: datetime, tally: Tally) -> bool:
    """Sweep one export of the download area, and return whether its folder is gone."""
    export, gone = f"{report}/{window}", False
    with tally.noting(export):
        try:
            with store.idle_folder(report, window) as objects:
                _remove_expired(objects, older_than, tally)
                gone = store.remove_empty(report, window)
        except (Busy, LostRace):
            tally.in_use.append(export)
    if gone:
        tally.removed.append(export)
    return gone


def _remove_expired(objects: Objects, older_than: datetime, tally: Tally) -> None:
    """Remove what is expired in one export's folder; LostRace if its manifest was replaced since it was listed.

    Where nobody else can be at work, what was never completed belongs to nobody alive.
    """
    found = objects.entries()
    manifest = next((each for each in found if each.name == MANIFEST_NAME and not each.unfinished), None)
    files = [each for each in found if data_file(each.name) and not each.unfinished]
    # Data without a manifest was left by a killed attempt.
    published = [each.written for each in ([manifest] if manifest else files)]
    left = [each for each in found if each.unfinished and (objects.exclusive or each.written < older_than)]
    if published and max(published) < older_than:
        if manifest:
            objects.discard(manifest.name, stamp=manifest.stamp)
            tally.count(manifest)
        left = [*files, *left]
    for each in left:
        objects.delete([(each.name, each.handle)])
        tally.count(each)
