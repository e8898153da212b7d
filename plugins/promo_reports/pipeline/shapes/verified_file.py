"""A file of an export that has been written and read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.manifest import ExportFile
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.verification.second_reading import Reading


@dataclass(frozen=True)
class VerifiedFile:
    """Where a file lies, under the name that it is delivered by, and what the second reading found in it."""

    path: Path
    format: FileFormat
    reading: Reading

    @classmethod
    def named_by_content(cls, artifact: Artifact, reading: Reading, directory: Path) -> VerifiedFile:
        """Rename a file by its hash, so that a re-run's publication never overwrites another content."""
        suffix = artifact.format.suffix
        name = f"{artifact.path.name.removesuffix(suffix)}-{reading.sha256[:8]}{suffix}"
        path = artifact.path.rename(directory / name)
        return cls(path, artifact.format, reading)

    @property
    def described(self) -> ExportFile:
        """The file as a manifest names it."""
        parts = self.reading.parts
        return ExportFile(
            name=self.path.name,
            rows=self.reading.rows,
            bytes=self.reading.bytes,
            sha256=self.reading.sha256,
            first=parts[0].first,
            last=parts[-1].last,
            members=parts if self.format.member_suffix is not None else (),
        )
