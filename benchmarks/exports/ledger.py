"""Tables that exports are measured on, in a PostgreSQL of the benchmark's own, and the ledger: rows of one wallet."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack.credentials import Credentials
from devstack.databases import PromoDatabase, create_promo_database, create_roles
from devstack.postgres import PostgresServer
from include.demo.data.bulk import SCHEMA, constraints_lifted
from include.demo.data.clock import midnight
from include.demo.data.generated_ledger import CAMPAIGN_ID, USERS_PER_MILLION, GeneratedWallet, generate

REPORT_TYPE = "wallet_transactions"
WALLET = "benchmark"
FILTERS: Mapping[str, Any] = {
    "wallet": WALLET,
    "transaction_type": ["credit", "debit", "expired", "promised", "reverse", "refund"],
}
FIRST_DAY, DAY_AFTER = datetime.date(2026, 3, 1), datetime.date(2026, 6, 1)
_MILLION = 1_000_000


@dataclass(frozen=True)
class Table:
    """Rows that lie evenly in [FIRST_DAY, DAY_AFTER), in the account's timezone, and the report that shows them."""

    server: PostgresServer
    promo: PromoDatabase
    rows: int
    report_type: str = REPORT_TYPE
    filters: Mapping[str, Any] = field(default_factory=lambda: FILTERS)

    def window(self, rows: int) -> tuple[datetime.datetime, datetime.datetime]:
        """Return the window that holds the first so many rows.

        Fewer than all can be asked of the ledger only, which has up to two fewer then: three rows share a moment.
        """
        if rows >= self.rows:
            return midnight(FIRST_DAY), midnight(DAY_AFTER)
        answer = self.server.execute(
            "SELECT occurred_at FROM wallet_transactions WHERE transaction_id = %s",
            [rows + 1],
            database=self.promo.name,
        )
        return midnight(FIRST_DAY), answer[0][0]


@contextlib.contextmanager
def filled_ledger(rows: int) -> Iterator[Table]:
    """Start PostgreSQL and generate rows, in the order of time; all of it is removed at the end."""
    with promo_database() as (server, promo):
        fill(promo, rows)
        yield Table(server, promo, rows)


@contextlib.contextmanager
def promo_database() -> Iterator[tuple[PostgresServer, PromoDatabase]]:
    """Start PostgreSQL with an empty promo database; both are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        credentials = Credentials()
        server = PostgresServer(Path(directory) / "postgres", password=credentials.postgres, port=0, durable=False)
        server.start()
        try:
            create_roles(server, credentials)
            yield server, create_promo_database(server, credentials, "ledger")
        finally:
            server.destroy()


def fill(promo: PromoDatabase, rows: int) -> None:
    """Make the schema in an empty database and generate rows in the order of time."""
    import psycopg2

    wallet = GeneratedWallet(
        wallet_id=WALLET,
        user_prefix="b-",
        first_transaction_id=1,
        rows_in_window=rows,
        rows_after=0,
        users=max(1, rows * USERS_PER_MILLION // _MILLION),
        starts_at=midnight(FIRST_DAY),
        ends_at=midnight(DAY_AFTER),
        continues_at=midnight(DAY_AFTER),
        today=DAY_AFTER,
    )
    with contextlib.closing(psycopg2.connect(promo.owner_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off; SET LOCAL maintenance_work_mem = '1GB'; SET LOCAL work_mem = '64MB'")
            cursor.execute(SCHEMA.read_text())
            lives = (midnight(FIRST_DAY), midnight(DAY_AFTER))
            cursor.execute("INSERT INTO wallets VALUES (%s, 'Benchmark', 'points', 'active', %s)", (WALLET, lives[0]))
            cursor.execute(
                "INSERT INTO campaigns VALUES (%s, 'Generated', 'points', 'ended', %s, %s)", (CAMPAIGN_ID, *lives)
            )
            with constraints_lifted(connection, "wallet_transactions"):
                generate(connection, wallet)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) wallet_transactions")
