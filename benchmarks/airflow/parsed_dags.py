"""What Airflow's metadata database says of the DAGs that were parsed, and waiting until it says something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promo_reports.domain.dag_ids import REPORT_PREFIX, report_dag_id

if TYPE_CHECKING:
    from psycopg2.extensions import connection

PATIENCE = 1800.0
"""Seconds until a benchmark gives up on what it waits for."""


class ParsedDags:
    """Asks over one connection, that sees each commit at once."""

    def __init__(self, database: connection) -> None:
        self._database = database
        database.autocommit = True

    def count(self) -> int:
        """The reports' DAGs that Airflow knows and does not call stale."""
        return int(self._one("SELECT count(*) FROM dag WHERE NOT is_stale AND dag_id LIKE %s", f"{REPORT_PREFIX}%"))

    def is_scheduled(self, report_id: str) -> bool:
        """Whether the scheduler would run it once it is due."""
        return bool(
            self._one(
                "SELECT count(*) FROM dag WHERE dag_id = %s AND NOT is_stale AND next_dagrun_create_after IS NOT NULL",
                report_dag_id(report_id),
            )
        )

    def is_named(self, report_id: str, name: str) -> bool:
        """Whether it was parsed since it got this name."""
        named = "SELECT count(*) FROM dag WHERE dag_id = %s AND dag_display_name = %s"
        return bool(self._one(named, report_dag_id(report_id), name))

    def is_stale(self, report_id: str) -> bool:
        """Whether Airflow has noticed that it is gone."""
        return bool(self._one("SELECT count(*) FROM dag WHERE dag_id = %s AND is_stale", report_dag_id(report_id)))

    def runs(self, prefix: str, *states: str) -> int:
        """The runs in these states of reports whose id begins so."""
        counted = "SELECT count(*) FROM dag_run WHERE dag_id LIKE %s AND state = ANY(%s)"
        return int(self._one(counted, f"{REPORT_PREFIX}{prefix}%", list(states)))

    def scheduled_tasks(self, prefix: str) -> int:
        """The extracts of these reports that wait for a slot, or have had one."""
        counted = (
            "SELECT count(*) FROM task_instance WHERE dag_id LIKE %s AND task_id = 'extract' AND state IS NOT NULL"
        )
        return int(self._one(counted, f"{REPORT_PREFIX}{prefix}%"))

    def _one(self, sql: str, *parameters: object) -> Any:
        with self._database.cursor() as cursor:
            cursor.execute(sql, parameters)
            row = cursor.fetchone()
        return row[0] if row else None


def seconds_until(happened: Callable[[], bool], *, every: float = 0.05) -> float:
    """Wait until something is true, and say how long that took; TimeoutError where it does not become so."""
    begun = time.perf_counter()
    while not happened():
        if time.perf_counter() - begun > PATIENCE:
            raise TimeoutError(f"it has not happened in {PATIENCE:.0f} s")
        time.sleep(every)
    return time.perf_counter() - begun
