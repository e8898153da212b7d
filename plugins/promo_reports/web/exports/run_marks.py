"""Records that the api-server writes for a run: who cancelled it.

They are stored in the task state store under a task id that no task has, not in the run's note, which every user may
edit: Airflow's API cannot write them, no attempt clears them, and they are deleted with the run.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.queries.airflow_tables import CANCELLED, RUN, state_store
from promo_reports.web.queries.records import ExportRecord


def mark_cancelled(session: Session, record: ExportRecord, *, by: str, at: datetime) -> None:
    """Record who cancelled the attempt of a run that Airflow has failed; `at` is in the account's timezone."""
    session.execute(
        sa.delete(state_store).where(
            state_store.c.dag_run_id == record.id,
            state_store.c.task_id == RUN,
            state_store.c.map_index == record.clear_number,
            state_store.c.key == CANCELLED,
        )
    )
    session.execute(
        sa.insert(state_store).values(
            dag_run_id=record.id,
            dag_id=record.dag_id,
            run_id=record.run_id,
            task_id=RUN,
            map_index=record.clear_number,
            key=CANCELLED,
            value=json.dumps({"by": by, "at": at.isoformat()}),
            updated_at=datetime.now(UTC),
        )
    )
