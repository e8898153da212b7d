"""The disk of one host, on which files are made or received that are staged elsewhere; nothing stays on it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from promo_reports.domain.manifest import ExportFile
from promo_reports.pipeline.staging.directory import AttemptDirectory, attempt_path, make_attempt, new_attempt
from promo_reports.pipeline.staging.directory_sweep import sweep_directory
from promo_reports.pipeline.staging.disk_errors import Disk, explained

log = logging.getLogger(__name__)


class Scratch:
    """Directories `<report id>/<run>/<attempt>` below a root, each removed when its block ends, however it ends.

    What a killed task has left is removed when the next one begins, once nothing was written to it for longer than a
    task may run.
    """

    def __init__(self, root: Path, longest: timedelta) -> None:
        self.disk = Disk(root, "scratch directory", "PROMO_REPORTS_SCRATCH_DIR")
        self._longest = longest

    @contextmanager
    def attempt(self, report: str, run: str) -> Iterator[AttemptDirectory]:
        """Make a directory for the files of an attempt; those of earlier attempts of its run are removed first."""
        self._sweep()
        with new_attempt(self.disk, report, run) as attempt:
            try:
                yield attempt
            finally:
                _remove(attempt.directory)

    @contextmanager
    def receiving(self, file: ExportFile, report: str, run: str) -> Iterator[Path]:
        """Return a path for a file of a run, beside those of other deliveries of the run."""
        self._sweep()
        directory = attempt_path(self.disk, report, run)
        try:
            with explained(self.disk, needed=lambda: file.bytes):
                make_attempt(self.disk, directory)
            yield directory / file.name
        finally:
            _remove(directory)

    def _sweep(self) -> None:
        with explained(self.disk):
            swept = sweep_directory(self.disk.root, datetime.now(UTC) - self._longest)
        if swept.removed:
            log.info("Removed what killed tasks had left on this host: %s", ", ".join(swept.removed))


def _remove(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):
        directory.parent.rmdir()
        directory.parent.parent.rmdir()
