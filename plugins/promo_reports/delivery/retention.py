"""Remove what is too old: exports in the download area, and staged exports that were never delivered everywhere.

The age of an export is that of its `manifest.json` in the store: the moment from which it could be downloaded. The
manifest's own `finished_at` is earlier by however long delivery was retried. Nothing here reads the clock.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from promo_reports.delivery.target import data_file
from promo_reports.domain.layout import is_attempt_name, is_folder_name, is_run_name, is_window_key
from promo_reports.domain.manifest import MANIFEST_NAME
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.directory import DirectoryStore
from promo_reports.object_stores.port import Busy, Entry, LostRace, Objects, ObjectStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """What was removed: folders relative to the root, files and bytes; and what was left because it was in use."""

    removed: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    in_use: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class _Tally:
    def __init__(self) -> None:
        self.removed: list[str] = []
        self.in_use: list[str] = []
        self.failed: list[str] = []
        self.files = 0
        self.bytes = 0

    @contextlib.contextmanager
    def noting(self, folder: str) -> Iterator[None]:
        """Note a folder that cannot be swept, and go on; one that is gone meanwhile needs no sweeping."""
        try:
            yield
        except FileNotFoundError:
            log.info("%s was removed meanwhile", folder)
        except (OSError, DestinationRefused, DestinationUnavailable) as error:
            log.warning("Could not sweep %s: %s", folder, error)
            self.failed.append(folder)

    def count(self, removed: Entry) -> None:
        self.files += 1
        self.bytes += removed.bytes or 0

    def swept(self) -> Swept:
        return Swept(tuple(self.removed), self.files, self.bytes, tuple(self.in_use), tuple(self.failed))


def sweep(root: Path, *, older_than: datetime) -> Swept:
    """Remove exports that were published before `older_than` from the download area in a directory: `sweep_store`."""
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
    _check(older_than)
    tally = _Tally()
    for report in sorted(filter(is_folder_name, store.folders())):
        with tally.noting(report):
            gone = [_sweep_export(store, report, each, older_than, tally) for each in _windows(store, report)]
            if any(gone):
                store.remove_empty(report)
    return tally.swept()


def sweep_staging(root: Path, *, older_than: datetime) -> Swept:
    """Remove staged attempts in which nothing was written since `older_than` (an aware instant).

    An attempt goes as a whole, and its run's and report's directories with the last one; nothing else in the staging
    area is touched (`domain.layout`). Age alone decides: set it well above the time that a run and all its retries may
    take.
    """
    _check(older_than)
    before, tally = older_than.timestamp(), _Tally()
    for report in _directories(root, is_folder_name):
        with tally.noting(report.name):
            removed = False
            for run in _directories(report, is_run_name):
                with tally.noting(run.relative_to(root).as_posix()):
                    untouched = run.lstat().st_mtime < before
                    for attempt in _directories(run, is_attempt_name):
                        with tally.noting(attempt.relative_to(root).as_posix()):
                            _sweep_attempt(root, attempt, before, tally)
                    # In a young directory another attempt may be about to begin.
                    removed |= untouched and _removed_if_empty(run)
            if removed:
                _removed_if_empty(report)
    return tally.swept()


def _sweep_attempt(root: Path, attempt: Path, before: float, tally: _Tally) -> None:
    """Remove a staged attempt if its youngest file is old; FileNotFoundError if its run removes it meanwhile."""
    files = [status for each in attempt.rglob("*") if not stat.S_ISDIR((status := each.lstat()).st_mode)]
    if max((status.st_mtime for status in files), default=attempt.lstat().st_mtime) < before:
        shutil.rmtree(attempt)
        tally.removed.append(attempt.relative_to(root).as_posix())
        tally.files += len(files)
        tally.bytes += sum(status.st_size for status in files)


def _windows(store: ObjectStore, report: str) -> list[str]:
    return sorted(filter(is_window_key, store.folders(report)))


def _sweep_export(store: ObjectStore, report: str, window: str, older_than: datetime, tally: _Tally) -> bool:
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


def _remove_expired(objects: Objects, older_than: datetime, tally: _Tally) -> None:
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


def _directories(path: Path, ours: Callable[[str], bool]) -> Iterator[Path]:
    """Directories with a name of ours in a directory, in order, no links; none where there is nothing."""
    with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
        yield from sorted(
            path / each.name for each in entries if ours(each.name) and each.is_dir(follow_symlinks=False)
        )


def _removed_if_empty(path: Path) -> bool:
    with contextlib.suppress(OSError):
        path.rmdir()
        return True
    return False


def _check(older_than: datetime) -> None:
    if older_than.tzinfo is None:
        raise ValueError("older_than needs a timezone")
