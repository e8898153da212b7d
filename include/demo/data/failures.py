"""User errors, generated: the data set has none. Each is of a member of one of its campaigns while it ran.

The vocabulary is that of CleverTap's promo campaign errors.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from include.demo.data import columns, draws, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from include.demo.data.clock import DemoClock
    from include.demo.data.source import Campaign

MEMBERS_WITH_ERROR = 25
"""Percent of the campaign memberships."""
ATTEMPTS = 3
MESSAGES: dict[str, tuple[str, ...]] = {
    "wallet_points": (
        "Invalid wallet configuration",
        "Inactive user wallet",
        "Invalid points calculated",
        "User's reward recurrence limit exceeded",
        "Campaign's points budget exceeded",
        "User's points budget exceeded",
        "Points credit failed",
    ),
    "coupon": (
        "Invalid coupon configuration",
        "Inactive coupon",
        "Campaign's coupon limit exceeded",
        "User's coupon limit exceeded",
        "Codes from bulk coupon series exhausted",
        "Coupon redemption limit exceeded",
        "Coupon assignment failed",
    ),
    "partner_voucher": (
        "Invalid voucher configuration",
        "Inactive voucher list",
        "Campaign's voucher code limit exceeded",
        "User's voucher code limit exceeded",
        "Codes from voucher list exhausted",
        "Voucher code assignment failed",
    ),
}


def error_code(message: str) -> str:
    """Name a message: "User's coupon limit exceeded" is user_coupon_limit_exceeded."""
    return re.sub(r"\W+", "_", message.lower().replace("'s", ""))


def user_errors(
    campaigns: Mapping[int, Campaign], memberships: Sequence[tuple[int, int]], clock: DemoClock
) -> pa.Table:
    """Let some members' rewards fail, one to three attempts each, a quarter of an hour apart."""
    import pyarrow as pa

    drawn: list[tuple[datetime.datetime, int, int, str, str, int]] = []
    for campaign_id, household in memberships:
        purpose = ("error", campaign_id, household)
        if not draws.happens(MEMBERS_WITH_ERROR, *purpose):
            continue
        campaign = campaigns[campaign_id]
        first = draws.moment_in(campaign.start_date, campaign.end_date, *purpose)
        reward_type = draws.choose(tuple(MESSAGES), "reward", *purpose)
        message = draws.choose(MESSAGES[reward_type], "message", *purpose)
        for attempt in range(1, 2 + draws.draw("attempts", *purpose) % ATTEMPTS):
            moment = first + datetime.timedelta(minutes=15) * (attempt - 1)
            drawn.append((moment, campaign_id, household, reward_type, message, attempt))
    drawn.sort()
    moments, campaign_ids, households, reward_types, messages, attempts = zip(*drawn, strict=True)
    occurred_at = clock.move_local(moments)
    rows = {
        "error_id": pa.array(range(1, len(drawn) + 1), pa.int64()),
        "occurred_at": columns.instants(occurred_at),
        "recorded_at": columns.instants(ledger.recorded_at(occurred_at)),
        "campaign_id": columns.words([f"campaign-{campaign}" for campaign in campaign_ids]),
        "user_id": pa.array(households, pa.int64()),
        "reward_type": columns.words(reward_types),
        "error_code": columns.words([error_code(message) for message in messages]),
        "error_message": columns.words(messages),
        "attempt": pa.array(attempts, pa.int64()),
    }
    return pa.table(rows)
