"""Remove attempts from a staging area in an object store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from promo_reports.domain.layout import is_attempt_name, is_folder_name, is_run_name
from promo_reports.domain.manifest import MANIFEST_NAME
from promo_reports.object_stores.port import Busy, Entry, Objects, ObjectStore
from promo_reports.object_stores.swept import Swept, Tally, check_limit


def sweep_bucket(store: ObjectStore, older_than: datetime) -> Swept:
    """Remove attempts in which nothing was written or begun since `older_than`; names that are not ours stay."""
    check_limit(older_than)
    tally = Tally()
    for report in sorted(filter(is_folder_name, store.folders())):
        with tally.noting(report):
            before = len(tally.removed)
            for run in sorted(filter(is_run_name, store.folders(report))):
                with tally.noting(f"{report}/{run}"):
                    _sweep_run(store, report, run, older_than, tally)
            if len(tally.removed) > before:
                store.remove_empty(report)
    return tally.swept()


def remove_attempt(store: ObjectStore, *names: str) -> None:
    """Remove an attempt, sealed or not; Busy where somebody else has it locked."""
    with store.idle_folder(*names) as objects:
        _remove(objects, objects.entries())
    store.remove_empty(*names)


def _sweep_run(store: ObjectStore, report: str, run: str, older_than: datetime, tally: Tally) -> None:
    before = len(tally.removed)
    for attempt in sorted(filter(is_attempt_name, store.folders(report, run))):
        place = f"{report}/{run}/{attempt}"
        with tally.noting(place):
            try:
                with store.idle_folder(report, run, attempt) as objects:
                    swept = _sweep_attempt(objects, older_than, tally)
            except Busy:
                tally.in_use.append(place)
                continue
            if swept:
                tally.removed.append(place)
                store.remove_empty(report, run, attempt)
    if len(tally.removed) > before:
        store.remove_empty(report, run)


def _sweep_attempt(objects: Objects, older_than: datetime, tally: Tally) -> bool:
    found = objects.entries()
    if not found or max(each.written for each in found) >= older_than:
        return False
    _remove(objects, found)
    for each in found:
        tally.count(each)
    return True


def _remove(objects: Objects, found: Sequence[Entry]) -> None:
    """Delete all that was listed, the manifest first: nobody opens an attempt of which a part is gone."""
    objects.delete((each.name, each.handle) for each in sorted(found, key=lambda each: each.name != MANIFEST_NAME))
