"""All report types of a project, read on demand and cached until their files change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from promo_reports.definitions.inputs.fields import SNAKE_CASE
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.report_type import ReportType
from promo_reports.object_stores.directory.file_stamps import stamp_of, unreadable


class ReportTypeFiles(Mapping[str, ReportType]):
    """Report types by id; a lookup reads only its own file, and raises `InvalidInput` if that is invalid."""

    def __init__(self, directory: Path, options: Path) -> None:
        self._directory = directory
        self._options = options
        self._kept: dict[str, tuple[str, ReportType]] = {}

    def __getitem__(self, report_type_id: str) -> ReportType:
        path = self._directory / f"{report_type_id}.yaml"
        try:
            if not SNAKE_CASE.fullmatch(report_type_id):
                raise KeyError(report_type_id)
            stamp = stamp_of(path)
        except OSError as error:
            raise unreadable(path, error) from error
        if not stamp:
            raise KeyError(report_type_id)
        kept = self._kept.get(report_type_id)
        if kept is None or kept[0] != stamp:
            kept = (stamp, load_report_type(path, options=self._options))
            self._kept[report_type_id] = kept
        return kept[1]

    def __iter__(self) -> Iterator[str]:
        try:
            names = sorted(os.listdir(self._directory))  # noqa: PTH208 - names only, in one call
        except OSError as error:
            raise unreadable(self._directory, error) from error
        return (name.removesuffix(".yaml") for name in names if name.endswith(".yaml") and not name.startswith("."))

    def __len__(self) -> int:
        return sum(1 for _ in self)
