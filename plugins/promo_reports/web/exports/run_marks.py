"""What the api-server itself leaves of a run, beside what its tasks leave: who cancelled it.

A fact of ours and no note, which anybody may edit. It lies in the task state store under a task id that no task has:
Airflow's API writes none there, no attempt removes it, and it is deleted with its run.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.queries.airflow_tables import CANCELLED, RUN, state_store
from promo_reports.web.queries.records import ExportRecord


def mark_cancelled(session: Session, record: ExportRecord, *, by: str, at: datetime) -> None:
    """Leave who cancelled the attempt of a run, after Airflow has ended it; `at` in the account's timezone."""
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
