"""What the tasks of an export left behind: Airflow's task state store and its task instances.

A value of the state store is JSON in a text column, and Airflow's API lets others write it, too: what is not what our
tasks write there counts as a key that is not there (`left`). It expires after
`[state_store] default_retention_days`, unless the task set another retention. Where values are kept elsewhere
(`[workers] state_store_backend`), the table has only a reference to them, which reads as a key that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.lists.left import checked
from promo_reports.web.lists.records import TaskFacts, TaskRecord
from promo_reports.web.lists.tables import CANCELLED, DELIVER, EXTRACT, RUN, Column, pool, run, state_store, task

KEYS_OF_A_ROW = ("delivered", "facts", "failure", "progress", CANCELLED)
"""The small keys; the manifest is only read for an export's own page."""
NOTHING = TaskFacts({}, {})


def facts_of_rows(session: Session, export_ids: Collection[int]) -> dict[int, TaskFacts]:
    """The small facts of some exports, by `dag_run.id`."""
    return _facts(session, state_store.c.dag_run_id.in_(sorted(export_ids)), state_store.c.key.in_(KEYS_OF_A_ROW))


def facts_of_export(session: Session, export_id: int) -> TaskFacts:
    """All facts of one export, the manifest among them."""
    return _facts(session, state_store.c.dag_run_id == export_id).get(export_id, NOTHING)


def tasks_of_run(session: Session, dag_id: str, run_id: str) -> tuple[TaskRecord, ...]:
    """The tasks of one run as they are in Airflow: extract, then deliver in the order of its destinations."""
    found = _tasks(session, run.c.dag_id == dag_id, run.c.run_id == run_id)
    return next(iter(found.values()), ())


def tasks_of_runs(session: Session, export_ids: Collection[int]) -> dict[int, tuple[TaskRecord, ...]]:
    """The tasks of some runs, as `tasks_of_run`, by `dag_run.id`."""
    return _tasks(session, run.c.id.in_(sorted(export_ids))) if export_ids else {}


def _tasks(session: Session, *where: Column) -> dict[int, tuple[TaskRecord, ...]]:
    names = ("task_id", "map_index", "rendered_map_index", "state", "try_number", "max_tries", "start_date", "end_date")
    columns = (*(task.c[name] for name in names), task.c.pool, task.c.queued_dttm)
    of_run = sa.and_(task.c.dag_id == run.c.dag_id, task.c.run_id == run.c.run_id)
    statement = sa.select(run.c.id, *columns).select_from(run.join(task, of_run)).where(*where)
    rows = session.execute(statement).all()
    full = _full_pools(session, {row.pool for row in rows if row.state == "scheduled"})
    found: dict[int, list[TaskRecord]] = {}
    for row in rows:
        record = TaskRecord(
            task_id=row.task_id,
            map_index=row.map_index,
            title=row.rendered_map_index,
            state=row.state,
            try_number=row.try_number,
            max_tries=row.max_tries,
            started_at=row.start_date,
            ended_at=row.end_date,
            full_pool=row.pool if row.state == "scheduled" and row.pool in full else None,
            queued_at=row.queued_dttm,
        )
        found.setdefault(row.id, []).append(record)
    return {each: tuple(sorted(records, key=_order)) for each, records in found.items()}


def _order(record: TaskRecord) -> tuple[bool, str, int]:
    return record.task_id != EXTRACT, record.task_id, record.map_index


def _full_pools(session: Session, names: Collection[str]) -> set[str]:
    """Those of some pools whose slots are all taken; -1 slots are without limit."""
    if not names:
        return set()
    taken = (
        sa.select(sa.func.coalesce(sa.func.sum(task.c.pool_slots), 0))
        .where(task.c.pool == pool.c.pool, task.c.state.in_(("queued", "running")))
        .scalar_subquery()
    )
    full = sa.select(pool.c.pool).where(pool.c.pool.in_(sorted(names)), pool.c.slots >= 0, taken >= pool.c.slots)
    return set(session.scalars(full))


def _facts(session: Session, *where: Column) -> dict[int, TaskFacts]:
    columns = (state_store.c[name] for name in ("dag_run_id", "task_id", "map_index", "key", "value", "updated_at"))
    found: dict[int, _Left] = {}
    tasks = state_store.c.task_id.in_((EXTRACT, DELIVER, RUN))
    for export_id, task_id, map_index, key, text, at in session.execute(sa.select(*columns).where(tasks, *where)):
        left = found.setdefault(export_id, _Left())
        value = _value(key, text)
        if value is None or (key == CANCELLED) != (task_id == RUN):
            continue
        if task_id == RUN:
            left.cancelled[map_index] = value
            continue
        task_left = left.extract if task_id == EXTRACT else left.deliveries.setdefault(map_index, {})
        task_left[key] = value
        if key == "failure":
            left.failed_at[task_id, map_index] = at
    return {each: left.facts() for each, left in found.items()}


class _Left:
    """What one run's tasks left, while it is read."""

    def __init__(self) -> None:
        self.extract: dict[str, Any] = {}
        self.deliveries: dict[int, dict[str, Any]] = {}
        self.cancelled: dict[int, dict[str, Any]] = {}
        self.failed_at: dict[tuple[str, int], datetime] = {}

    def facts(self) -> TaskFacts:
        """The same, frozen, deliveries in their order."""
        return TaskFacts(self.extract, dict(sorted(self.deliveries.items())), self.cancelled, self.failed_at)


def _value(key: str, text: str) -> Any:
    try:
        return checked(key, json.loads(text))
    except (ValueError, RecursionError):
        return None
