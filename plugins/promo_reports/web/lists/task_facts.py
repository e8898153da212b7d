"""What the tasks of an export left behind: Airflow's task state store and its task instances.

A value of the state store is JSON in a text column, and Airflow's API lets others write it, too: what is not what our
tasks write there counts as a key that is not there (`left`). It expires after
`[state_store] default_retention_days`, unless the task set another retention. Where values are kept elsewhere
(`[workers] state_store_backend`), the table has only a reference to them, which reads as a key that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.lists.left import checked
from promo_reports.web.lists.records import TaskFacts, TaskRecord
from promo_reports.web.lists.tables import DELIVER, EXTRACT, Column, state_store, task

KEYS_OF_A_ROW = ("delivered", "facts", "failure", "progress")
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
    names = ("task_id", "map_index", "rendered_map_index", "state", "try_number", "max_tries", "start_date", "end_date")
    statement = sa.select(*(task.c[name] for name in names)).where(task.c.dag_id == dag_id, task.c.run_id == run_id)
    records = [
        TaskRecord(
            task_id=row.task_id,
            map_index=row.map_index,
            title=row.rendered_map_index,
            state=row.state,
            try_number=row.try_number,
            max_tries=row.max_tries,
            started_at=row.start_date,
            ended_at=row.end_date,
        )
        for row in session.execute(statement)
    ]
    return tuple(sorted(records, key=lambda each: (each.task_id != EXTRACT, each.task_id, each.map_index)))


def _facts(session: Session, *where: Column) -> dict[int, TaskFacts]:
    columns = (state_store.c[name] for name in ("dag_run_id", "task_id", "map_index", "key", "value"))
    extracts: dict[int, dict[str, Any]] = {}
    deliveries: dict[int, dict[int, dict[str, Any]]] = {}
    tasks = state_store.c.task_id.in_((EXTRACT, DELIVER))
    for export_id, task_id, map_index, key, text in session.execute(sa.select(*columns).where(tasks, *where)):
        extract = extracts.setdefault(export_id, {})
        delivery = deliveries.setdefault(export_id, {})
        value = _value(key, text)
        if value is None:
            continue
        target = extract if task_id == EXTRACT else delivery.setdefault(map_index, {})
        target[key] = value
    return {each: TaskFacts(extracts[each], _by_index(deliveries[each].items())) for each in extracts}


def _value(key: str, text: str) -> Any:
    try:
        return checked(key, json.loads(text))
    except (ValueError, RecursionError):
        return None


def _by_index(deliveries: Iterable[tuple[int, dict[str, Any]]]) -> dict[int, dict[str, Any]]:
    return dict(sorted(deliveries))
