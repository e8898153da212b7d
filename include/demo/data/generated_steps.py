"""The script that every user of a generated wallet repeats: all transaction types, all sources, all relations.

Amounts are whole multiples of two hashes, h1 and h2, drawn per user and round. The last step leaves `LEFT_OVER` cents
whatever they are, so a balance is known from the step alone and no row needs the rows before it: PostgreSQL generates
any number of rows in the order of time without sorting them.
"""

from __future__ import annotations

import dataclasses
import itertools

LEFT_OVER = 500
"""Cents that a round adds to a user's balance. The smallest h1 and h2 (100) keep the last debit negative."""
LEAD_IN = -1
"""Users start at different steps of the script by way of this one, a number of equal grants."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One row of the script."""

    transaction_type: str
    transaction_source: str
    h1: int = 0
    h2: int = 0
    cents: int = 0
    related: int | None = None
    """The step whose row this one names."""
    sale: bool = False
    """Has an order, a channel, a location and an amount."""
    coupon: bool = False
    expires: bool = False


STEPS: tuple[Step, ...] = (
    Step("credit", "system", h1=3, sale=True, expires=True),
    Step("promised", "promo_campaign", h2=2),
    Step("credit", "cashback_coupon", h2=2, sale=True, coupon=True, expires=True),
    Step("debit", "api", h1=-2, sale=True),
    Step("credit", "api", h1=4, sale=True, expires=True),
    Step("credit", "promo_campaign", h2=2, related=1, expires=True),
    Step("reverse", "api", h1=-4, related=4, sale=True),
    Step("credit", "promo_campaign", h2=3, expires=True),
    Step("debit", "system", h2=-1),
    Step("refund", "api", h1=1, related=3),
    Step("credit", "manual", h2=1, expires=True),
    Step("promised", "api", h1=5, sale=True),
    Step("expired", "promo_campaign", h2=-2, related=7),
    Step("credit", "system", h1=1, sale=True, expires=True),
    Step("debit", "manual", h2=-1),
    Step("credit", "api", h1=5, related=11, sale=True, expires=True),
    Step("expired", "system", h1=-1, related=0),
    Step("reverse", "cashback_coupon", h2=-2, related=2, sale=True, coupon=True),
    Step("debit", "cashback_coupon", h1=-3, coupon=True),
    Step("credit", "cashback_coupon", h2=1, sale=True, coupon=True, expires=True),
    Step("debit", "api", h1=-4, h2=-3, cents=LEFT_OVER, sale=True),
)


def step_rows() -> list[tuple[object, ...]]:
    """Give the script to SQL: (step, type, source, points and balance as three factors each, lags, flags).

    Promised points are locked, so they leave the balance alone. Lags count steps, which are rows of the same user.
    """
    counting = [Step("promised", "") if step.transaction_type == "promised" else step for step in STEPS]
    h1 = itertools.accumulate(step.h1 for step in counting)
    h2 = itertools.accumulate(step.h2 for step in counting)
    cents = itertools.accumulate(step.cents for step in counting)
    rows: list[tuple[object, ...]] = [
        (LEAD_IN, "credit", "manual", 0, 0, LEFT_OVER, 0, 0, 0, None, None, None, False, False, False)
    ]
    for number, (step, *balance) in enumerate(zip(STEPS, h1, h2, cents, strict=True)):
        rows.append(
            (
                number,
                step.transaction_type,
                step.transaction_source,
                step.h1,
                step.h2,
                step.cents,
                *balance,
                None if step.related is None else number - step.related,
                _lag_to(number, "credit") if step.transaction_type == "promised" else None,
                _lag_to(number, "expired"),
                step.sale,
                step.coupon,
                step.expires,
            )
        )
    return rows


def _lag_to(number: int, transaction_type: str) -> int | None:
    """Count the steps to the one of that type that names this one."""
    named_by = (
        later
        for later, step in enumerate(STEPS)
        if step.related == number and step.transaction_type == transaction_type
    )
    later = next(named_by, None)
    return None if later is None else later - number
