"""Remove old attempts from a staging area in a directory."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from promo_reports.domain.layout import is_attempt_name, is_folder_name, is_run_name
from promo_reports.object_stores.swept import Swept, Tally, check_limit


def sweep_directory(root: Path, older_than: datetime) -> Swept:
    """Remove attempts in which nothing was written since `older_than`, and directories that are empty then."""
    check_limit(older_than)
    before, tally = older_than.timestamp(), Tally()
    for report in _directories(root, is_folder_name):
        with tally.noting(report.name):
            removed = False
            for run in _directories(report, is_run_name):
                with tally.noting(f"{report.name}/{run.name}"):
                    removed |= _sweep_run(root, run, before, tally)
            if removed:
                _removed_if_empty(report)
    return tally.swept()


def _sweep_run(root: Path, run: Path, before: float, tally: Tally) -> bool:
    """Sweep the attempts of one run, and return whether its directory is gone."""
    untouched = run.lstat().st_mtime < before
    for attempt in _directories(run, is_attempt_name):
        with tally.noting(attempt.relative_to(root).as_posix()):
            _sweep_attempt(root, attempt, before, tally)
    # In a young directory another attempt may be about to begin.
    return untouched and _removed_if_empty(run)


def _sweep_attempt(root: Path, attempt: Path, before: float, tally: Tally) -> None:
    """Remove a staged attempt if its youngest file is old; FileNotFoundError if its run removes it meanwhile."""
    files = [status for each in attempt.rglob("*") if not stat.S_ISDIR((status := each.lstat()).st_mode)]
    if max((status.st_mtime for status in files), default=attempt.lstat().st_mtime) < before:
        shutil.rmtree(attempt)
        tally.removed.append(attempt.relative_to(root).as_posix())
        tally.files += len(files)
        tally.bytes += sum(status.st_size for status in files)


def _directories(path: Path, ours: Callable[[str], bool]) -> Iterator[Path]:
    """Yield directories with a name of ours, sorted, but no links; nothing if the path is missing."""
    with suppress(FileNotFoundError), os.scandir(path) as entries:
        yield from sorted(
            path / each.name for each in entries if ours(each.name) and each.is_dir(follow_symlinks=False)
        )


def _removed_if_empty(path: Path) -> bool:
    """Remove an empty directory, and return whether it was."""
    with suppress(OSError):
        path.rmdir()
        return True
    return False
