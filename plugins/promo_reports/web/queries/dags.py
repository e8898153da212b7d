"""Queries of Airflow's DAGs: their rows and tags, deletions, and the dag-processor's heartbeat."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.orchestration.airflow_internals import configuration
from promo_reports.orchestration.airflow_metadata import DELETED
from promo_reports.web.queries.airflow_tables import among_dags, dag, job, log, of_report, of_type, tag
from promo_reports.web.queries.records import DagRecord, Deletion

DAG_COLUMNS = (
    dag.c.dag_id.label("known_dag_id"),
    *(dag.c[name] for name in ("dag_display_name", "owners", "is_paused", "is_stale")),
    *(dag.c[name] for name in ("has_import_errors", "max_active_runs")),
)
"""What `dag_record` reads from a row."""


def our_dag_ids(session: Session) -> frozenset[str]:
    """Return the ids of the product's DAGs in Airflow, including stale ones."""
    return frozenset(
        session.scalars(sa.select(dag.c.dag_id).where(sa.or_(of_report(dag.c.dag_id), of_type(dag.c.dag_id))))
    )


def known_dag_ids(session: Session, dag_ids: Collection[str]) -> frozenset[str]:
    """Return those of these DAGs that Airflow has, including stale ones."""
    return frozenset(session.scalars(sa.select(dag.c.dag_id).where(among_dags(dag.c.dag_id, dag_ids, session))))


def deletions_of(session: Session, dag_ids: Collection[str]) -> dict[str, Deletion]:
    """Return who deleted each of some DAGs and when, as far back as Airflow's audit log goes."""
    if not dag_ids:
        return {}
    statement = (
        sa.select(log.c.dag_id, log.c.dttm, log.c.owner)
        .where(log.c.event == DELETED, among_dags(log.c.dag_id, dag_ids, session), log.c.dttm.is_not(None))
        .order_by(log.c.dttm)
    )
    return {dag_id: Deletion(at, by or "") for dag_id, at, by in session.execute(statement)}


def dag_processor_reports(session: Session, now: datetime) -> bool:
    """Return whether a dag-processor has a recent heartbeat; without one no new or changed definition is registered."""
    silent = timedelta(seconds=configuration().getint("dag_processor", "health_check_threshold"))
    statement = sa.select(sa.func.max(job.c.latest_heartbeat)).where(
        job.c.job_type == "DagProcessorJob", job.c.state == "running"
    )
    last = session.execute(statement).scalar_one()
    return last is not None and now - last < silent


def tags_of(session: Session, dag_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the tags of some DAGs, sorted; a DAG without any is left out."""
    statement = sa.select(tag.c.dag_id, tag.c.name).where(tag.c.dag_id.in_(sorted(dag_ids)))
    found: dict[str, list[str]] = {}
    for dag_id, name in session.execute(statement):
        found.setdefault(dag_id, []).append(name)
    return {dag_id: tuple(sorted(names)) for dag_id, names in found.items()}


def dag_record(row: Any, tags: tuple[str, ...]) -> DagRecord | None:
    """Return the DAG in a row with `DAG_COLUMNS`; None where it has none."""
    if row.known_dag_id is None:
        return None
    return DagRecord(
        display_name=row.dag_display_name or row.known_dag_id,
        owners=row.owners or "",
        is_paused=bool(row.is_paused),
        is_stale=bool(row.is_stale),
        has_import_errors=bool(row.has_import_errors),
        max_active_runs=row.max_active_runs,
        tags=tags,
    )
