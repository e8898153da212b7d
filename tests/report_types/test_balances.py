"""Any ledger: the SQL's balances and unspent points against an account kept credit by credit in Python."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.domain.window import Window
from promo_reports.pipeline.generic import GenericSnapshot
from promo_reports.pipeline.source import Source
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters
from tests.report_types.cases import SQL, Record, load_sqlite
from tests.report_types.test_report_types import TYPES

DAY_0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
UTC_ZONE = ZoneInfo("UTC")
WALLET: Record = {
    "wallet_id": "w", "name": "W", "points_name": "p", "status": "active", "created_at": "2026-01-01 00:00:00+00",
}  # fmt: skip
QUERIES = {
    id: load_report_query(TYPES[id], SQL) for id in ("wallet_summary", "user_ledger_summary", "points_expiry_liability")
}
LOWERS = ("debit", "expired", "reverse")


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

    @property
    def points(self) -> Decimal:
        return Decimal(-self.cents if self.kind in LOWERS else self.cents) / 100

    def record(self) -> Record:
        return {
            "transaction_id": str(self.id),
            "occurred_at": iso(self.day),
            "recorded_at": iso(self.day),
            "user_id": self.user,
            "wallet_id": "w",
            "transaction_type": self.kind,
            "transaction_source": self.source,
            "points": str(self.points),
            "balance_after": "0",
            "related_transaction_id": None if self.related is None else str(self.related),
            "expires_at": None if self.expires is None else iso(self.expires),
        }


@st.composite
def ledgers(draw: st.DrawFn) -> list[Row]:
    """Up to 25 rows of three users over ten days; expired and reverse rows name a credit of their user, or none."""
    rows: list[Row] = []
    for id in range(1, draw(st.integers(0, 25)) + 1):
        kind = draw(st.sampled_from(("credit", "credit", "credit", "debit", "expired", "promised", "reverse", "refund")))
        user = draw(st.sampled_from("abc"))
        wanted = {"credit": "promised", "expired": "credit", "reverse": "credit", "refund": "debit"}.get(kind)
        others = [row.id for row in rows if row.kind == wanted and row.user == user]
        rows.append(
            Row(
                id=id,
                day=draw(st.integers(0, 9)),
                user=user,
                kind=kind,
                source=draw(st.sampled_from(("api", "manual", "system", "promo_campaign", "cashback_coupon"))),
                cents=draw(st.integers(0, 1000)),
                related=draw(st.sampled_from([None, *others])),
                expires=draw(st.sampled_from((None, 5, 20, 20, 30))) if kind == "credit" else None,
            )
        )
    return rows


@dataclass
class Account:
    """One user's points, by what happened to each credit: first to expire, first spent."""

    balance: Decimal = Decimal(0)
    locked: dict[int, Decimal] = field(default_factory=dict)
    credits: dict[int, list[object]] = field(default_factory=dict)
    spent: Decimal = Decimal(0)

    def unspent(self) -> dict[int, Decimal]:
        left = [(expires, max(points, Decimal(0))) for expires, points in self.credits.values()]  # type: ignore[misc]
        due, found = self.spent, defaultdict[int, Decimal](Decimal)
        for expires, points in sorted(left, key=lambda each: (each[0] is None, each[0])):
            # Spending below zero means more came back than was ever spent: it has no expiry.
            taken = min(max(due, Decimal(0)), points)
            due -= taken
            if expires is not None and points > taken:
                found[expires] += points - taken
        return dict(found)


def accounts(rows: list[Row], before: int) -> dict[str, Account]:
    found: dict[str, Account] = defaultdict(Account)
    rows = [row for row in rows if row.day < before]
    for row in (row for row in rows if row.kind == "credit"):
        found[row.user].credits[row.id] = [row.expires, row.points]
    unlocked = {row.related for row in rows if row.kind == "credit"}
    for row in rows:
        account = found[row.user]
        if row.kind == "promised":
            if row.id not in unlocked:
                account.locked[row.id] = row.points
            continue
        account.balance += row.points
        if row.kind in ("expired", "reverse") and row.related in account.credits:
            account.credits[row.related][1] += row.points  # type: ignore[index,operator]
        elif row.kind != "credit":
            account.spent -= row.points
    for account in found.values():
        # A credit of which more was taken back than it had leaves the rest to be spent elsewhere.
        account.spent += sum((-points for _, points in account.credits.values() if points < 0), Decimal(0))  # type: ignore[operator,misc]
    return found


@settings(deadline=None, max_examples=150)
@given(rows=ledgers(), day=st.integers(0, 10))
def test_user_ledger_is_kept_as_by_hand(rows: list[Row], day: int) -> None:
    with database(rows) as path:
        answer = ask(path, "user_ledger_summary", Parameters({"wallet": ("w",)}, as_of=at(day)))
    expected = accounts(rows, day)
    assert [row["user_id"] for row in answer] == sorted(expected)
    for row in answer:
        account = expected[str(row["user_id"])]
        assert row["active_balance"] == account.balance
        assert row["promised_balance"] == sum(account.locked.values(), Decimal(0))
        unspent = account.unspent()
        first = min(unspent, default=None)
        assert row["next_expiration_at"] == (None if first is None else iso(first))
        assert row["next_expiration_points"] == (None if first is None else unspent[first])
        assert row["active_balance"] == (
            row["issued"] - row["redeemed"] - row["removed"] - row["expired"] - row["reversed"] + row["refunded"]  # type: ignore[operator]
        )


@settings(deadline=None, max_examples=100)
@given(rows=ledgers(), day=st.integers(0, 10))
def test_liability_is_what_users_have_unspent(rows: list[Row], day: int) -> None:
    with database(rows) as path:
        answer = ask(path, "points_expiry_liability", Parameters({"wallet": None}, as_of=at(day)))
    points: dict[int, Decimal] = defaultdict(Decimal)
    users: dict[int, int] = defaultdict(int)
    for account in accounts(rows, day).values():
        for expires, unspent in account.unspent().items():
            points[expires] += unspent
            users[expires] += 1
    assert [(row["expires_at"], row["points"], row["users"]) for row in answer] == [
        (iso(expires), points[expires], users[expires]) for expires in sorted(points)
    ]


@settings(deadline=None, max_examples=100)
@given(rows=ledgers(), start=st.integers(0, 4), middle=st.integers(5, 7), end=st.integers(8, 10))
def test_wallet_summaries_add_up_and_tile(rows: list[Row], start: int, middle: int, end: int) -> None:
    with database(rows) as path:
        first, second, whole = (
            ask(path, "wallet_summary", Parameters({"wallet": ("w",)}, Window(at(a), at(b))))[0]
            for a, b in ((start, middle), (middle, end), (start, end))
        )
    for each in (first, second, whole):
        moved = each["issued"] - each["redeemed"] - each["removed"] - each["expired"] - each["reversed"]  # type: ignore[operator]
        assert each["opening_balance"] + moved + each["refunded"] == each["closing_balance"]
        assert each["issued"] == sum(value for name, value in each.items() if name.startswith("issued_"))  # type: ignore[misc]
    assert first["closing_balance"] == second["opening_balance"]
    for name in ("issued", "redeemed", "removed", "expired", "promised", "reversed", "refunded"):
        assert first[name] + second[name] == whole[name]  # type: ignore[operator]
    users = accounts(rows, end)
    assert whole["members"] == len(users)
    assert whole["closing_balance"] == sum((account.balance for account in users.values()), Decimal(0))


class database:  # noqa: N801 - reads as a function
    """A SQLite promo database with one wallet and these rows, for a `with` block."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __enter__(self) -> Path:
        self._directory = tempfile.TemporaryDirectory()
        path = Path(self._directory.name) / "promo.sqlite"
        load_sqlite(path, {"wallets": [WALLET], "wallet_transactions": [row.record() for row in self._rows]})
        return path

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


def ask(path: Path, id: str, parameters: Parameters) -> list[dict[str, object]]:
    """The report's rows; decimals as Decimal, integers as int, times as text, NULL as None."""
    report_type = TYPES[id]
    query = QUERIES[id].rows(parameters)
    records: list[bytes] = []
    with GenericSnapshot(Source("promo_db", f"sqlite:///{path}"), UTC_ZONE) as snapshot:
        snapshot.copy(query, report_type, records.append, spreadsheet=False)
    reads = {"decimal": Decimal, "integer": int}
    return [
        {
            column.name: reads.get(column.type.value, str)(cell) if cell else None
            for column, cell in zip(report_type.columns, record.decode().rstrip("\n").split(","), strict=True)
        }
        for record in records
    ]


def at(day: int) -> datetime:
    return DAY_0 + timedelta(days=day)


def iso(day: int) -> str:
    return f"{at(day):%Y-%m-%d %H:%M:%S}+00"

