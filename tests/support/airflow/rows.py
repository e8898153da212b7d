"""Rows as Airflow writes them: a DAG with its tags and versions, a run, a note, what a task left."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPORT = "promo_reports.report."
TYPE = "promo_reports.type."
DELIVERED = {"destination": "download", "manifest": "file:///manifest.json", "files": [], "folder": ""}


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


class Rows:
    """Writes into the session of a test."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._insert("dag_bundle", name="promo-reports", active=True)

    def dag(self, dag_id: str, name: str | None = None, *tags: str, owners: str | None = "growth", **more: Any) -> str:
        """A DAG; `made` is when its first version was."""
        made = more.pop("made", NOON)
        values = {
            "dag_id": dag_id,
            "dag_display_name": name,
            "owners": owners,
            "is_paused": False,
            "is_stale": False,
            "bundle_name": "promo-reports",
            "timetable_type": "",
            "timetable_summary": "Daily at 06:00",
            "max_active_tasks": 16,
            "max_active_runs": 1,
            "max_consecutive_failed_dag_runs": 0,
            "has_task_concurrency_limits": False,
            "partition_mapper_info": "[]",
        }
        self._insert("dag", **(values | more))
        for tag in tags:
            self._insert("dag_tag", name=tag, dag_id=dag_id)
        if made is not None:
            self.version(dag_id, 1, made)
        return dag_id

    def report(self, report_id: str, name: str | None = None, *tags: str, **more: Any) -> str:
        """The DAG of a daily report of the wallet, unless other tags are given."""
        given = tags or ("promo_reports", "Loyalty Wallet", "Wallet Transactions", "daily")
        return self.dag(REPORT + report_id, name, *given, **more)

    def type(self, key: str = "wallet_transactions", promotion: str = "Loyalty Wallet", **more: Any) -> str:
        """The on-demand DAG of a report type."""
        tags = ("promo_reports", promotion, "one_time", "on_demand")
        return self.dag(TYPE + key, f"{key} (on demand)", *tags, **({"owners": "promo-reports"} | more))

    def version(self, dag_id: str, number: int, made: datetime) -> None:
        self._insert(
            "dag_version",
            id=str(uuid.uuid4()),
            version_number=number,
            dag_id=dag_id,
            bundle_name="promo-reports",
            created_at=made,
            last_updated=made,
        )

    def run(self, dag_id: str, state: str | None = "success", *, conf: Any = None, **more: Any) -> int:
        """A run; its id. One that succeeded was delivered, unless `delivered` says no."""
        delivered = more.pop("delivered", state == "success")
        values = {
            "dag_id": dag_id,
            "run_id": f"manual__{uuid.uuid4()}",
            "run_type": "manual",
            "state": state,
            "conf": json.dumps(conf or {}),
            "run_after": NOON,
            "created_at": NOON,
            "queued_at": NOON,
            "clear_number": 0,
            "span_status": "not_started",
        }
        run_id = int(self._insert("dag_run", "id", **(values | more)))
        if delivered:
            self.fact(run_id, "deliver", "delivered", DELIVERED, 0)
        return run_id

    def note(self, run_id: int, content: str, updated_at: datetime) -> None:
        self._insert("dag_run_note", dag_run_id=run_id, content=content, created_at=NOON, updated_at=updated_at)

    def fact(self, run_id: int, task_id: str, key: str, value: Any, map_index: int = -1) -> None:
        """What a task left, as the execution API writes it."""
        self._insert(
            "task_state_store",
            dag_run_id=run_id,
            dag_id="unused",
            run_id="unused",
            task_id=task_id,
            map_index=map_index,
            key=key,
            value=json.dumps(value),
            updated_at=NOON,
        )

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, **more: Any) -> None:
        values: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "dag_id": dag_id,
            "run_id": run_id,
            "task_id": task_id,
            "map_index": map_index,
            "pool": "default_pool",
            "pool_slots": 1,
            "try_number": 1,
            "max_tries": 3,
            "span_status": "not_started",
        }
        self._insert("task_instance", **(values | more))

    def _insert(self, table: str, returning: str = "", **values: Any) -> Any:
        names = ", ".join(values)
        binds = ", ".join(f":{name}" for name in values)
        answer = f" RETURNING {returning}" if returning else ""
        result = self.session.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({binds}){answer}"), values)
        return result.scalar_one() if returning else None
