"""The staging area in a directory that all workers share: `<report id>/<run>/<attempt>` for each attempt."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from promo_reports.domain.definition import is_report_id
from promo_reports.domain.delivery import Destination, destination_of, destination_values
from promo_reports.domain.layout import (
    earlier_run_name,
    is_attempt_name,
    new_attempt_name,
    run_name,
)
from promo_reports.domain.manifest import MANIFEST_NAME, MOST_MANIFEST_BYTES, Manifest, StagedExport
from promo_reports.errors import HandoverRefused, StagingError, StagingRefused
from promo_reports.file_modes import ensure_directory, share
from promo_reports.object_stores.swept import Swept
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging.directory_sweep import sweep_directory
from promo_reports.regular_file import read_regular

_DESTINATIONS = "destinations.json"
_REFUSED = {
    errno.EROFS: "is read-only",
    errno.EACCES: "is closed to this user",
    errno.EPERM: "is closed to this user",
    errno.ENOTDIR: "is not a directory, or has a file in its path",
    errno.EEXIST: "is not a directory",
    errno.ELOOP: "has too many symbolic links in its path",
    errno.ENAMETOOLONG: "is unable to take names this long",
    errno.EFBIG: "is unable to take files this large",
}
_STAGE_AGAIN = "Clear the task extract of this run."


class StagingDirectory:
    """Attempts below a root; directories are 0700, or 2770 where the root is shared (`file_modes`)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def attempt(self, export: Export) -> Iterator[AttemptDirectory]:
        """Create a private directory for one attempt, and remove it again if the attempt fails.

        Earlier attempts of the run are removed first, as one that was killed could not do it itself.
        """
        parent = self.of_run(export)
        directory = parent / new_attempt_name()
        with explained(self.root):
            try:
                if parent.exists():
                    shutil.rmtree(parent)
                for each in (self.root, parent.parent, parent, directory):
                    ensure_directory(each)
                yield AttemptDirectory(self.root, directory)
            except BaseException:
                shutil.rmtree(directory, ignore_errors=True)
                raise

    def open(self, address: object, *, dag_id: str, run_id: str) -> StagedExport:
        """Open an attempt of one run; its address may be that of another host's root."""
        directory = _attempt_at(self.root, address, dag_id, run_id)
        try:
            manifest = Manifest.from_json(read_regular(directory / MANIFEST_NAME, MOST_MANIFEST_BYTES))
            destinations = _destinations_in(directory)
        except FileNotFoundError:
            raise StagingError(f"The staged export {directory.name} is gone.", _STAGE_AGAIN) from None
        except OSError as error:
            raise StagingError(f"The staged export {directory}: {error.strerror}.", _STAGE_AGAIN) from None
        except ValueError as damage:
            raise StagingError(f"The staged manifest in {directory} is damaged: {damage}.", _STAGE_AGAIN) from None
        if (manifest.dag_id, manifest.run_id) != (dag_id, run_id):
            raise _handed_over_from_elsewhere()
        return StagedExport(directory, manifest, destinations)

    def mark_delivered(self, staged: StagedExport, destination: int, destinations: int) -> None:
        """Record a delivery in a file beside the manifest; the last one removes the staged files.

        The manifest stays until the area is swept, so that delivering again finds that there is nothing to do. If the
        record cannot be written, the sweep removes the files: a delivery that has succeeded does not fail for it.
        """
        with suppress(OSError):
            (staged.directory / f".delivered-{destination}").touch()
            if len(list(staged.directory.glob(".delivered-*"))) >= destinations:
                for file in staged.manifest.files:
                    (staged.directory / file.name).unlink(missing_ok=True)

    def discard(self, export: Export) -> None:
        """Remove the directory of a run, and that of its report if it is empty then."""
        directory = self.of_run(export)
        shutil.rmtree(directory, ignore_errors=True)
        with suppress(OSError):
            directory.parent.rmdir()

    def sweep(self, *, older_than: datetime) -> Swept:
        """Remove old attempts; the directories of run and report are removed with the last one.

        Age alone decides: set it well above the time that a run and all its retries may take. Names that are not ours
        (`domain.layout`) are left alone, as other programs may keep temporary files here.
        """
        return sweep_directory(self.root, older_than)

    def of_run(self, export: Export) -> Path:
        """Return the directory of the attempts of one run, which no other DAG or run shares."""
        return self.root / export.definition.id / run_name(export.dag_id, export.run_id)


@dataclass(frozen=True)
class AttemptDirectory:
    """The directory of one attempt, in which its files are written and stay."""

    root: Path
    directory: Path

    def explained(self, needed: Callable[[], int | None]) -> AbstractContextManager[None]:
        """Raise OSErrors of writing as `StagingError`; a full disk is reported as it is without this attempt."""
        return explained(self.root, self.directory, needed)

    def seal(self, manifest: Manifest, destinations: tuple[Destination, ...]) -> StagedExport:
        """Write the destinations, then the manifest, which is synced and renamed into its place."""
        (self.directory / _DESTINATIONS).write_text(json.dumps([destination_values(each) for each in destinations]))
        temporary = self.directory / f".{MANIFEST_NAME}"
        with temporary.open("wb") as file:
            file.write(manifest.to_json())
            file.flush()
            os.fsync(file.fileno())
        for written in self.directory.iterdir():
            share(written, self.directory)
        temporary.replace(self.directory / MANIFEST_NAME)
        return StagedExport(self.directory, manifest, destinations)


@contextmanager
def explained(
    root: Path, attempt: Path | None = None, needed: Callable[[], int | None] = lambda: None
) -> Iterator[None]:
    """Raise OSErrors of the staging area as `StagingError`, or as `StagingRefused` if no retry helps.

    `attempt` is the directory that is removed when the attempt has failed; `needed` returns the bytes of the export.
    """
    try:
        yield
    except OSError as error:
        said = error.strerror or type(error).__name__
        if error.errno == errno.EDQUOT:
            raise StagingError(
                f"The staging area {root}: the disk quota of this user is used up.{_needs(needed())}",
                "Free space, raise the quota, or set PROMO_REPORTS_STAGING_DIR to another disk.",
            ) from None
        if error.errno == errno.ENOSPC:
            raise _full(root, attempt, needed()) from None
        if error.errno == errno.ENOENT:
            raise StagingError(
                f"The staging area {root}: the attempt's directory has been removed.",
                "Another attempt of this run has begun, or the area was swept.",
            ) from None
        if error.errno in _REFUSED:
            raise StagingRefused(
                f"The staging area {root} {_REFUSED[error.errno]} ({said}).",
                "Give this worker's user write access to it, or set PROMO_REPORTS_STAGING_DIR to another directory.",
            ) from None
        raise StagingError(f"The staging area {root}: {said}.", "If it lasts, look at its disk.") from None


def _attempt_at(root: Path, address: object, dag_id: str, run_id: str) -> Path:
    """Return the directory of an attempt of one run, also one of an earlier release."""
    parts = PurePath(address).parts[-3:] if isinstance(address, str) else ()
    runs = (run_name(dag_id, run_id), earlier_run_name(dag_id, run_id))
    match parts:
        case (report_id, run, attempt_name) if (
            is_report_id(report_id) and run in runs and is_attempt_name(attempt_name)
        ):
            return root.joinpath(*parts)
    raise _handed_over_from_elsewhere()


def _destinations_in(directory: Path) -> tuple[Destination, ...]:
    """Return what `seal` has written; nothing for an attempt of a release that did not."""
    try:
        values = json.loads(read_regular(directory / _DESTINATIONS, MOST_MANIFEST_BYTES))
    except FileNotFoundError:
        return ()
    return tuple(destination_of(each) for each in values)


def _handed_over_from_elsewhere() -> HandoverRefused:
    return HandoverRefused("What was handed over was not staged by this run.", _STAGE_AGAIN)


def _full(root: Path, attempt: Path | None, needed: int | None) -> StagingError:
    """Return the error for a full disk, with the bytes that are free once this attempt is removed."""
    there = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(there).free + sum(_allocated(path) for path in (attempt.iterdir() if attempt else ()))
    return StagingError(
        f"The staging area {root} is full: {free:,} bytes are free.{_needs(needed)}",
        "Free space, or set PROMO_REPORTS_STAGING_DIR to a larger disk.",
    )


def _needs(needed: int | None) -> str:
    return f" The export needs about {needed:,} bytes in all." if needed else ""


def _allocated(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_blocks * 512
    return 0
