"""Read what the tasks of an export stored in Airflow's task state store, and the states of its task instances.

A value of the state store is JSON in a text column, and Airflow's API lets others write it, too: what is not what our
tasks write there counts as a key that is not there (`task_state_schema`). It expires after
`[state_store] default_retention_days`, unless the task set another retention. Where values are kept elsewhere
(`[workers] state_store_backend`), the table has only a reference to them, which reads as a key that is not there.

It stays when a run is cleared, until its task starts again. So `delivered` counts only where the delivery has succeeded
in this attempt: its task instance is a success now, and has delivered the file that extract has made now. A task
instance that `airflow db clean` has removed was a success: it keeps the last run of a DAG without them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.queries.airflow_tables import (
    CANCELLED,
    DELIVER,
    EXTRACT,
    RUN,
    Column,
    pool,
    run,
    state_store,
    task,
)
from promo_reports.web.queries.records import TaskFacts, TaskRecord
from promo_reports.web.queries.task_state_schema import checked

KEYS_OF_A_ROW = ("delivered", "facts", "failure", "progress", CANCELLED)
"""The small keys; the manifest is only read for an export's own page."""
NOTHING = TaskFacts({}, {})


def facts_of_rows(session: Session, export_ids: Collection[int]) -> dict[int, TaskFacts]:
    """Return the small facts of some exports, by `dag_run.id`."""
    return _facts(session, state_store.c.dag_run_id.in_(sorted(export_ids)), state_store.c.key.in_(KEYS_OF_A_ROW))


def facts_of_export(session: Session, export_id: int) -> TaskFacts:
    """Return all facts of one export, the manifest among them."""
    return _facts(session, state_store.c.dag_run_id == export_id).get(export_id, NOTHING)


def tasks_of_run(session: Session, dag_id: str, run_id: str) -> tuple[TaskRecord, ...]:
    """Return the tasks of one run as they are in Airflow: extract, then deliver in the order of its destinations."""
    found = _tasks(session, run.c.dag_id == dag_id, run.c.run_id == run_id)
    return next(iter(found.values()), ())


def tasks_of_runs(session: Session, export_ids: Collection[int]) -> dict[int, tuple[TaskRecord, ...]]:
    """Return the tasks of some runs, as `tasks_of_run`, by `dag_run.id`."""
    return _tasks(session, run.c.id.in_(sorted(export_ids))) if export_ids else {}


def _tasks(session: Session, *where: Column) -> dict[int, tuple[TaskRecord, ...]]:
    names = ("task_id", "map_index", "rendered_map_index", "state", "try_number", "max_tries", "start_date", "end_date")
    columns = (*(task.c[name] for name in names), task.c.pool, task.c.queued_dttm)
    of_run = sa.and_(task.c.dag_id == run.c.dag_id, task.c.run_id == run.c.run_id)
    statement = sa.select(run.c.id, *columns).select_from(run.join(task, of_run)).where(*where)
    rows = session.execute(statement).all()
    full, missing = _unusable_pools(session, {row.pool for row in rows if row.state == "scheduled"})
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
            missing_pool=row.pool if row.state == "scheduled" and row.pool in missing else None,
            queued_at=row.queued_dttm,
        )
        found.setdefault(row.id, []).append(record)
    return {each: tuple(sorted(records, key=_order)) for each, records in found.items()}


def _order(record: TaskRecord) -> tuple[bool, str, int]:
    return record.task_id != EXTRACT, record.task_id, record.map_index


def _unusable_pools(session: Session, names: Collection[str]) -> tuple[set[str], set[str]]:
    """Return those of some pools whose slots are all taken (-1 is without limit), and those that do not exist."""
    if not names:
        return set(), set()
    taken = (
        sa.select(sa.func.coalesce(sa.func.sum(task.c.pool_slots), 0))
        .where(task.c.pool == pool.c.pool, task.c.state.in_(("queued", "running")))
        .scalar_subquery()
    )
    is_full = sa.and_(pool.c.slots >= 0, taken >= pool.c.slots)
    found = session.execute(
        sa.select(pool.c.pool, is_full.label("is_full")).where(pool.c.pool.in_(sorted(names)))
    ).all()
    return {each.pool for each in found if each.is_full}, set(names) - {each.pool for each in found}


def _facts(session: Session, *where: Column) -> dict[int, TaskFacts]:
    names = ("dag_run_id", "task_id", "map_index", "key", "value", "updated_at")
    of_key = [task.c[name] == state_store.c[name] for name in ("task_id", "map_index")]
    of_task = sa.and_(task.c.dag_id == run.c.dag_id, task.c.run_id == run.c.run_id, *of_key)
    statement = (
        sa.select(*(state_store.c[name] for name in names), task.c.id.label("task_uuid"), task.c.state)
        .select_from(state_store.join(run, run.c.id == state_store.c.dag_run_id).outerjoin(task, of_task))
        .where(state_store.c.task_id.in_((EXTRACT, DELIVER, RUN)), *where)
    )
    found: dict[int, _Left] = {}
    for row in session.execute(statement):
        left = found.setdefault(row.dag_run_id, _Left())
        value = _value(row.key, row.value)
        if value is not None and (row.key == CANCELLED) == (row.task_id == RUN):
            left.add(row, value)
    return {each: left.facts() for each, left in found.items()}


class _Left:
    """What one run's tasks left, while it is read."""

    def __init__(self) -> None:
        self.extract: dict[str, Any] = {}
        self.deliveries: dict[int, dict[str, Any]] = {}
        self.unfinished: set[int] = set()
        self.cancelled: dict[int, dict[str, Any]] = {}
        self.left_at: dict[tuple[str, int, str], datetime] = {}

    def add(self, row: Any, value: Any) -> None:
        """Take in a key, with the state of its task."""
        if row.task_id == RUN:
            self.cancelled[row.map_index] = value
            return
        task_left = self.extract if row.task_id == EXTRACT else self.deliveries.setdefault(row.map_index, {})
        task_left[row.key] = value
        self.left_at[row.task_id, row.map_index, row.key] = row.updated_at
        if row.task_id == DELIVER and row.task_uuid is not None and row.state != "success":
            self.unfinished.add(row.map_index)

    def facts(self) -> TaskFacts:
        """Return the same, frozen, deliveries in their order, and without what an earlier attempt has delivered."""
        facts = self.extract.get("facts") or {}
        made, delivers = (facts.get("file") or {}).get("sha256"), facts.get("delivers") or ()
        outdated = {
            index
            for index, left in self.deliveries.items()
            for of in (delivers[index] if index < len(delivers) else made,)
            if "delivered" in left and (index in self.unfinished or _differ(of, left["delivered"].get("sha256")))
        }
        delivered = {index: left["delivered"] for index, left in self.deliveries.items() if "delivered" in left}
        for index in outdated:
            del self.deliveries[index]["delivered"]
        deliveries = dict(sorted(self.deliveries.items()))
        return TaskFacts(self.extract, deliveries, self.cancelled, frozenset(outdated), delivered, self.left_at)


def _value(key: str, text: str) -> Any:
    try:
        return checked(key, json.loads(text))
    except (ValueError, RecursionError):
        return None


def _differ(made: str | None, sent: str | None) -> bool:
    """Return whether two files are known to differ: earlier releases left no hash of them."""
    return bool(made and sent and made != sent)
