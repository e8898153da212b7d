"""A metadata database of Airflow; each test has it empty, in a transaction that is rolled back.

Its tables are made from Airflow's models, which is what `airflow db migrate` does with an empty database too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253

from devstack.postgres import PostgresServer
from tests.web.queries.airflow_rows import Rows


@contextmanager
def metadata_database(postgres: PostgresServer, name: str) -> Iterator[sa.Engine]:
    """A new database with Airflow's tables."""
    from airflow.models import import_all_models
    from airflow.models.base import Base

    import_all_models()
    postgres.create_database(name)
    engine = sa.create_engine(postgres.url(name).replace("postgresql://", "postgresql+psycopg2://", 1))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def metadata(postgres: PostgresServer) -> Iterator[sa.Engine]:
    with metadata_database(postgres, "lists") as engine:
        yield engine


@pytest.fixture
def session(metadata: sa.Engine) -> Iterator[Session]:
    """A session as the api-server's; what a test adds is gone afterwards."""
    with Session(metadata) as session:
        yield session
        session.rollback()


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)
