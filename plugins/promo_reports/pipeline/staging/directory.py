"""The staging area in a directory that all workers share: `<report id>/<run>/<attempt>` for each attempt."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from promo_reports.domain.layout import new_attempt_name
from promo_reports.domain.manifest import MANIFEST_NAME, MOST_MANIFEST_BYTES, ExportFile, Manifest
from promo_reports.errors import StagingError
from promo_reports.file_modes import ensure_directory, share
from promo_reports.object_stores.port import Objects
from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport, files_of, staged_file
from promo_reports.object_stores.swept import Swept
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging import sealed
from promo_reports.pipeline.staging.directory_sweep import sweep_directory
from promo_reports.pipeline.staging.disk_errors import Disk, explained
from promo_reports.regular_file import read_regular


@dataclass(frozen=True)
class StagedDirectory:
    """A verified export whose files lie in a directory that this host sees."""

    directory: Path
    manifest: Manifest
    deliveries: tuple[StagedDelivery, ...] = ()

    @property
    def address(self) -> str:
        """Return the path; only its end says which attempt it is, as hosts may see the area at different places."""
        return str(self.directory)

    def at(self, index: int) -> StagedDirectory:
        """Return it with the manifest of a destination."""
        return replace(self, manifest=self.deliveries[index].manifest) if self.deliveries else self

    def send(self, file: ExportFile, target: Objects) -> None:
        """Upload a file from its place."""
        target.upload(file, self.directory / staged_file(self.manifest, file).name)


class StagingDirectory:
    """Attempts below a root; directories are 0700, or 2770 where the root is shared (`file_modes`)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def attempt(self, export: Export) -> AbstractContextManager[AttemptDirectory]:
        """Make a private directory for one attempt, and remove it again if the attempt fails.

        Earlier attempts of the run are removed first, as one that was killed could not do it itself.
        """
        return new_attempt(Disk(self.root), *sealed.place_of(export))

    def open(self, address: object, *, dag_id: str, run_id: str) -> StagedDirectory:
        """Open an attempt of one run; its address may be that of another host's root."""
        directory = self.root.joinpath(*sealed.attempt_at(address, dag_id, run_id))

        def read(name: str) -> bytes | None:
            try:
                return read_regular(directory / name, MOST_MANIFEST_BYTES)
            except FileNotFoundError:
                return None

        try:
            found = sealed.opened(str(directory), read, dag_id=dag_id, run_id=run_id)
        except OSError as error:
            raise StagingError(f"The staged export {directory}: {error.strerror}.", sealed.STAGE_AGAIN) from None
        if found is None:
            raise sealed.gone(directory.name)
        return StagedDirectory(directory, *found)

    def mark_delivered(self, staged: StagedExport, destination: int, destinations: int) -> None:
        """Record a delivery in a file beside the manifest; the last one removes the staged files.

        The manifest stays until the area is swept, so that delivering again finds that there is nothing to do. If the
        record cannot be written, the sweep removes the files: a delivery that has succeeded does not fail for it.
        """
        directory = Path(staged.address)
        with suppress(OSError):
            (directory / f".delivered-{destination}").touch()
            if len(list(directory.glob(".delivered-*"))) >= destinations:
                for file in files_of(staged):
                    (directory / file.name).unlink(missing_ok=True)

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
        return self.root.joinpath(*sealed.place_of(export))


@dataclass(frozen=True)
class AttemptDirectory:
    """The directory of one attempt, in which its files are written and stay."""

    disk: Disk
    directory: Path

    def explained(self, needed: Callable[[], int | None]) -> AbstractContextManager[None]:
        """Raise OSErrors of writing as `StagingError`; a full disk is reported as it is without this attempt."""
        return explained(self.disk, self.directory, needed)

    def seal(self, deliveries: tuple[StagedDelivery, ...]) -> StagedDirectory:
        """Write destinations and manifests, the first of which is synced and renamed into its place, last."""
        *beside, (_, manifest) = sealed.contents(deliveries).items()
        for name, content in beside:
            (self.directory / name).write_bytes(content)
        temporary = self.directory / f".{MANIFEST_NAME}"
        with temporary.open("wb") as file:
            file.write(manifest)
            file.flush()
            os.fsync(file.fileno())
        for written in self.directory.iterdir():
            share(written, self.directory)
        temporary.replace(self.directory / MANIFEST_NAME)
        return StagedDirectory(self.directory, deliveries[0].manifest, deliveries)


@contextmanager
def new_attempt(disk: Disk, report: str, run: str) -> Iterator[AttemptDirectory]:
    """Make the directory of an attempt of a run in the place of earlier ones; it is removed if the block fails."""
    directory = attempt_path(disk, report, run)
    with explained(disk):
        try:
            if directory.parent.exists():
                shutil.rmtree(directory.parent)
            make_attempt(disk, directory)
            yield AttemptDirectory(disk, directory)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise


def attempt_path(disk: Disk, report: str, run: str) -> Path:
    """Return the path of a new attempt of a run, `<report id>/<run>/<attempt>` below the disk's root."""
    return disk.root / report / run / new_attempt_name()


def make_attempt(disk: Disk, directory: Path) -> None:
    """Make the directory of an attempt, with the root and what is between them."""
    for each in (disk.root, directory.parent.parent, directory.parent, directory):
        ensure_directory(each)
