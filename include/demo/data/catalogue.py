"""Wallets, campaigns and voucher lists: the few rows that all others refer to."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from include.demo.data import clock as clocks
from include.demo.data import columns, generated_ledger, ledger, vouchers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from include.demo.data.clock import DemoClock
    from include.demo.data.source import Campaign

WALLETS = (
    (ledger.WALLET_ID, "Grocery Rewards"),
    (generated_ledger.LOAD_WALLET_ID, "Generated Load (synthetic)"),
)
_DAY = datetime.timedelta(days=1)


def wallets(clock: DemoClock, first_day: datetime.date) -> pa.Table:
    """List the wallets; the data set names no day of creation, so it is the first day of the data."""
    import pyarrow as pa

    ids, names = zip(*WALLETS, strict=True)
    rows = {
        "wallet_id": columns.words(ids),
        "name": columns.words(names),
        "points_name": columns.constant("points", len(ids)),
        "status": columns.constant("active", len(ids)),
        "created_at": columns.instants(clock.move_days([first_day] * len(ids))),
    }
    return pa.table(rows)


def campaigns(described: Sequence[Campaign], clock: DemoClock) -> pa.Table:
    """List the campaigns of the data set, whose last day is whole, and the labelled one of the generated wallets."""
    import pyarrow as pa

    starts = [*clock.move_days([campaign.start_date for campaign in described])]
    ends = [*clock.move_days([campaign.end_date + _DAY for campaign in described])]
    starts.append(_microseconds(clocks.midnight(generated_ledger.window_start(clock.today))))
    ends.append(_microseconds(clocks.midnight(clock.today + datetime.timedelta(days=150))))
    now = _microseconds(clocks.midnight(clock.today))
    rows = {
        "campaign_id": columns.words(
            [*(f"campaign-{campaign.campaign_id}" for campaign in described), generated_ledger.CAMPAIGN_ID]
        ),
        "name": columns.words(
            [
                *(f"Campaign {campaign.campaign_id} ({campaign.campaign_type})" for campaign in described),
                "Generated Campaign (synthetic)",
            ]
        ),
        "campaign_type": columns.words([*(campaign.campaign_type for campaign in described), "synthetic"]),
        "status": columns.words(
            [
                "scheduled" if start > now else "ended" if end <= now else "running"
                for start, end in zip(starts, ends, strict=True)
            ]
        ),
        "starts_at": columns.instants([int(start) for start in starts]),
        "ends_at": columns.instants([int(end) for end in ends]),
    }
    return pa.table(rows)


def voucher_lists(clock: DemoClock) -> pa.Table:
    """List the generated partners' voucher lists."""
    import pyarrow as pa

    expiries = [
        None if offer.expires_on is None else int(clock.move_days([offer.expires_on])[0]) for offer in vouchers.LISTS
    ]
    rows = {
        "voucher_list_id": columns.words([offer.voucher_list_id for offer in vouchers.LISTS]),
        "partner": columns.words([offer.partner for offer in vouchers.LISTS]),
        "list_tag": columns.words([offer.list_tag for offer in vouchers.LISTS]),
        "status": columns.words([offer.status for offer in vouchers.LISTS]),
        "expires_at": columns.instants(expiries),
    }
    return pa.table(rows)


def _microseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
