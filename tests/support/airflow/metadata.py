"""A metadata database of Airflow on a running PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here

from devstack.postgres import PostgresServer


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
