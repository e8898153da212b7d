"""What the bundle reads and keeps right in Airflow's metadata database: its DAGs' rows and the pools of exports.

Only the dag-processor asks, at each refresh, and it has the database: a parse and a task import nothing of this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from promo_reports.domain.dag_ids import DAG_PREFIX

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST_SLOTS = 8
"""Slots of a pool that is made here; an administrator may give it another number in Airflow.

Two such pools are what one Celery worker takes by default. What a pool lets through, executors run in the order of its
arrival: only while the slots of all pools are within those of the workers do priorities decide.
"""
DELETED = "delete_dag"
"""The event that Airflow's audit log has where somebody deletes a DAG in its UI or REST API."""


class AirflowMetadata:
    """The metadata database, asked for one bundle."""

    def __init__(self, bundle_name: str) -> None:
        self._bundle_name = bundle_name

    def dag_ids(self) -> frozenset[str]:
        """The DAGs of the bundle that Airflow has, stale ones included."""
        import sqlalchemy as sa
        from airflow.models.dag import DagModel

        with _session() as session:
            of_bundle = sa.select(DagModel.dag_id).where(DagModel.bundle_name == self._bundle_name)
            return frozenset(session.scalars(of_bundle))

    def deletions(self) -> dict[str, datetime]:
        """When each of our DAGs was last asked to be deleted, as far as the audit log reaches back.

        Airflow logs a deletion that it refused, too: whether the DAG is gone is for `dag_ids` to say.
        """
        import sqlalchemy as sa
        from airflow.models.log import Log

        statement = (
            sa.select(Log.dag_id, sa.func.max(Log.dttm))
            .where(Log.event == DELETED, Log.dag_id.startswith(DAG_PREFIX, autoescape=True))
            .group_by(Log.dag_id)
        )
        with _session() as session:
            return {str(dag_id): at for dag_id, at in session.execute(statement) if at is not None}

    def make_pools(self, names: Collection[str]) -> None:
        """Make those of the pools that are not there: the scheduler never queues a task whose pool does not exist.

        A new one has at most half of the executor's slots, so that its tasks leave the other half to other pools.
        """
        import sqlalchemy as sa
        from airflow.configuration import conf
        from airflow.models.pool import Pool
        from sqlalchemy.exc import IntegrityError

        # Where another dag-processor makes it in the same moment, it is made.
        with suppress(IntegrityError), _session() as session:
            present = set(session.scalars(sa.select(Pool.pool).where(Pool.pool.in_(list(names)))))
            slots = min(MOST_SLOTS, max(1, conf.getint("core", "parallelism") // 2))
            session.add_all(
                Pool(pool=name, slots=slots, description="Exports of Promo Reports", include_deferred=False)
                for name in sorted(set(names) - present)
            )


@contextmanager
def _session() -> Iterator[Session]:
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        yield session
