"""What the bundle asks of Airflow's metadata database, asked of a real one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from airflow import settings
from airflow.models.log import Log
from airflow.models.pool import Pool
from sqlalchemy.orm import Session, sessionmaker  # noqa: TID253

from devstack.postgres import PostgresServer
from promo_reports.orchestration.airflow_metadata import DELETED, AirflowMetadata
from tests.support.airflow.metadata import metadata_database
from tests.support.airflow.rows import NOON, Rows


@pytest.fixture(scope="module")
def metadata(postgres: PostgresServer) -> Iterator[sa.Engine]:
    with metadata_database(postgres, "bundle") as engine:
        yield engine


@pytest.fixture
def session(metadata: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The database empty, and for this process the one of Airflow."""
    made = sessionmaker(metadata)
    monkeypatch.setattr(settings, "NonScopedSession", made)
    with made() as session:
        yield session
        session.rollback()
        for each in ("log", "dag_version", "dag_tag", "dag", "dag_bundle", "slot_pool"):
            session.execute(sa.text(f"DELETE FROM {each}"))
        session.commit()


def test_the_dags_of_the_bundle_are_those_that_airflow_has_stale_ones_included(session: Session) -> None:
    rows = Rows(session)
    mine = {rows.report("daily"), rows.report("gone", is_stale=True), rows.type()}
    session.execute(sa.text("INSERT INTO dag_bundle (name, active) VALUES ('dags-folder', true)"))
    rows.dag("promo_reports.retention", bundle_name="dags-folder", made=None)
    session.commit()
    assert AirflowMetadata("promo-reports").dag_ids() == mine


def test_deletions_are_the_last_of_each_dag_of_ours(session: Session) -> None:
    for minutes, dag_id, event in [
        (0, "promo_reports.report.daily", DELETED),
        (5, "promo_reports.report.daily", DELETED),
        (9, "promo_reports.report.daily", "patch_dag"),
        (1, "promo_reports.type.user_errors", DELETED),
        (1, "promo_reportsXreport.daily", DELETED),
        (1, "of_somebody_else", DELETED),
    ]:
        log = Log(event=event, dag_id=dag_id)
        log.dttm = NOON + timedelta(minutes=minutes)
        session.add(log)
    session.commit()
    assert AirflowMetadata("promo-reports").deletions() == {
        "promo_reports.report.daily": NOON + timedelta(minutes=5),
        "promo_reports.type.user_errors": NOON + timedelta(minutes=1),
    }


@pytest.mark.parametrize(("parallelism", "slots"), [("1", 1), ("4", 2), ("32", 8)])
def test_a_pool_that_is_not_there_is_made_with_room_for_others(
    session: Session, monkeypatch: pytest.MonkeyPatch, parallelism: str, slots: int
) -> None:
    monkeypatch.setitem(os.environ, "AIRFLOW__CORE__PARALLELISM", parallelism)
    AirflowMetadata("promo-reports").make_pools(["on_demand"])
    assert session.execute(sa.select(Pool.pool, Pool.slots)).all() == [("on_demand", slots)]


def test_a_pool_that_is_there_keeps_the_slots_that_an_administrator_gave_it(session: Session) -> None:
    session.add(Pool(pool="exports", slots=9, description="Ours", include_deferred=True))
    session.commit()
    for _ in range(2):
        AirflowMetadata("promo-reports").make_pools(["exports", "on_demand"])
    session.expire_all()
    found = {each.pool: (each.slots, each.description) for each in session.scalars(sa.select(Pool))}
    assert found["exports"] == (9, "Ours")
    assert set(found) == {"exports", "on_demand"}
