"""The last exports of a report type, by the manifests of a download area that is a directory of this host."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from promo_reports.domain.estimate import PastExport, PastFile
from promo_reports.domain.file_format import format_of
from promo_reports.domain.manifest import MANIFEST_NAME, MOST_MANIFEST_BYTES, Manifest
from promo_reports.domain.report_type import ReportType
from promo_reports.regular_file import read_regular

MOST = 10
_MOST_READ = 200
"""Manifests of all types that are read, the newest first."""


def past_exports(downloads: Path, report_type: ReportType) -> tuple[PastExport, ...]:
    """Return the last exports of a type that had rows; none where the directory cannot be read."""
    found = (_export(each) for each in _manifests(downloads) if each.report_type == report_type.id and each.rows)
    return tuple(each for each, _ in zip(found, range(MOST), strict=False))


def _manifests(downloads: Path) -> Iterator[Manifest]:
    paths = sorted(downloads.glob(f"*/*/{MANIFEST_NAME}"), key=_changed_at, reverse=True)
    for path in paths[:_MOST_READ]:
        try:
            yield Manifest.from_json(read_regular(path, MOST_MANIFEST_BYTES))
        except (OSError, ValueError):  # a sweep has removed it, or it is none of ours
            continue


def _export(manifest: Manifest) -> PastExport:
    size, file_format = sum(file.bytes for file in manifest.files), format_of(manifest.files[0].name)
    files = frozenset({PastFile(file_format, manifest.rows, size)} if file_format is not None else ())
    started, finished = map(datetime.fromisoformat, (manifest.started_at, manifest.finished_at))
    return PastExport(files, (finished - started).total_seconds())


def _changed_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
