"""Any ledger: the SQL's balances and unspent points against an account kept credit by credit in Python."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import ColumnType, DateRangeRule
from promo_reports.pipeline.databases.source import exact_decimal
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters
from tests.support.databases.sql_cases import SQL, Record, fill_sqlite, sqlite_time
from tests.support.report_types import TYPES

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
WALLETS: list[Record] = [
    {"wallet_id": each, "name": each, "points_name": "p", "status": "active", "created_at": "2026-01-01 00:00:00+00"}
    for each in "vw"
]
LOWERS = ("debit", "expired", "reverse")
NAMED = {
    "credit": ("promised",),
    "expired": ("credit", "promised"),
    "reverse": ("credit", "promised"),
    "refund": ("debit",),
}


@dataclass
class Row:
    id: int
    day: int
    user: str
    kind: str
    source: str
    cents: int
    related: int | None
    expires: int | None
    wallet: str = "w"

    @property
    def points(self) -> Decimal:
        return Decimal(-self.cents if self.kind in LOWERS else self.cents) / 100

    def record(self) -> Record:
        return {
            "transaction_id": str(self.id),
            "occurred_at": iso(self.day),
            "recorded_at": iso(self.day),
            "user_id": self.user,
            "wallet_id": self.wallet,
            "transaction_type": self.kind,
            "transaction_source": self.source,
            "points": str(self.points),
            "balance_after": "0",
            "related_transaction_id": None if self.related is None else str(self.related),
            "expires_at": None if self.expires is None else iso(self.expires),
        }


@st.composite
def ledgers(draw: st.DrawFn) -> list[Row]:
    """Up to 25 rows of three users and two wallets over ten days, in no order of time.

    What a row may name: credits a promise, expired and reverse rows a credit or a promise, refunds a debit; often of
    their own user and wallet, sometimes another's, or none.
    """
    rows: list[Row] = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        kind = draw(
            st.sampled_from(("credit", "credit", "credit", "debit", "expired", "promised", "reverse", "refund"))
        )
        user, wallet = draw(st.sampled_from("abc")), draw(st.sampled_from("wwwv"))
        wanted = NAMED.get(kind, ())
        all_named = [row for row in rows if row.kind in wanted]
        own = [row.id for row in all_named if (row.user, row.wallet) == (user, wallet)]
        others = own if draw(st.integers(0, 3)) else [row.id for row in all_named]
        rows.append(
            Row(
                id=number,
                day=draw(st.integers(0, 9)),
                user=user,
                kind=kind,
                source=draw(st.sampled_from(("api", "manual", "system", "promo_campaign", "cashback_coupon"))),
                cents=draw(st.integers(0, 1000)),
                related=draw(st.sampled_from([None, *others])),
                expires=draw(st.sampled_from((None, 5, 20, 20, 30))) if kind == "credit" else None,
                wallet=wallet,
            )
        )
    return rows


@dataclass
class Account:
    """One user's points in one wallet, by what happened to each promise and credit: first to expire, first spent."""

    balance: Decimal = Decimal(0)
    promises: dict[int, Decimal] = field(default_factory=dict)
    unlocked: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    withdrawn: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    credits: dict[int, list[Any]] = field(default_factory=dict)
    spent: Decimal = Decimal(0)

    def locked(self) -> Decimal:
        """What is left of each promise; none is left where more was unlocked or taken back than promised."""
        left = (points - self.unlocked[each] - self.withdrawn[each] for each, points in self.promises.items())
        return sum((max(each, Decimal(0)) for each in left), Decimal(0))

    def unspent(self) -> dict[int, Decimal]:
        left = [(expires, max(points, Decimal(0))) for expires, points in self.credits.values()]
        due, found = self.spent, defaultdict[int, Decimal](Decimal)
        for expires, points in sorted(left, key=lambda each: (each[0] is None, each[0])):
            # Spending below zero means more came back than was ever spent: it has no expiry.
            taken = min(max(due, Decimal(0)), points)
            due -= taken
            if expires is not None and points > taken:
                found[expires] += points - taken
        return dict(found)


def accounts(ledger: list[Row], before: int, wallet: str = "w") -> dict[str, Account]:
    """The accounts of a wallet at an instant, from the rows before it; what a row names may lie after it."""
    found: dict[str, Account] = defaultdict(Account)
    rows = [row for row in ledger if row.day < before and row.wallet == wallet]
    for row in (row for row in rows if row.kind == "credit"):
        found[row.user].credits[row.id] = [row.expires, row.points]
    for row in rows:
        account = found[row.user]
        if row.kind == "promised":
            account.promises[row.id] = row.points
            continue
        if row.kind in ("expired", "reverse") and names_promise(row, ledger):
            account.withdrawn[int(row.related or 0)] -= row.points
            continue
        if row.kind == "credit" and row.related is not None:
            account.unlocked[row.related] += row.points
        account.balance += row.points
        if row.kind in ("expired", "reverse") and row.related in account.credits:
            account.credits[row.related][1] += row.points
        elif row.kind != "credit":
            account.spent -= row.points
    for account in found.values():
        # A credit of which more was taken back than it had leaves the rest to be spent elsewhere.
        account.spent += sum((-points for _, points in account.credits.values() if points < 0), Decimal(0))
    return found


def names_promise(row: Row, ledger: list[Row]) -> bool:
    """Whether it names a promise of its own user and wallet."""
    return any(
        (each.id, each.kind, each.user, each.wallet) == (row.related, "promised", row.user, row.wallet)
        for each in ledger
    )


@settings(deadline=None, max_examples=200)
@given(rows=ledgers(), day=st.integers(0, 10))
def test_user_ledger_is_kept_as_by_hand(rows: list[Row], day: int) -> None:
    with database(rows) as connection:
        answer = ask(connection, "user_ledger_summary", as_of=day)
    expected = accounts(rows, day)
    assert [row["user_id"] for row in answer] == sorted(expected)
    for row in answer:
        account = expected[str(row["user_id"])]
        assert row["active_balance"] == account.balance
        assert row["promised_balance"] == account.locked()
        unspent = account.unspent()
        first = min(unspent, default=None)
        assert row["next_expiration_at"] == (None if first is None else stored(first))
        assert row["next_expiration_points"] == (None if first is None else unspent[first])
        assert row["active_balance"] == (
            row["issued"] - row["redeemed"] - row["removed"] - row["expired"] - row["reversed"] + row["refunded"]
        )


@settings(deadline=None, max_examples=200)
@given(rows=ledgers(), day=st.integers(0, 10))
def test_liability_is_what_users_have_unspent(rows: list[Row], day: int) -> None:
    with database(rows) as connection:
        answer = ask(connection, "points_expiry_liability", as_of=day)
    points: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    users: dict[tuple[str, int], int] = defaultdict(int)
    for wallet in "vw":
        for account in accounts(rows, day, wallet).values():
            for expires, unspent in account.unspent().items():
                points[wallet, expires] += unspent
                users[wallet, expires] += 1
    assert [(row["wallet_id"], row["expires_at"], row["points"], row["users"]) for row in answer] == [
        (each[0], stored(each[1]), points[each], users[each]) for each in sorted(points)
    ]


@settings(deadline=None, max_examples=200)
@given(rows=ledgers(), start=st.integers(0, 4), middle=st.integers(5, 7), end=st.integers(8, 10))
def test_wallet_summaries_add_up_and_tile(rows: list[Row], start: int, middle: int, end: int) -> None:
    with database(rows) as connection:
        first, second, whole = (
            ask(connection, "wallet_summary", window_start=a, window_end=b)[0]
            for a, b in ((start, middle), (middle, end), (start, end))
        )
    for each in (first, second, whole):
        moved = each["issued"] - each["redeemed"] - each["removed"] - each["expired"] - each["reversed"]
        assert each["opening_balance"] + moved + each["refunded"] == each["closing_balance"]
        assert each["issued"] == sum(value for name, value in each.items() if name.startswith("issued_"))
    assert first["closing_balance"] == second["opening_balance"]
    for name in ("issued", "redeemed", "removed", "expired", "promised", "reversed", "refunded"):
        assert first[name] + second[name] == whole[name]
    within = [row for row in rows if start <= row.day < end and row.wallet == "w"]
    taken_back = [row for row in within if row.kind in ("expired", "reverse") and names_promise(row, rows)]
    promised = [row for row in within if row.kind == "promised"]
    assert whole["promised"] == sum((row.points for row in (*promised, *taken_back)), Decimal(0))
    users = accounts(rows, end)
    assert whole["members"] == len(users)
    assert whole["closing_balance"] == sum((account.balance for account in users.values()), Decimal(0))


@contextlib.contextmanager
def database(rows: list[Row]) -> Iterator[sqlite3.Connection]:
    """A promo database in memory, with two wallets and these rows."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        fill_sqlite(connection, {"wallets": WALLETS, "wallet_transactions": [row.record() for row in rows]})
        yield connection


def ask(connection: sqlite3.Connection, name: str, **moments: int) -> list[dict[str, Any]]:
    """The report's rows at `as_of`, or from `window_start` to `window_end`; decimals at their scale, as in a file."""
    values = {"filter_wallet": "w", **{bind: stored(day) for bind, day in moments.items()}}
    columns = TYPES[name].columns
    return [
        {
            column.name: exact_decimal(cell, column.scale)
            if column.type is ColumnType.DECIMAL and cell is not None
            else cell
            for column, cell in zip(columns, row, strict=True)
        }
        for row in connection.execute(sql(name), values)
    ]


@cache
def sql(name: str) -> str:
    """The query of a report of wallet `w`, or of every wallet where that may be; rendered once, its binds by name."""
    report_type = TYPES[name]
    wallet = None if report_type.filter("wallet").select is Select.ALL else ("w",)
    snapshot = report_type.date_range is DateRangeRule.NONE
    parameters = Parameters({"wallet": wallet}, None if snapshot else Window(at(0), at(1)), at(0) if snapshot else None)
    return load_report_query(report_type, SQL).rows(parameters).named()


def at(day: int) -> datetime:
    return DAY_0 + timedelta(days=day)


def iso(day: int) -> str:
    return f"{at(day):%Y-%m-%d %H:%M:%S}+00"


def stored(day: int) -> str:
    return sqlite_time(at(day))
