"""The status of an export and of a recurring report, and the states of Airflow's runs that they are read from.

An export has no status of its own in any table: it is the state of its run (decisions, 4), with two facts beside it.
A run that succeeded is Created only if its files were delivered, and a failed run that somebody called off is
Cancelled. `web.queries.airflow_tables.export_status` is the SQL expression of the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ExportStatus(StrEnum):
    """The status of an export."""

    CREATING = "creating"
    CREATED = "created"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The words for it: `Creation Failed`."""
        return _EXPORT_LABELS[self]

    @property
    def is_open(self) -> bool:
        """Whether the export is still being made, so that it can be cancelled."""
        return self is ExportStatus.CREATING

    @property
    def can_retry(self) -> bool:
        """Whether the export has ended without its files, so that it can be made again."""
        return self in (ExportStatus.FAILED, ExportStatus.CANCELLED)

    @property
    def can_download(self) -> bool:
        """Whether the files of its newest attempt are complete at their destinations."""
        return self is ExportStatus.CREATED


class ReportStatus(StrEnum):
    """The status of a recurring report."""

    ACTIVE = "active"
    STOPPED = "stopped"

    @property
    def label(self) -> str:
        """The words for it."""
        return self.value.capitalize()


_EXPORT_LABELS = {
    ExportStatus.CREATING: "Creating",
    ExportStatus.CREATED: "Created",
    ExportStatus.FAILED: "Creation Failed",
    ExportStatus.CANCELLED: "Cancelled",
}

STATUS_OF_RUN_STATE: Mapping[str, ExportStatus] = {
    "queued": ExportStatus.CREATING,
    "running": ExportStatus.CREATING,
    "success": ExportStatus.CREATED,
    "failed": ExportStatus.FAILED,
}
"""The status that each state of an Airflow DAG run stands for, before the facts beside it are considered."""

OPEN_STATES = frozenset(state for state, status in STATUS_OF_RUN_STATE.items() if status.is_open)
"""States of a run that has not ended."""
ENDED_STATES = frozenset(STATUS_OF_RUN_STATE) - OPEN_STATES
"""States of a run that has ended, with or without its files."""


def states_of(status: ExportStatus) -> frozenset[str]:
    """Return the states of a run that stand for a status; a cancelled run is a failed one to Airflow."""
    read_as = ExportStatus.FAILED if status is ExportStatus.CANCELLED else status
    return frozenset(state for state, each in STATUS_OF_RUN_STATE.items() if each is read_as)
