"""The demo's data, loaded once and as it is (2017), and the parquet files, read by pandas and not by the loader."""

from __future__ import annotations

import pandas as pd  # noqa: TID253 - nothing is parsed here
import pytest

from devstack.credentials import Credentials
from devstack.databases import create_promo_database
from devstack.postgres import PostgresServer
from include.demo.load import load
from tests.support.demo import Demo, Query, parquet, query_of


@pytest.fixture(scope="session")
def demo(postgres: PostgresServer, credentials: Credentials) -> Demo:
    database = create_promo_database(postgres, credentials, "promo_demo_unmoved")
    messages: list[str] = []
    loaded = load(database.owner_url, moved=False, progress=messages.append)
    return Demo(database, loaded, tuple(messages))


@pytest.fixture(scope="session")
def query(demo: Demo) -> Query:
    """Ask the loaded database as a report does, who may read and nothing else."""
    return query_of(demo.database.reader_url)


@pytest.fixture(scope="session")
def purchases() -> pd.DataFrame:
    return parquet("transactions")
