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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from promo_reports.delivery.area import data_file
from promo_reports.delivery.export_directory import TEMPORARY, Busy, locked
from promo_reports.domain.definition import is_report_id
from promo_reports.domain.manifest import MANIFEST_NAME

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

    def swept(self) -> Swept:
        return Swept(tuple(self.removed), self.files, self.bytes, tuple(self.in_use), tuple(self.failed))


def sweep(root: Path, *, older_than: datetime) -> Swept:
    """Remove exports that were published before `older_than` (an aware instant) from the download area.

    The manifest goes first, then the files, then the directory, so that nobody is sent to a file that is gone. A
    directory that is being published to is left for the next time, files that others put there are left for good, and
    a download that has begun ends whole (reliability, P15). Temporaries of killed attempts are removed everywhere. A
    directory that cannot be swept is named in `failed` and stops nothing.
    """
    before, tally = _timestamp(older_than), _Tally()
    for report in _directories(root):
        if not is_report_id(report.name):
            continue
        for export in _directories(report):
            name = f"{report.name}/{export.name}"
            try:
                with locked(root, report.name, export.name) as directory:
                    _sweep_export(directory, before, tally)
                    if _removed_if_empty(export):
                        tally.removed.append(name)
            except Busy:
                tally.in_use.append(name)
            except OSError as error:
                log.warning("Could not sweep %s: %s", export, error.strerror)
                tally.failed.append(name)
        _removed_if_empty(report)
    return tally.swept()


def sweep_staging(root: Path, *, older_than: datetime) -> Swept:
    """Remove staged attempts in which nothing was written since `older_than` (an aware instant).

    An attempt is a directory that holds files, however deep below `root`; it goes as a whole. Age alone decides: set it
    well above the time that a run and all its retries may take.
    """
    before, tally = _timestamp(older_than), _Tally()
    for directory, below, names in os.walk(root, topdown=True):
        path = Path(directory)
        if path == root or not names:
            continue
        below.clear()
        try:
            files = [status for each in path.rglob("*") if not stat.S_ISDIR((status := each.lstat()).st_mode)]
            if max(status.st_mtime for status in files) < before:
                shutil.rmtree(path)
                tally.removed.append(path.relative_to(root).as_posix())
                tally.files += len(files)
                tally.bytes += sum(status.st_size for status in files)
        except FileNotFoundError:
            continue  # delivered meanwhile, and removed by its run
        except OSError as error:
            log.warning("Could not sweep %s: %s", path, error.strerror)
            tally.failed.append(path.relative_to(root).as_posix())
    for directory, _, _ in os.walk(root, topdown=False):
        if Path(directory) != root and Path(directory).lstat().st_mtime < before:
            _removed_if_empty(Path(directory))
    return tally.swept()


def _sweep_export(directory: int, before: float, tally: _Tally) -> None:
    """Sweep one export's directory; the caller holds its lock, so temporaries in it belong to nobody alive."""
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


def _directories(path: Path) -> Iterator[Path]:
    """Directories in a directory, links to directories left out, in order; none where there is nothing."""
    with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
        yield from sorted(path / each.name for each in entries if each.is_dir(follow_symlinks=False))


def _removed_if_empty(path: Path) -> bool:
    with contextlib.suppress(OSError):
        path.rmdir()
        return True
    return False


def _timestamp(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("older_than needs a timezone")
    return moment.timestamp()
