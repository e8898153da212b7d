"""Airflow's application for these tests, with a database that has the DAGs of a report and a report type."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.postgres import PostgresServer
from promo_reports.object_stores.directory.locked import mark
from promo_reports.orchestration import project
from tests.support.project import new_project
from tests.support.web.airflow_app import DAILY, AirflowApp, register_dags


@pytest.fixture
def app(airflow_app: AirflowApp) -> Iterator[AirflowApp]:
    """Airflow's application without a run, and afterwards with those of the test deleted."""
    yield airflow_app
    for table in ("backfill_dag_run", "task_instance", "dag_run", "backfill"):
        airflow_app.execute(f"DELETE FROM {table}")


# Of one module: a directory that is no package keeps its fixtures, and their environment, until the session ends.
@pytest.fixture(scope="module")
def airflow_app(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowApp]:
    """Airflow's application as its api-server makes it."""
    home = new_project(tmp_path_factory.mktemp("states"))
    (home / "data" / "downloads").mkdir(parents=True)
    mark(home / "data" / "downloads")
    (home / "reports" / "daily_credits.yaml").write_text(DAILY)
    with pytest.MonkeyPatch.context() as patch:
        url = _environment(patch, postgres, home)
        yield AirflowApp(_made(url))
        _forget()
    _connect_airflow()


def _environment(patch: pytest.MonkeyPatch, postgres: PostgresServer, home: Path) -> str:
    postgres.create_database(home.name)
    url = postgres.url(home.name).replace("postgresql://", "postgresql+psycopg2://", 1)
    patch.setenv("PROMO_REPORTS_HOME", str(home))
    patch.setenv("PROMO_REPORTS_DATA_DIR", str(home / "data"))
    patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC", url.replace("psycopg2", "asyncpg"))
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "ada:admin")
    patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", 64 * "x")
    _forget()
    return url


def _made(url: str) -> object:
    from airflow import settings
    from airflow.models import import_all_models
    from airflow.models.base import Base

    _connect_airflow()
    import_all_models()
    Base.metadata.create_all(settings.engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Airflow's own modules
        from airflow.api_fastapi.app import create_app

        app = create_app()
    _register()
    return app


def _connect_airflow() -> None:
    """Connect Airflow to the metadata database that the environment names, instead of the one before."""
    from airflow import settings

    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()


def _register() -> None:
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.pool import Pool
    from airflow.utils.db import synchronize_log_template
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        synchronize_log_template(session=session)
        session.add(Pool(pool="default_pool", slots=8, include_deferred=False))
        session.add(DagBundleModel(name="promo-reports"))
    register_dags()


def _forget() -> None:
    from promo_reports.web.reports import pending_reports

    project.registry.cache_clear()
    pending_reports.created_reports.cache_clear()
    pending_reports.pending.cache_clear()
