"""One wallet's ledger for databases other than PostgreSQL: the same rows at every run, in MariaDB and in SQLite."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devstack.mariadb import MariaDbServer
from promo_reports.domain.dates.window import Window

WALLET, DATABASE = "benchmark", "promo"
_STEP = timedelta(seconds=6)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TYPES = ("credit", "credit", "credit", "debit", "debit", "expired", "promised", "reverse")
_SOURCES = ("cashback_coupon", "system", "api", "promo_campaign", "manual")
_CHANNELS = ("store", "web", "app")
_DESCRIPTIONS = (
    "Points for a basket", "Coupon, spring week", 'The "double points" day', "Unused within their validity",
    "Grüße aus Köln", "", None,
)  # fmt: skip
_TABLES = (
    "CREATE TABLE wallets (wallet_id {key} PRIMARY KEY, name {text} NOT NULL)",
    "CREATE TABLE wallet_transactions (transaction_id bigint PRIMARY KEY, occurred_at {time} NOT NULL,"
    " recorded_at {time} NOT NULL, user_id {text} NOT NULL, wallet_id {key} NOT NULL, transaction_type {text} NOT NULL,"
    " transaction_source {text} NOT NULL, points {decimal} NOT NULL, balance_after {decimal} NOT NULL,"
    " campaign_id {text}, coupon_code {text}, order_id {text}, sale_channel {text}, location_id {text},"
    " sale_amount {decimal}, related_transaction_id bigint, unlocks_at {time}, expires_at {time}, description {text})",
    "CREATE INDEX wallet_transactions_window ON wallet_transactions (wallet_id, occurred_at, transaction_id)",
    f"INSERT INTO wallets VALUES ('{WALLET}', 'Benchmark wallet')",  # noqa: S608
)
_MARIADB = {"key": "varchar(64)", "text": "varchar(120)", "time": "datetime(6)", "decimal": "decimal(18, 2)"}
_SQLITE = {"key": "text", "text": "text", "time": "text", "decimal": "numeric"}
_COLUMNS = 19


def window(rows: int) -> Window:
    """A window that holds them all."""
    return Window(_START, _START + (rows + 1) * _STEP)


def ledger(rows: int) -> Iterator[tuple[object, ...]]:
    """Rows in the order of time, three to each moment; nothing is random."""
    for n in range(rows):
        draw = n * 2_654_435_761 % 4_294_967_296
        moment = _START + n // 3 * 3 * _STEP
        kind, source = _TYPES[draw >> 8 & 7], _SOURCES[(draw >> 12) % 5]
        sale = draw % 4 != 0
        yield (
            n + 1,
            _time(moment),
            _time(moment + timedelta(milliseconds=draw % 5_000)),
            f"user-{n % 20_000}",
            WALLET,
            kind,
            source,
            f"{(draw >> 6) % 240_000 / 100 - 500:.2f}",
            f"{(draw >> 5) % 2_400_000 / 100:.2f}",
            "spring" if source == "promo_campaign" else None,
            f"CODE-{n % 100_000:06d}" if draw % 9 == 0 else None,
            f"order-{n}" if sale else None,
            _CHANNELS[n % 3] if sale else None,
            str(300 + draw % 40) if sale and n % 3 == 0 else None,
            f"{draw % 100_000 / 100:.2f}" if sale else None,
            max(n - 20_000, 0) if kind in ("expired", "reverse") else None,
            None,
            _time(moment + timedelta(days=150 + draw % 60)) if kind == "credit" else None,
            _DESCRIPTIONS[(draw >> 4) % len(_DESCRIPTIONS)],
        )


def fill_mariadb(server: MariaDbServer, rows: int, place: Path) -> None:
    """Make the database and load it from a file."""
    file = place / "ledger.tsv"
    with file.open("w", encoding="utf-8") as output:
        for row in ledger(rows):
            output.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
    server.execute(f"CREATE DATABASE {DATABASE}")
    server.execute(*(table.format(**_MARIADB) for table in _TABLES), database=DATABASE)
    load = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE wallet_transactions CHARACTER SET utf8mb4"
    with server.session(DATABASE) as cursor:
        cursor.execute(load)
        cursor.execute("ANALYZE TABLE wallet_transactions")
        cursor.fetchall()
    file.unlink()


def fill_sqlite(path: Path, rows: int) -> None:
    """Make the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for table in _TABLES:
            connection.execute(table.format(**_SQLITE))
        places = ", ".join("?" * _COLUMNS)
        connection.executemany(f"INSERT INTO wallet_transactions VALUES ({places})", ledger(rows))  # noqa: S608


def _time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ")
