"""The staging area in an object store, for workers that share nothing else: `<report id>/<run>/<attempt>/` below it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from promo_reports.domain.layout import is_attempt_name
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.errors import (
    Damaged,
    DestinationRefused,
    DestinationUnavailable,
    PromoReportsError,
    StagingError,
    StagingRefused,
)
from promo_reports.object_stores.port import Busy, LostRace, Objects, ObjectStore
from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport, files_of, staged_file
from promo_reports.object_stores.swept import Swept
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging import sealed
from promo_reports.pipeline.staging.bucket_sweep import remove_attempt, sweep_bucket
from promo_reports.pipeline.staging.directory import AttemptDirectory
from promo_reports.pipeline.staging.disk_errors import explained
from promo_reports.pipeline.staging.scratch import Scratch

log = logging.getLogger(__name__)

_DELIVERED = ".delivered-"


class StagingBucket:
    """Attempts below a root of an object store; what is not verified yet lies on this host's `scratch` disk alone."""

    def __init__(self, store: ObjectStore, address: str, scratch: Scratch) -> None:
        self._store = store
        self._address = address
        self._scratch = scratch

    @contextmanager
    def attempt(self, export: Export) -> Iterator[BucketAttempt]:
        """Give an attempt a directory on the scratch disk, and its name in the bucket.

        Earlier attempts of the run are removed first, which also tells early of a bucket that cannot be used.
        """
        report, run = sealed.place_of(export)
        with self._told():
            self._remove_run(report, run)
        with self._scratch.attempt(report, run) as local:
            yield BucketAttempt(self, (report, run, local.directory.name), local)

    def open(self, address: object, *, dag_id: str, run_id: str) -> StagedObjects:
        """Open an attempt of one run, in this bucket, whatever bucket the address names."""
        names = sealed.attempt_at(address, dag_id, run_id)
        with self._told(), self._store.reading(*names) as objects:

            def read(name: str) -> bytes | None:
                found = objects.get(name) if objects else None
                return found.content if found else None

            found = sealed.opened(self.address_of(names), read, dag_id=dag_id, run_id=run_id)
        if found is None or not found[1]:
            raise sealed.gone(names[-1])
        return StagedObjects(self, names, *found)

    def mark_delivered(self, staged: StagedExport, destination: int, destinations: int) -> None:
        """Record a delivery in an object beside the manifest; the last one removes the staged files.

        If the record cannot be written, the sweep removes the files: a delivery that has succeeded does not fail for
        it.
        """
        manifest = staged.manifest
        names = sealed.attempt_at(staged.address, manifest.dag_id, manifest.run_id)
        with suppress(PromoReportsError), self._store.folder(*names) as objects:
            with suppress(LostRace):
                objects.put(f"{_DELIVERED}{destination}", b"", replacing=None)
            found = {each.name for each in objects.entries() if not each.unfinished}
            if len([name for name in found if name.startswith(_DELIVERED)]) >= destinations:
                objects.delete((file.name, None) for file in files_of(staged))

    def discard(self, export: Export) -> None:
        """Remove the attempts of a run."""
        with suppress(PromoReportsError):
            self._remove_run(*sealed.place_of(export))

    def sweep(self, *, older_than: datetime) -> Swept:
        """Remove old attempts, by the store's own times, with the parts of uploads that were killed."""
        with self._told():
            return sweep_bucket(self._store, older_than)

    def seal(
        self,
        names: tuple[str, str, str],
        directory: Path,
        deliveries: tuple[StagedDelivery, ...],
    ) -> StagedObjects:
        """Upload the files of an attempt, each verified there, then where they go, and the first manifest last.

        If that fails, what was uploaded is removed.
        """
        staged = StagedObjects(self, names, deliveries[0].manifest, deliveries)
        try:
            with self._told(), self._store.folder(*names) as objects:
                for file in files_of(staged):
                    objects.upload(file, directory / file.name)
                for name, content in sealed.contents(deliveries).items():
                    _put(objects, name, content)
        except BaseException:
            self._withdraw(names)
            raise
        return staged

    def send(self, names: tuple[str, str, str], staged: ExportFile, file: ExportFile, target: Objects) -> None:
        """Have the target's store copy a staged file; where it cannot, receive it on the scratch disk and upload it.

        `file` is what it is called at the target. A store copies no object under another name than its own.
        """
        with ExitStack() as stack:
            with self._told():
                objects = stack.enter_context(self._store.folder(*names))
            try:
                copied = staged.name == file.name and target.copy(file, objects)
            except Damaged as damage:
                raise _damaged(damage) from None
            if copied:
                log.info("%s was copied by the object store itself", file.name)
                return
            report, run, _ = names
            path = stack.enter_context(self._scratch.receiving(staged, report, run))
            with self._told(), explained(self._scratch.disk, path.parent, lambda: staged.bytes):
                objects.download(staged, path)
            target.upload(file, path)

    def address_of(self, names: tuple[str, str, str]) -> str:
        """Return the URI of an attempt."""
        return "/".join((self._address, *names))

    def _remove_run(self, report: str, run: str) -> None:
        for attempt in filter(is_attempt_name, self._store.folders(report, run)):
            with suppress(Busy):
                remove_attempt(self._store, report, run, attempt)

    def _withdraw(self, names: tuple[str, str, str]) -> None:
        """Remove what a failed attempt has uploaded; what cannot be removed is left to the sweep."""
        try:
            remove_attempt(self._store, *names)
        except (PromoReportsError, Busy) as error:
            log.warning("Left behind until the next attempt or sweep: %s (%s)", self.address_of(names), error)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise errors of the object store as `StagingError`, or as `StagingRefused` if no retry helps."""
        try:
            yield
        except Damaged as damage:
            raise _damaged(damage) from None
        except DestinationRefused as error:
            raise StagingRefused(f"The staging area {self._address}: {error.reason}", error.fix) from None
        except DestinationUnavailable as error:
            raise StagingError(f"The staging area {self._address}: {error.reason}", error.fix) from None


@dataclass(frozen=True)
class StagedObjects:
    """A verified export whose files are objects of a bucket."""

    area: StagingBucket
    names: tuple[str, str, str]
    manifest: Manifest
    deliveries: tuple[StagedDelivery, ...]

    @property
    def address(self) -> str:
        """Return the URI; only its end says which attempt it is."""
        return self.area.address_of(self.names)

    def at(self, index: int) -> StagedObjects:
        """Return it with the manifest of a destination."""
        return replace(self, manifest=self.deliveries[index].manifest)

    def send(self, file: ExportFile, target: Objects) -> None:
        """Copy within the object store, or through the scratch disk."""
        self.area.send(self.names, staged_file(self.manifest, file), file, target)


@dataclass(frozen=True)
class BucketAttempt:
    """One attempt: its files are written to the scratch disk, and uploaded once they are verified."""

    area: StagingBucket
    names: tuple[str, str, str]
    local: AttemptDirectory

    @property
    def directory(self) -> Path:
        """The directory on the scratch disk."""
        return self.local.directory

    def explained(self, needed: Callable[[], int | None]) -> AbstractContextManager[None]:
        """Raise OSErrors of the scratch disk as `StagingError`."""
        return self.local.explained(needed)

    def seal(self, deliveries: tuple[StagedDelivery, ...]) -> StagedObjects:
        """Upload all of it."""
        return self.area.seal(self.names, self.directory, deliveries)


def _put(objects: Objects, name: str, content: bytes) -> None:
    """Put a small object where there is none, or the same one, by a request whose reply was lost."""
    try:
        objects.put(name, content, replacing=None)
    except LostRace:
        found = objects.get(name)
        if found is None or found.content != content:
            raise StagingError(f"{objects.address(name)} is being replaced by others.", sealed.STAGE_AGAIN) from None


def _damaged(damage: Damaged) -> StagingError:
    return StagingError(f"The staged file is not what was verified: {damage.reason}", sealed.STAGE_AGAIN)
