"""Removing what is too old: exports in the download area, and staged exports that were never delivered everywhere.

The age of an export is that of its `manifest.json` in the file system: the moment from which it could be downloaded.
The manifest's own `finished_at` is earlier by however long delivery was retried. Nothing here reads the clock.
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
from promo_reports.object_stores.locked_directory import Busy, locked, mark
from promo_reports.object_stores.port import TEMPORARY

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """What was removed: directories relative to the root, files and bytes; and what was left because it was in use."""

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
    def noting(self, directory: Path, root: Path) -> Iterator[None]:
        """Note a directory that cannot be swept, and go on; one that is gone meanwhile needs no sweeping."""
        try:
            yield
        except FileNotFoundError:
            log.info("%s was removed meanwhile", directory)
        except OSError as error:
            log.warning("Could not sweep %s: %s", directory, error.strerror)
            self.failed.append(directory.relative_to(root).as_posix())

    def swept(self) -> Swept:
        return Swept(tuple(self.removed), self.files, self.bytes, tuple(self.in_use), tuple(self.failed))


def sweep(root: Path, *, older_than: datetime) -> Swept:
    """Remove exports that were published before `older_than` (an aware instant) from the download area.

    The manifest goes first, then the files, then the directory, so that nobody is sent to a file that is gone. A
    directory that is being published to is left for the next time, whatever has no name of ours (`domain.layout`) is
    left for good, and a download that has begun ends whole (reliability, P15). Temporaries of killed attempts are
    removed everywhere. A directory that cannot be swept is named in `failed` and stops nothing.
    """
    before, tally = _timestamp(older_than), _Tally()
    for report in _directories(root, is_folder_name):
        with tally.noting(report, root):
            removed = False
            for export in _directories(report, is_window_key):
                with tally.noting(export, root):
                    removed |= _sweep_export(root, export, before, tally)
            if removed:
                mark(root)
                _removed_if_empty(report)
    return tally.swept()


def sweep_staging(root: Path, *, older_than: datetime) -> Swept:
    """Remove staged attempts in which nothing was written since `older_than` (an aware instant).

    An attempt goes as a whole, and its run's and report's directories with the last one; nothing else in the staging
    area is touched (`domain.layout`). Age alone decides: set it well above the time that a run and all its retries may
    take.
    """
    before, tally = _timestamp(older_than), _Tally()
    for report in _directories(root, is_folder_name):
        with tally.noting(report, root):
            removed = False
            for run in _directories(report, is_run_name):
                with tally.noting(run, root):
                    untouched = run.lstat().st_mtime < before
                    for attempt in _directories(run, is_attempt_name):
                        with tally.noting(attempt, root):
                            _sweep_attempt(root, attempt, before, tally)
                    # Where an attempt began lately, another may be about to begin.
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


def _sweep_export(root: Path, export: Path, before: float, tally: _Tally) -> bool:
    """Sweep one export of the download area; whether its directory is gone."""
    try:
        with locked(root, export.parent.name, export.name) as directory:
            _remove_expired(directory, before, tally)
            gone = _removed_if_empty(export)
    except Busy:
        tally.in_use.append(export.relative_to(root).as_posix())
        return False
    if gone:
        tally.removed.append(export.relative_to(root).as_posix())
    return gone


def _remove_expired(directory: int, before: float, tally: _Tally) -> None:
    """Remove what is expired in one export's directory.

    The caller holds its lock, so temporaries in it belong to nobody alive.
    """
    with os.scandir(directory) as entries:
        found = {
            each.name: each.stat(follow_symlinks=False) for each in entries if not each.is_dir(follow_symlinks=False)
        }
    manifest = found.get(MANIFEST_NAME)
    files = [name for name in found if data_file(name)]
    # Data without a manifest is what a killed attempt left.
    dates = [manifest.st_mtime] if manifest else [found[name].st_mtime for name in files]
    expired = bool(dates) and max(dates) < before
    doomed = [name for name in found if name.startswith(TEMPORARY)]
    if expired:
        doomed = [*([MANIFEST_NAME] if manifest else []), *files, *doomed]
    for name in doomed:
        os.unlink(name, dir_fd=directory)
        tally.files += 1
        tally.bytes += found[name].st_size


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


def _timestamp(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("older_than needs a timezone")
    return moment.timestamp()
