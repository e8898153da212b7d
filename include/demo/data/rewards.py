"""Reward assignments: who got what from which campaign.

Mapped: a coupon redeemed is a coupon reward worth what it took off, and a line that it was redeemed on is a reward of
that line's points, so rewards and ledger can be reconciled. Generated: partner vouchers, and the generated wallet's
points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from include.demo.data import columns, generated_ledger, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg2.extensions
    import pyarrow as pa

    from include.demo.data.ledger import GroceryLedger
    from include.demo.data.redemptions import MatchedRedemption
    from include.demo.data.source import Purchases
    from include.demo.data.vouchers import VoucherAssignments

_Reward = tuple[int, str, int, str, int, "str | None", "str | None", "str | None", "int | None"]


def campaign_rewards(
    purchases: Purchases,
    matched: Sequence[MatchedRedemption],
    grocery: GroceryLedger,
    assignments: VoucherAssignments,
) -> pa.Table:
    """List the rewards of the data set's campaigns in the order of time."""
    import pyarrow as pa

    rewards = sorted([*_from_redemptions(purchases, matched, grocery), *_from_vouchers(assignments)], key=_order)
    assigned_at, campaigns, users, types, values, wallets, coupons, vouchers, transactions = zip(*rewards, strict=True)
    moments = np.array(assigned_at, np.int64)
    rows = {
        "assignment_id": pa.array(range(1, len(rewards) + 1), pa.int64()),
        "assigned_at": columns.instants(moments),
        "recorded_at": columns.instants(ledger.recorded_at(moments)),
        "campaign_id": columns.words(campaigns),
        "user_id": pa.array(users, pa.int64()),
        "reward_type": columns.words(types),
        "reward_value": columns.money(np.array(values, np.int64)),
        "wallet_id": columns.words(wallets),
        "coupon_code": columns.words(coupons),
        "voucher_code": columns.words(vouchers),
        "transaction_id": pa.array(transactions, pa.int64()),
    }
    return pa.table(rows)


def generated_rewards(connection: psycopg2.extensions.connection, first_assignment_id: int) -> int:
    """Give the generated wallet's campaign credits their rewards, so that the two can be reconciled there too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reward_assignments (assignment_id, assigned_at, recorded_at, campaign_id, user_id,"
            " reward_type, reward_value, wallet_id, transaction_id)"
            " SELECT %s - 1 + row_number() OVER (ORDER BY transaction_id), occurred_at, recorded_at, campaign_id,"
            " user_id, 'wallet_points', points, wallet_id, transaction_id FROM wallet_transactions"
            " WHERE wallet_id = %s AND transaction_type = 'credit' AND transaction_source = 'promo_campaign'",
            (first_assignment_id, generated_ledger.LOAD_WALLET_ID),
        )
        return cursor.rowcount


def _from_redemptions(
    purchases: Purchases, matched: Sequence[MatchedRedemption], grocery: GroceryLedger
) -> list[_Reward]:
    rewards: list[_Reward] = []
    for match, debit in zip(matched, grocery.redemption_transaction_ids, strict=True):
        campaign = f"campaign-{match.redemption.campaign_id}"
        user, coupon = match.redemption.household_id, str(match.redemption.coupon_upc)
        moment = int(grocery.occurred_at[debit - 1])
        rewards.append((moment, campaign, user, "coupon", match.discount, ledger.WALLET_ID, coupon, None, int(debit)))
        for line in match.discounted_lines:
            credit = int(grocery.line_transaction_ids[line])
            points = int(purchases.sales_value[line] + purchases.retail_disc[line])
            rewards.append((moment, campaign, user, "wallet_points", points, ledger.WALLET_ID, coupon, None, credit))
    return rewards


def _from_vouchers(assignments: VoucherAssignments) -> list[_Reward]:
    return [
        (int(moment), f"campaign-{campaign}", household, "partner_voucher", offer.face_value, None, None, code, None)
        for moment, campaign, household, offer, code in zip(
            assignments.assigned_at,
            assignments.campaigns,
            assignments.households,
            assignments.offers,
            assignments.codes,
            strict=True,
        )
        if campaign is not None
    ]


def _order(reward: _Reward) -> tuple[int, int, str]:
    """Order by time, then by the ledger's row, then by voucher code."""
    return reward[0], reward[8] or 0, reward[7] or ""
