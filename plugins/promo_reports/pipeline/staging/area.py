"""The interface of the staging area: who writes an attempt, who opens it, and who removes it.

Extract writes the files of an attempt on its own host and seals it: in a directory that all workers share they stay
where they are, to an object store they are uploaded. Deliver, possibly on another host, opens only what its own run has
sealed; each file is verified against the manifest when it is sent. Retention sweeps what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport
from promo_reports.object_stores.stores import store_at
from promo_reports.object_stores.swept import Swept
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging.bucket import StagingBucket
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.pipeline.staging.scratch import Scratch
from promo_reports.settings import Settings


class Attempt(Protocol):
    """One attempt of a run while its files are written."""

    @property
    def directory(self) -> Path:
        """Private directory on this host for the files of the attempt."""

    def explained(self, needed: Callable[[], int | None]) -> AbstractContextManager[None]:
        """Raise OSErrors of writing as `StagingError`; `needed` returns the bytes of the export."""

    def seal(self, deliveries: tuple[StagedDelivery, ...]) -> StagedExport:
        """Stage the files of a verified attempt, where they go, and their manifests, last; now it can be delivered."""


class StagingArea(Protocol):
    """Attempts of runs, each with a place of its own, so that overlapping attempts cannot mix (P6).

    Every method raises `StagingError`, or `StagingRefused` if no retry helps.
    """

    def attempt(self, export: Export) -> AbstractContextManager[Attempt]:
        """Begin an attempt, which is removed if the block fails; earlier attempts of the run are removed first."""

    def open(self, address: object, *, dag_id: str, run_id: str) -> StagedExport:
        """Open what extract of the same run has staged at an address.

        The address comes through XCom, which others can write, too: only an attempt of this DAG and run is opened.
        `HandoverRefused` if it names anything else; `StagingError` if the attempt is missing or damaged.
        """

    def mark_delivered(self, staged: StagedExport, destination: int, destinations: int) -> None:
        """Record that one of so many destinations has the export; the last one removes its files from staging."""

    def discard(self, export: Export) -> None:
        """Remove all attempts of a run, as far as possible."""

    def sweep(self, *, older_than: datetime) -> Swept:
        """Remove attempts in which nothing was written since `older_than` (an aware instant), and nothing else."""


def staging_area(settings: Settings) -> StagingArea:
    """Return the staging area that all workers share: a directory, or a bucket beside this host's scratch directory."""
    if settings.staging_bucket is None:
        return StagingDirectory(settings.staging)
    bucket = settings.staging_area
    scratch = Scratch(settings.scratch, timedelta(minutes=settings.execution_timeout_minutes))
    return StagingBucket(store_at(bucket), bucket.address, scratch)
