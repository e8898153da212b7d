"""Access to Airflow's metadata database for the bundle: registered DAGs, deletions in the audit log, pools of exports.

Used by the dag-processor at each refresh, and by `promo-reports doctor`; parses and tasks do not import it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from promo_reports.domain.dag_ids import DAG_PREFIX
from promo_reports.orchestration.airflow_internals import configuration, metadata_session, models

MOST_SLOTS = 8
"""Slots of a pool that is made here; an administrator may give it another number in Airflow.

Two such pools fill one Celery worker with its default concurrency. Executors run queued tasks in order of arrival, so
priorities take effect only while the slots of all pools together do not exceed those of the workers.
"""
DELETED = "delete_dag"
"""Event in Airflow's audit log for a DAG deleted in its UI or REST API."""


class AirflowMetadata:
    """Queries and changes of the metadata database for one bundle."""

    def __init__(self, bundle_name: str) -> None:
        self._bundle_name = bundle_name

    def dag_ids(self) -> frozenset[str]:
        """Return the ids of the bundle's DAGs in Airflow, including stale ones."""
        import sqlalchemy as sa

        DagModel = models().DagModel  # noqa: N806 - Airflow's name
        with metadata_session() as session:
            of_bundle = sa.select(DagModel.dag_id).where(DagModel.bundle_name == self._bundle_name)
            return frozenset(session.scalars(of_bundle))

    def deletions(self) -> dict[str, datetime]:
        """Return the time of the last deletion request for each DAG of the product, as far back as the audit log goes.

        Airflow logs refused requests too: check `dag_ids` for whether the DAG is gone.
        """
        import sqlalchemy as sa

        Log = models().Log  # noqa: N806
        statement = (
            sa.select(Log.dag_id, sa.func.max(Log.dttm))
            .where(Log.event == DELETED, Log.dag_id.startswith(DAG_PREFIX, autoescape=True))
            .group_by(Log.dag_id)
        )
        with metadata_session() as session:
            return {str(dag_id): at for dag_id, at in session.execute(statement) if at is not None}

    def make_pools(self, names: Collection[str]) -> None:
        """Create the missing ones of these pools: the scheduler never queues a task whose pool does not exist.

        A new pool gets at most half of the executor's slots, which leaves the rest to other pools.
        """
        import sqlalchemy as sa
        from sqlalchemy.exc import IntegrityError

        Pool = models().Pool  # noqa: N806
        # Another dag-processor may create it at the same time.
        with suppress(IntegrityError), metadata_session() as session:
            present = set(session.scalars(sa.select(Pool.pool).where(Pool.pool.in_(list(names)))))
            slots = min(MOST_SLOTS, max(1, configuration().getint("core", "parallelism") // 2))
            session.add_all(
                Pool(pool=name, slots=slots, description="Exports of Promo Reports", include_deferred=False)
                for name in sorted(set(names) - present)
            )


def slots_of_pools(names: Collection[str]) -> dict[str, int]:
    """Return the slots of those of these pools that there are."""
    import sqlalchemy as sa

    Pool = models().Pool  # noqa: N806
    with metadata_session() as session:
        found = session.execute(sa.select(Pool.pool, Pool.slots).where(Pool.pool.in_(list(names))))
        return {str(name): int(slots) for name, slots in found}
