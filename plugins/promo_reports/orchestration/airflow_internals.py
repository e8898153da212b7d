"""What the product uses of Airflow's internals, as of 3.3.2: neither its Task SDK nor its REST API has these.

| internal | since | used for |
|---|---|---|
| `airflow.utils.session.create_session` | 2.0 | sessions of the metadata database: bundle, lists, audit log |
| `airflow.configuration.conf` | 2.0 | Airflow's own settings: bundles, parallelism, teams, base URL, health checks |
| `DagRun`, `DagModel`, `DagTag`, `DagRunNote`, `TaskInstance`, `Pool`, `Log`, `Job` | 2.0 | the tables of both lists |
| `DagVersion`, `Backfill` | 3.0 | when a report was registered; the backfill of a run |
| `TaskStateStoreModel` | 3.3 | what the tasks of an export have written for the page |
| `DagModel.get_dag_id_to_team_name_mapping` | 3.2 | the team that authorizes requests about a DAG |
| `airflow.serialization.serialized_objects.DagSerialization` | 3.2 | warming the dag-processor before it forks |

`web/airflow/access.py` has those of the auth manager. What other modules import of Airflow is documented for authors of
DAGs and plugins; `tests/test_layers.py` names it. Imports are inside the functions: parsing a DAG and running a task
load none of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from sqlalchemy.orm import Session


class Models(NamedTuple):
    """The SQLAlchemy models of Airflow's tables, under Airflow's own names."""

    Backfill: Any
    DagModel: Any
    DagRun: Any
    DagRunNote: Any
    DagTag: Any
    DagVersion: Any
    Job: Any
    Log: Any
    Pool: Any
    TaskInstance: Any
    TaskStateStoreModel: Any


def models() -> Models:
    """Return the models of Airflow's tables."""
    from airflow.jobs.job import Job
    from airflow.models.backfill import Backfill
    from airflow.models.dag import DagModel, DagTag
    from airflow.models.dag_version import DagVersion
    from airflow.models.dagrun import DagRun, DagRunNote
    from airflow.models.log import Log
    from airflow.models.pool import Pool
    from airflow.models.task_state_store import TaskStateStoreModel
    from airflow.models.taskinstance import TaskInstance

    return Models(
        Backfill=Backfill,
        DagModel=DagModel,
        DagRun=DagRun,
        DagRunNote=DagRunNote,
        DagTag=DagTag,
        DagVersion=DagVersion,
        Job=Job,
        Log=Log,
        Pool=Pool,
        TaskInstance=TaskInstance,
        TaskStateStoreModel=TaskStateStoreModel,
    )


@contextmanager
def metadata_session() -> Iterator[Session]:
    """Yield a session of the metadata database, committed at the end; Airflow's default session belongs to a thread."""
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        yield session


def configuration() -> Any:
    """Return Airflow's configuration, with `get`, `getint` and `getboolean` by section and key."""
    from airflow.configuration import conf

    return conf


def team_names(dag_ids: Collection[str]) -> Mapping[str, str | None]:
    """Return the team of each DAG that has one; empty unless `[core] multi_team` is set."""
    if not configuration().getboolean("core", "multi_team", fallback=False):
        return {}
    found: Mapping[str, str | None] = models().DagModel.get_dag_id_to_team_name_mapping(list(dag_ids))
    return found


def serialize(dag: DAG) -> dict[str, Any]:
    """Return a DAG as the dag-processor stores it."""
    from airflow.serialization.serialized_objects import DagSerialization

    serialized: dict[str, Any] = DagSerialization.to_dict(dag)
    return serialized
