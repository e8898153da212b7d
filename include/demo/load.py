"""Fill a promo database with the demo's data: `python -m include.demo.load --dsn postgresql://...`.

One year of a grocery loyalty programme from a public data set, mapped and not invented, and labelled generated rows
for what it lacks.
docs/demo-data.md says which is which. All of it is one transaction: a database is filled, or as empty as before.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import sys
import time
from typing import TYPE_CHECKING

from include.demo.data import (
    bulk,
    catalogue,
    failures,
    generated_ledger,
    ledger,
    record,
    redemptions,
    rewards,
    source,
    vouchers,
)
from include.demo.data.clock import ZONE, DemoClock
from include.demo.data.record import LoadedData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import psycopg2.extensions

__all__ = ["DemoLoadError", "LoadedData", "load", "scale"]


class DemoLoadError(RuntimeError):
    """The database cannot be filled; the message says what to do. A retry does not help."""


def load(
    dsn: str,
    *,
    today: datetime.date | None = None,
    moved: bool = True,
    renew: bool = False,
    progress: Callable[[str], None] | None = None,
) -> LoadedData:
    """Create the schema in an empty database and fill it; do nothing when that is done already.

    `today` is a local day (New York), by default the current one, or for unmoved data the day after its last. With
    `renew`, data that was moved to another week or month is replaced, so that the date presets have rows again.
    `progress` gets a line of text now and then.
    """
    tell = progress or _ignore
    clock = _clock(today, moved=moved)
    with _transaction(dsn) as connection:
        earlier = record.read(connection)
        if earlier is not None and renew and _is_of_another_time(earlier, clock):
            tell(f"the data was moved to {earlier.today}; it is loaded anew")
            record.remove(connection, earlier)
            earlier = None
        if earlier is not None:
            tell(f"already loaded: {sum(earlier.wallets.values()):,} ledger rows; nothing to do")
            return earlier
        _require_empty(connection)
        with connection.cursor() as cursor:
            cursor.execute(bulk.SCHEMA.read_text())
        record.create(connection)
        loaded = _fill(connection, clock, tell)
        record.write(connection, f"{source.PACKAGE} {importlib.metadata.version(source.PACKAGE)}", loaded)
    _vacuum(dsn, loaded.rows, tell)
    tell(f"loaded: {sum(loaded.wallets.values()):,} ledger rows, moved by {loaded.shift_weeks} weeks")
    return loaded


def scale(dsn: str, millions: int, *, progress: Callable[[str], None] | None = None) -> int:
    """Generate so many million more rows, in a wallet of their own, in a loaded database; returns their number."""
    tell = progress or _ignore
    if millions < 1:
        message = f"scale: {millions} million rows; ask for 1 or more"
        raise DemoLoadError(message)
    with _transaction(dsn) as connection:
        loaded = record.read(connection)
        if loaded is None:
            message = "The database holds no demo data yet. Load it first, without --scale-millions."
            raise DemoLoadError(message)
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(transaction_id) + 1 FROM wallet_transactions")
            (first,) = cursor.fetchone() or (1,)
            cursor.execute(
                "INSERT INTO wallets SELECT %s, 'Generated Scale (synthetic)', points_name, status, created_at"
                " FROM wallets WHERE wallet_id = %s ON CONFLICT DO NOTHING",
                (generated_ledger.SCALE_WALLET_ID, ledger.WALLET_ID),
            )
        batch = record.scalings(connection, generated_ledger.SCALE_WALLET_ID) + 1
        wallet = generated_ledger.scale_wallet(first, loaded.today, millions, batch)
        tell(f"generating {wallet.rows_in_window:,} rows in {wallet.wallet_id}")
        with bulk.constraints_lifted(connection, "wallet_transactions"):
            rows = generated_ledger.generate(connection, wallet)
            tell("indexes and constraints")
        counts = {wallet.wallet_id: rows}
        note = LoadedData(loaded.today, loaded.shift_weeks, {"wallet_transactions": rows}, counts)
        record.write(connection, wallet.wallet_id, note)
    _vacuum(dsn, note.rows, tell)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.load", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dsn", required=True, help="an empty database, e.g. postgresql://user@127.0.0.1:5432/promo")
    parser.add_argument("--unmoved", action="store_true", help="leave the data in 2017 instead of ending last week")
    parser.add_argument(
        "--scale-millions", type=int, metavar="N", help="then generate N million more rows (for benchmarks)"
    )
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    try:
        load(options.dsn, moved=not options.unmoved, progress=show)
        if options.scale_millions is not None:
            scale(options.dsn, options.scale_millions, progress=show)
    except DemoLoadError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fill(connection: psycopg2.extensions.connection, clock: DemoClock, tell: Callable[[str], None]) -> LoadedData:
    tell("reading a year of purchases from the data set")
    purchases = source.purchases()
    campaigns = {campaign.campaign_id: campaign for campaign in source.campaigns()}
    memberships = source.memberships()
    matched = redemptions.match(source.redemptions(), purchases, source.coupon_products())
    grocery = ledger.grocery_ledger(purchases, matched, source.product_descriptions(), clock)
    assignments = vouchers.assign(campaigns, memberships, clock)
    rows: dict[str, int] = {}
    with bulk.constraints_lifted(connection, "wallet_transactions"):
        for table, content in (
            ("wallets", catalogue.wallets(clock, source.FIRST_DAY)),
            ("campaigns", catalogue.campaigns(list(campaigns.values()), clock)),
            ("voucher_lists", catalogue.voucher_lists(clock)),
            ("wallet_transactions", grocery.rows),
            ("voucher_assignments", assignments.rows()),
            ("reward_assignments", rewards.campaign_rewards(purchases, matched, grocery, assignments)),
            ("user_errors", failures.user_errors(campaigns, memberships, clock)),
        ):
            rows[table] = bulk.copy_rows(connection, table, content, tell)
        tell(f"generating over {generated_ledger.ROWS_IN_WINDOW:,} rows in {generated_ledger.LOAD_WALLET_ID}")
        wallet = generated_ledger.load_wallet(grocery.rows.num_rows + 1, clock.today)
        generated = generated_ledger.generate(connection, wallet)
        tell("indexes and constraints")
    with bulk.constraints_lifted(connection, "reward_assignments"):
        rows["reward_assignments"] += rewards.generated_rewards(connection, rows["reward_assignments"] + 1)
    rows["wallet_transactions"] += generated
    wallets = {ledger.WALLET_ID: grocery.rows.num_rows, wallet.wallet_id: generated}
    return LoadedData(clock.today, clock.shift_weeks, rows, wallets)


def _is_of_another_time(earlier: LoadedData, clock: DemoClock) -> bool:
    months = [(day.year, day.month) for day in (earlier.today, clock.today)]
    return earlier.shift_weeks != clock.shift_weeks or months[0] != months[1]


def _clock(today: datetime.date | None, *, moved: bool) -> DemoClock:
    if moved:
        return DemoClock.moved_to(today or datetime.datetime.now(ZONE).date())
    return DemoClock(today, 0) if today else DemoClock.unmoved()


def _require_empty(connection: psycopg2.extensions.connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename LIMIT 1")
        found = cursor.fetchone()
    if found is not None:
        message = f"The database has a table {found[0]} that the demo did not make. Give --dsn of an empty database."
        raise DemoLoadError(message)


@contextlib.contextmanager
def _transaction(dsn: str) -> Iterator[psycopg2.extensions.connection]:
    """Commit all or nothing, one loader at a time."""
    import psycopg2

    connection = psycopg2.connect(dsn, application_name="promo-reports demo load")
    try:
        with connection, connection.cursor() as cursor:
            # JIT compiles longer than it saves here; the rest lets sorts and index builds stay in memory.
            cursor.execute("SET LOCAL jit = off; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '64MB'")
            record.lock(connection)
            yield connection
    finally:
        connection.close()


def _vacuum(dsn: str, tables: Iterable[str], tell: Callable[[str], None]) -> None:
    """Gather statistics and mark pages visible, which PostgreSQL would otherwise do while the first export runs."""
    import psycopg2

    tell("statistics")
    connection = psycopg2.connect(dsn, application_name="promo-reports demo load")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
    finally:
        connection.close()


def _ignore(line: str) -> None:
    """Take the place of a progress callback that nobody gave."""


if __name__ == "__main__":
    raise SystemExit(main())
