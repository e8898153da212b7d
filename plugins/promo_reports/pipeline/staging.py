"""The staging area: one directory for each attempt of each run, so that overlapping attempts cannot mix (P6)."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promo_reports.domain.layout import new_attempt_name, run_name
from promo_reports.domain.manifest import MANIFEST_NAME, Manifest, StagedExport
from promo_reports.errors import StagingError
from promo_reports.pipeline.export import Export

_PRIVATE = 0o700
_STAGE_AGAIN = "Clear the task extract of this run."


def run_directory(root: Path, export: Export) -> Path:
    """Where the attempts of one run lie."""
    return root / export.definition.id / run_name(export.dag_id, export.run_id)


@contextmanager
def attempt(root: Path, export: Export) -> Iterator[Path]:
    """A new private directory for one attempt, removed again where the attempt fails.

    What earlier attempts of the run left behind is removed first: an attempt that was killed could not do it itself.
    Raises `StagingError` where the area is full or read-only.
    """
    parent = run_directory(root, export)
    directory = parent / new_attempt_name()
    with explained(root):
        try:
            if parent.exists():
                shutil.rmtree(parent)
            directory.mkdir(parents=True, mode=_PRIVATE)
            for private in (directory, parent, parent.parent):
                private.chmod(_PRIVATE)
            yield directory
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise


@contextmanager
def explained(root: Path, needed: Callable[[], int | None] = lambda: None) -> Iterator[None]:
    """Turn what the staging area does not allow into `StagingError`; `needed` is asked for the bytes of the export."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(root, needed()) from None
        if error.errno == errno.ENOENT:
            raise StagingError(
                f"The staging area {root}: the attempt's directory has been removed.",
                "Another attempt of this run has begun, or the area was swept.",
            ) from None
        raise StagingError(
            f"The staging area {root}: {error.strerror or type(error).__name__}.", "Correct PROMO_REPORTS_STAGING_DIR."
        ) from None


def seal(directory: Path, manifest: Manifest) -> StagedExport:
    """Write the manifest of a verified attempt, last and whole; from now on it may be delivered."""
    temporary = directory / f".{MANIFEST_NAME}"
    with temporary.open("wb") as file:
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / MANIFEST_NAME)
    return StagedExport(directory, manifest)


def open_staged(address: str) -> StagedExport:
    """The staged export at an address that `extract` gave; `StagingError` where it is gone or damaged."""
    directory = Path(address)
    try:
        return StagedExport(directory, Manifest.from_json((directory / MANIFEST_NAME).read_bytes()))
    except FileNotFoundError:
        raise StagingError(f"The staged export {directory.name} is gone.", _STAGE_AGAIN) from None
    except OSError as error:
        raise StagingError(f"The staged export {directory}: {error.strerror}.", _STAGE_AGAIN) from None
    except ValueError as damage:
        raise StagingError(f"The staged manifest in {directory} is damaged: {damage}.", _STAGE_AGAIN) from None


def mark_delivered(staged: StagedExport, destination: int, destinations: int) -> None:
    """Note that one of so many destinations has the export; the last one to say so removes its files from staging.

    The manifest stays until the area is swept, so that delivering again finds that there is nothing to do. Where the
    area does not allow the note, the sweep removes the files: a delivery that has succeeded does not fail for it.
    """
    with suppress(OSError):
        (staged.directory / f".delivered-{destination}").touch()
        if len(list(staged.directory.glob(".delivered-*"))) >= destinations:
            for file in staged.manifest.files:
                (staged.directory / file.name).unlink(missing_ok=True)


def _full(root: Path, needed: int | None) -> StagingError:
    """What is free is said without what this attempt has written, which is removed when the attempt has failed."""
    there = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(there).free
    needs = f" The export needs about {needed:,} bytes in all." if needed else ""
    return StagingError(
        f"The staging area {root} is full: {free:,} bytes are free.{needs}",
        "Free space, or set PROMO_REPORTS_STAGING_DIR to a larger disk.",
    )
