"""A metadata database of Airflow; each test has it empty, in a transaction that is rolled back.

Its tables are made from Airflow's models, which is what `airflow db migrate` does with an empty database too.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253

from devstack.postgres import PostgresServer
from tests.support.airflow.metadata import metadata_database
from tests.support.airflow.rows import Rows


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
