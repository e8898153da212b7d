"""The interface of a verified export on its way from extract to deliver, wherever it is staged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from promo_reports.domain.delivery import Destination
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.object_stores.port import Objects


@dataclass(frozen=True)
class StagedDelivery:
    """One destination of a staged export, and the manifest of the files that it gets."""

    destination: Destination
    manifest: Manifest


class StagedExport(Protocol):
    """A verified export in the staging area, as one of its destinations gets it: the files of its manifest.

    Where they are delivered they may have other names: `staged_file` tells which is which.
    """

    @property
    def manifest(self) -> Manifest:
        """What was verified, and is delivered: of the first destination, unless it is `at` another."""

    @property
    def deliveries(self) -> tuple[StagedDelivery, ...]:
        """Those that it was made for, in their order; none where an earlier release staged it."""

    def at(self, index: int) -> StagedExport:
        """Return it as the destination with this index gets it."""

    @property
    def address(self) -> str:
        """Where it is staged: what deliver is handed, and opens it by."""

    def send(self, file: ExportFile, target: Objects) -> None:
        """Put one of its files into a folder of objects under the name of `file`, verified; what has it is replaced.

        StagingError if the staged file is missing or is not what was verified. Errors of the target are raised as its
        own.
        """


def files_of(staged: StagedExport) -> list[ExportFile]:
    """Return the files of all destinations, each once."""
    manifests = [staged.manifest, *(each.manifest for each in staged.deliveries)]
    return list(dict.fromkeys(file for manifest in manifests for file in manifest.files))


def staged_file(manifest: Manifest, file: ExportFile) -> ExportFile:
    """Return the file of a staged manifest that is delivered as `file`: the one with its content."""
    if file in manifest.files:
        return file
    return next((each for each in manifest.files if each.sha256 == file.sha256), file)
