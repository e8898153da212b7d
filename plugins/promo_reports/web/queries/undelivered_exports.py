"""Exports that failed although Airflow calls their run a success: a delivery was marked, or not cleared for a retry.

The facts and the tasks of a run decide, which cannot be read for 100,000 exports at one time. So the database finds the
few runs whose deliveries and facts do not go together, and `is_undelivered` decides about these.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.domain.export_status import ENDED_STATES, ExportStatus
from promo_reports.web.queries import airflow_tables as tables
from promo_reports.web.queries.airflow_tables import DELIVER, Column, run, state_store, task
from promo_reports.web.queries.records import TaskFacts, TaskRecord
from promo_reports.web.queries.task_facts import NOTHING, facts_of_rows, tasks_of_runs


def is_undelivered(facts: TaskFacts, tasks: Collection[TaskRecord]) -> bool:
    """Return whether only earlier attempts of a run have delivered, or one of its deliveries has left nothing."""
    mapped = [each for each in tasks if each.task_id == DELIVER and each.map_index >= 0 and each.state != "removed"]
    missing = any(not facts.deliveries.get(each.map_index, {}).get("delivered") for each in mapped)
    return bool((facts.outdated and not facts.delivered) or (facts.delivered and missing))


def undelivered(session: Session, *where: Column) -> frozenset[int]:
    """Return those of the exports that meet some conditions which `tables.export_status` calls Created and are not."""
    created = tables.export_status == ExportStatus.CREATED.value
    found = sa.select(run.c.id).select_from(tables.exports).where(*where, is_doubtful(), created)
    return undelivered_among(session, session.scalars(found).all())


def undelivered_among(session: Session, doubtful: Collection[int]) -> frozenset[int]:
    """Return those of some doubtful exports that have failed."""
    if not doubtful:
        return frozenset()
    facts, tasks = facts_of_rows(session, doubtful), tasks_of_runs(session, doubtful)
    return frozenset(each for each in doubtful if is_undelivered(facts.get(each, NOTHING), tasks.get(each, ())))


def is_doubtful(runs: sa.Select[Any] | None = None) -> Column:
    """The condition that a run's deliveries and what they left do not go together; `runs` are the ids it is asked of.

    A delivery is no success and has left something, is one and has left nothing, or left it before the run was queued
    for the last time.
    """
    of, left = run.alias(), state_store.alias()
    of_run = left.c.dag_run_id == of.c.id, left.c.task_id == DELIVER, left.c.key == "delivered"
    tasks = of.join(task, sa.and_(task.c.dag_id == of.c.dag_id, task.c.run_id == of.c.run_id))
    tasks = tasks.outerjoin(left, sa.and_(*of_run, left.c.map_index == task.c.map_index))
    unlike = sa.or_(
        sa.and_(left.c.key.is_not(None), task.c.state.is_distinct_from("success")),
        sa.and_(left.c.key.is_(None), task.c.state.is_distinct_from("removed"), task.c.map_index >= 0),
    )
    ended = [of.c.state.in_(sorted(ENDED_STATES))] + ([of.c.id.in_(runs)] if runs is not None else [])
    by_task = sa.select(of.c.id).select_from(tasks).where(task.c.task_id == DELIVER, unlike, *ended)
    before = sa.select(of.c.id).select_from(of.join(left, sa.and_(*of_run))).where(left.c.updated_at < of.c.queued_at)
    return run.c.id.in_(sa.union_all(by_task, before.where(*ended)))


def status_but(failed: Collection[int]) -> Column:
    """Return the status of exports, of which some are known to have failed."""
    if not failed:
        return tables.export_status
    return sa.case((run.c.id.in_(sorted(failed)), ExportStatus.FAILED.value), else_=tables.export_status)
