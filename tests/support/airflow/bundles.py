"""The DAG bundle of a project, with a metadata database in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from promo_reports.orchestration.bundle import ReportBundle


class Registered:
    """What Airflow's metadata database has: DAGs, deletions in its audit log, and the pools that were asked for."""

    def __init__(self) -> None:
        self.dags: set[str] = set()
        self.deleted: dict[str, datetime] = {}
        self.pools: set[str] = set()

    def dag_ids(self) -> frozenset[str]:
        return frozenset(self.dags)

    def deletions(self) -> dict[str, datetime]:
        return self.deleted

    def make_pools(self, names: Collection[str]) -> None:
        self.pools |= set(names)


def new_bundle(home: Path, registered: Registered | None = None) -> ReportBundle:
    """The bundle of a project, as a dag-processor that starts has it."""
    made = ReportBundle(name="promo-reports", refresh_interval=5)
    made.base_dir = home / "bundle"
    made.metadata = registered or Registered()  # type: ignore[assignment]
    return made
