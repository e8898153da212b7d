"""The wallet "Grocery Rewards": purchase lines become credits and coupon redemptions become debits.

One purchase line is one credit row. Its points are the line's value before the loyalty discount, `sales_value +
retail_disc`: what the household spent and what the programme took off, one point a dollar, exact to the cent. A line
with neither (a free item) stays as a row of 0.00 points, so that rows and lines can be counted against each other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from include.demo.data import columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from include.demo.data.clock import DemoClock
    from include.demo.data.redemptions import MatchedRedemption
    from include.demo.data.source import Integers, Purchases

WALLET_ID = "grocery-rewards"
SOURCES = ("system", "cashback_coupon", "promo_campaign")
SYSTEM, CASHBACK_COUPON, PROMO_CAMPAIGN = range(3)
RECORDING_DELAY = 5_000_000
"""Microseconds; rows are written up to this long after they happened. Generated: the data set has one time only."""
LATE_EVERY = 997
"""Of so many rows one is recorded a day late. Generated."""
DAY = 86_400_000_000


@dataclasses.dataclass(frozen=True)
class GroceryLedger:
    """The wallet's rows and, for the rewards, where each line and each redemption stands in it."""

    rows: pa.Table
    line_transaction_ids: Integers
    redemption_transaction_ids: Integers
    occurred_at: Integers
    """UTC microseconds by transaction_id - 1."""


def grocery_ledger(
    purchases: Purchases,
    matched: Sequence[MatchedRedemption],
    descriptions: Mapping[int, str],
    clock: DemoClock,
) -> GroceryLedger:
    """Build the ledger in the order of transaction_id: time, then basket, then credits before debits, then line.

    Ids follow the data set's own time, so that a row keeps its id wherever the dates move.
    """
    import pyarrow as pa

    lines, debits = len(purchases.basket_id), len(matched)
    basket_lines = np.array([match.basket_line for match in matched], np.int64)
    line_of = np.concatenate([np.arange(lines), basket_lines])
    is_debit = np.arange(lines + debits) >= lines
    order = np.lexsort((line_of, is_debit, purchases.basket_id[line_of], purchases.purchased_at[line_of]))
    transaction_ids = np.empty(lines + debits, np.int64)
    transaction_ids[order] = np.arange(1, lines + debits + 1)

    spent = purchases.sales_value + purchases.retail_disc
    discounts = np.array([match.discount for match in matched], np.int64)
    points = np.concatenate([spent, -discounts])[order]
    line_of, is_debit = line_of[order], is_debit[order]
    users = purchases.household_id[line_of]
    occurred_at = clock.move(purchases.purchased_at)[line_of]
    sources, campaigns, coupons = _origin(purchases, matched)

    is_credit = pa.array(~is_debit)
    rows = {
        "transaction_id": pa.array(np.arange(1, lines + debits + 1)),
        "occurred_at": columns.instants(occurred_at),
        "recorded_at": columns.instants(recorded_at(occurred_at)),
        "user_id": pa.array(users),
        "wallet_id": columns.constant(WALLET_ID, lines + debits),
        "transaction_type": columns.pick(("credit", "debit"), is_debit.astype(np.int64)),
        "transaction_source": columns.pick(SOURCES, sources[order]),
        "points": columns.money(points),
        "balance_after": columns.money(running_balance(users, occurred_at, points)),
        "campaign_id": campaigns.take(pa.array(order)),
        "coupon_code": coupons.take(pa.array(order)),
        "order_id": pa.array(purchases.basket_id[line_of]),
        "sale_channel": columns.constant("store", lines + debits),
        "location_id": pa.array(purchases.store_id[line_of]),
        "sale_amount": _where(is_credit, columns.money(purchases.sales_value[line_of])),
        "description": _descriptions(purchases, matched, descriptions).take(pa.array(order)),
    }
    return GroceryLedger(pa.table(rows), transaction_ids[:lines], transaction_ids[lines:], occurred_at)


def running_balance(users: Integers, occurred_at: Integers, points: Integers) -> Integers:
    """Sum each user's cents in (occurred_at, transaction_id) order; rows come in the order of transaction_id."""
    order = np.lexsort((np.arange(len(users)), occurred_at, users))
    total = np.cumsum(points[order])
    starts = np.flatnonzero(np.diff(users[order], prepend=users[order][0] - 1))
    before = np.repeat(total[starts] - points[order][starts], np.diff(starts, append=len(users)))
    balance = np.empty_like(total)
    balance[order] = total - before
    return balance


def recorded_at(occurred_at: Integers) -> Integers:
    """Say when each row was written: seconds later, a few a day later, none of them after the data's end."""
    position = np.arange(len(occurred_at))
    delay = position * 2_654_435_761 % RECORDING_DELAY
    may_be_late = occurred_at < occurred_at.max() - 2 * DAY
    return occurred_at + np.where((position % LATE_EVERY == 0) & may_be_late, DAY, delay)


def _origin(purchases: Purchases, matched: Sequence[MatchedRedemption]) -> tuple[Integers, pa.Array, pa.Array]:
    """Give source, campaign and coupon of each line, then of each redemption.

    A line on which a campaign's coupon was redeemed came through that campaign, another line with a coupon discount
    through a coupon that the data set does not name, and any other line through the programme itself.
    """
    lines = len(purchases.basket_id)
    sources = np.full(lines + len(matched), PROMO_CAMPAIGN, np.int64)
    sources[:lines] = np.where(purchases.coupon_disc > 0, CASHBACK_COUPON, SYSTEM)
    names: list[str | None] = [None]
    codes: list[str | None] = [None]
    redeemed = np.zeros(lines + len(matched), np.int64)
    for number, match in enumerate(matched, start=1):
        names.append(f"campaign-{match.redemption.campaign_id}")
        codes.append(str(match.redemption.coupon_upc))
        at = [*match.discounted_lines, lines + number - 1]
        sources[at] = PROMO_CAMPAIGN
        redeemed[at] = number
    return sources, columns.pick(names, redeemed), columns.pick(codes, redeemed)


def _descriptions(
    purchases: Purchases, matched: Sequence[MatchedRedemption], descriptions: Mapping[int, str]
) -> pa.Array:
    products, position = np.unique(purchases.product_id, return_inverse=True)
    texts = [descriptions.get(int(product)) for product in products]
    redeemed = [f"Coupon {match.redemption.coupon_upc} redeemed" for match in matched]
    index = np.concatenate([position, np.arange(len(redeemed)) + len(texts)])
    return columns.pick([*texts, *redeemed], index)


def _where(condition: pa.Array, values: pa.Array) -> pa.Array:
    """Keep the values where the condition holds; NULL elsewhere."""
    import pyarrow.compute as pc

    return pc.if_else(condition, values, None)
