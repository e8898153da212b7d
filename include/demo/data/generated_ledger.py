"""Wallets of generated rows, said to be so: one to export over 1,000,000 rows of, one to measure with.

They hold what the data set lacks (every transaction type and source, relations, unlock and expiry dates, descriptions
that a CSV must quote) and are made inside PostgreSQL, some hundred thousand rows a second.
"""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from include.demo.data import clock, generated_steps

if TYPE_CHECKING:
    import psycopg2.extensions

CAMPAIGN_ID = "generated-campaign"
LOAD_WALLET_ID = "generated-load"
SCALE_WALLET_ID = "generated-scale"
WINDOW_MONTHS = 3
"""product-spec: the longest date range of one export."""
ROWS_IN_WINDOW = 1_050_000
"""product-spec: a file holds 1,000,000 rows, so that an export of the whole window is a ZIP of two."""
ROWS_A_DAY_AFTER = 2_000
USERS = 5_000
MILLION = 1_000_000
USERS_PER_MILLION = 8_000
STATEMENT = Path(__file__).with_suffix(".sql")
DESCRIPTIONS: tuple[str | None, ...] = (
    None,
    "",
    "Weekly shop",
    "Bread, milk, eggs",
    'The "big" basket',
    'Said "yes, please", twice',
    "Two lines:\nfirst and second",
    "Windows line end\r\nhere",
    "Café crème, Zürich",
    "お買い物ポイント",
    "Ice cream 🍦 for all",
    "=SUM(A1:A2)",
    "+1 bonus",
    "-10 % week",
    "@home delivery",
    "  spaces kept  ",
    "tab\there; semicolon; 'apostrophe'",
    "back\\slash \\N \\.",
    "NULL",
)


@dataclasses.dataclass(frozen=True)
class GeneratedWallet:
    """What to generate: rows that fill `[starts_at, ends_at)` evenly, then some sparse ones from `continues_at` on.

    `continues_at` is also where the script would go on after the last row: a credit whose expiry is not among the rows
    expires after `today`, a promise that has not unlocked unlocks after it.
    """

    wallet_id: str
    user_prefix: str
    first_transaction_id: int
    rows_in_window: int
    rows_after: int
    users: int
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    continues_at: datetime.datetime
    today: datetime.date


def load_wallet(first_transaction_id: int, today: datetime.date) -> GeneratedWallet:
    """Fill the three complete local calendar months before `today` and, sparsely, the days since."""
    this_month = today.replace(day=1)
    return GeneratedWallet(
        wallet_id=LOAD_WALLET_ID,
        user_prefix="gl-",
        first_transaction_id=first_transaction_id,
        rows_in_window=ROWS_IN_WINDOW,
        rows_after=(today - this_month).days * ROWS_A_DAY_AFTER,
        users=USERS,
        starts_at=clock.midnight(window_start(today)),
        ends_at=clock.midnight(this_month),
        continues_at=clock.midnight(this_month),
        today=today,
    )


def scale_wallet(first_transaction_id: int, today: datetime.date, millions: int, batch: int) -> GeneratedWallet:
    """Put so many million rows into the same three months, for users that no earlier batch has."""
    return GeneratedWallet(
        wallet_id=SCALE_WALLET_ID,
        user_prefix=f"gs{batch}-",
        first_transaction_id=first_transaction_id,
        rows_in_window=millions * MILLION,
        rows_after=0,
        users=millions * USERS_PER_MILLION,
        starts_at=clock.midnight(window_start(today)),
        ends_at=clock.midnight(today.replace(day=1)),
        continues_at=clock.midnight(today),
        today=today,
    )


def generate(connection: psycopg2.extensions.connection, wallet: GeneratedWallet) -> int:
    """Insert the wallet's rows and return their number."""
    microsecond = datetime.timedelta(microseconds=1)
    in_window = (utc(wallet.ends_at) - utc(wallet.starts_at)) // microsecond
    after = (utc(clock.midnight(wallet.today)) - utc(wallet.continues_at)) // microsecond
    with connection.cursor() as cursor:
        steps = ", ".join(
            cursor.mogrify("(" + ", ".join(["%s"] * len(row)) + ")", row).decode()
            for row in generated_steps.step_rows()
        )
        cursor.execute(
            STATEMENT.read_text().replace("%(steps)s", steps),
            {
                "wallet_id": wallet.wallet_id,
                "user_prefix": wallet.user_prefix,
                "first_id": wallet.first_transaction_id,
                "campaign_id": CAMPAIGN_ID,
                "users": wallet.users,
                "rows": wallet.rows_in_window + wallet.rows_after,
                "window_rows": wallet.rows_in_window,
                "starts_at": wallet.starts_at.isoformat(),
                "continues_at": wallet.continues_at.isoformat(),
                "window_step_us": in_window // wallet.rows_in_window,
                "after_step_us": after // wallet.rows_after if after else 86_400_000_000 // ROWS_A_DAY_AFTER,
                "late_before": clock.midnight(wallet.today - datetime.timedelta(days=2)),
                "descriptions": list(DESCRIPTIONS),
                "description_count": len(DESCRIPTIONS),
                "step_count": len(generated_steps.STEPS),
                "left_over": generated_steps.LEFT_OVER,
            },
        )
        return cursor.rowcount


def window_start(today: datetime.date) -> datetime.date:
    """Find the first day of the three complete calendar months before `today`."""
    months = today.year * 12 + today.month - 1 - WINDOW_MONTHS
    return datetime.date(months // 12, months % 12 + 1, 1)


def utc(moment: datetime.datetime) -> datetime.datetime:
    """Make differences count elapsed time: within one zone Python subtracts wall clocks."""
    return moment.astimezone(datetime.UTC)
