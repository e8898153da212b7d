"""The delivery of an earlier attempt of an export that is still at its destination after later attempts failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.domain.manifest import Manifest
from promo_reports.web.queries.airflow_tables import DELIVER, EXTRACT
from promo_reports.web.queries.records import ExportRecord, TaskFacts


@dataclass(frozen=True)
class EarlierExport:
    """The figures of an earlier attempt's export and the `delivered` task state of one map index."""

    figures: Mapping[str, Any]
    delivered: Mapping[str, Any]
    map_index: int
    at: datetime

    @property
    def is_downloadable(self) -> bool:
        """Whether its file was delivered to the download area."""
        return bool(self.delivered["destination"] == DOWNLOAD)


def earlier_export(record: ExportRecord) -> EarlierExport | None:
    """Return that of the download area if there is one, else of the first destination; None for a Created export.

    A delivery of the newest attempt counts too if it replaced an earlier export and another delivery failed.
    """
    if record.status.can_download:
        return None
    found = list(_deliveries(record))
    return next((each for each in found if each.is_downloadable), next(iter(found), None))


def earlier_manifest(earlier: EarlierExport, facts: TaskFacts) -> Manifest | None:
    """Return its manifest; where an earlier release stored none, extract's if it names the file."""
    manifest = manifest_in(facts.deliveries.get(earlier.map_index, {}).get("manifest") or facts.extract.get("manifest"))
    file = (earlier.figures.get("file") or {}).get("name")
    return manifest if manifest and manifest.files and manifest.files[0].name == file else None


def manifest_in(left: object) -> Manifest | None:
    """Return the manifest stored in a task's state; None if it is not one."""
    try:
        return Manifest.from_values(left)
    except ValueError:
        return None


def _deliveries(record: ExportRecord) -> Iterator[EarlierExport]:
    states = {each.map_index: each.state for each in record.tasks if each.task_id == DELIVER}
    for index, delivered in record.facts.last_delivered.items():
        at = record.facts.left_at.get((DELIVER, index, "delivered"))
        figures = None if at is None else delivered.get("facts") or _extracted_before(record, at)
        if at is None or not figures:
            continue
        cleared = record.queued_at is not None and at < record.queued_at and states.get(index) != "success"
        if cleared or delivered.get("again"):
            yield EarlierExport(figures, delivered, index, at)


def _extracted_before(record: ExportRecord, delivered_at: datetime) -> Mapping[str, Any] | None:
    """Return extract's figures for a delivery that stored none of its own, unless extract has started since."""
    at = record.facts.left_at.get((EXTRACT, -1, "facts"))
    return record.facts.extract.get("facts") if at is not None and at < delivered_at else None
