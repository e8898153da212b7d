"""The table `demo_load`: what this promo database was filled with, one row a load or scaling."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg2.extensions

LOCK = 7_070_901
"""Advisory lock: two loaders of one database wait for each other."""
_TABLE = """
CREATE TABLE demo_load (
    loaded_at   timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    source      text NOT NULL,
    shift_weeks integer NOT NULL,
    today       date NOT NULL,
    rows        jsonb NOT NULL,
    wallets     jsonb NOT NULL
)
"""


@dataclasses.dataclass(frozen=True)
class LoadedData:
    """What a load has put into the database, or found there."""

    today: datetime.date
    """The local day that the data ends before."""
    shift_weeks: int
    """Whole weeks that all local times were moved by; 0 when loaded as they are."""
    rows: Mapping[str, int]
    """By table."""
    wallets: Mapping[str, int]
    """Ledger rows by wallet."""
    already_loaded: bool = False
    """Nothing was done: an earlier load has done it."""


def create(connection: psycopg2.extensions.connection) -> None:
    """Make the table."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)


def lock(connection: psycopg2.extensions.connection) -> None:
    """Wait for any other loader, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


def write(connection: psycopg2.extensions.connection, source: str, loaded: LoadedData) -> None:
    """Note a finished load in the transaction that makes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO demo_load (source, shift_weeks, today, rows, wallets) VALUES (%s, %s, %s, %s, %s)",
            (source, loaded.shift_weeks, loaded.today, json.dumps(loaded.rows), json.dumps(loaded.wallets)),
        )


def read(connection: psycopg2.extensions.connection) -> LoadedData | None:
    """Return the first load's note, or None when there was none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('demo_load') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("SELECT today, shift_weeks, rows, wallets FROM demo_load ORDER BY loaded_at LIMIT 1")
        row = cursor.fetchone()
    if row is None:
        return None
    today, shift_weeks, rows, wallets = row
    return LoadedData(today, shift_weeks, rows, wallets, already_loaded=True)


def remove(connection: psycopg2.extensions.connection, loaded: LoadedData) -> None:
    """Drop every table that a load made, and its note."""
    from psycopg2 import sql

    names = sql.SQL(", ").join(map(sql.Identifier, [*loaded.rows, "demo_load"]))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE {}").format(names))


def scalings(connection: psycopg2.extensions.connection, source: str) -> int:
    """Count the notes of one source."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM demo_load WHERE source = %s", (source,))
        row = cursor.fetchone()
    return int(row[0]) if row else 0
