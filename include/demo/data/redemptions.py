"""Which basket, and which of its lines, a coupon redemption belongs to.

The data set gives a redemption a household, a coupon and a day, but neither a basket nor an amount. Both are in the
purchases: every redemption has a basket of its household that day, and a line whose product the coupon covers and that
carries a coupon discount is what the coupon was taken off. Where no line says so, the amount stays unknown (0.00).
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
from typing import TYPE_CHECKING

import numpy as np

from include.demo.data import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from include.demo.data.source import Integers, Purchases, Redemption

_DAY = 24 * clock.HOUR


@dataclasses.dataclass(frozen=True)
class MatchedRedemption:
    """A redemption in its basket."""

    redemption: Redemption
    basket_line: int
    """Index of one line of the basket: the line the coupon matched best, and through it household, store and time."""
    discounted_lines: tuple[int, ...]
    """The lines the coupon was taken off; no line belongs to two redemptions."""
    discount: int
    """Cents taken off those lines."""


def match(
    redemptions: Iterable[Redemption],
    purchases: Purchases,
    coupon_products: Mapping[tuple[int, int], frozenset[int]],
) -> list[MatchedRedemption]:
    """Give each redemption, in the order of the file, its basket and the lines that no earlier one has taken."""
    wanted = list(redemptions)
    lines = _lines_by_household_and_day(wanted, purchases)
    taken: set[int] = set()
    matched = []
    for redemption in wanted:
        covered = coupon_products[redemption.coupon_upc, redemption.campaign_id]
        candidates = lines[_key(redemption)]
        basket_line = min(candidates, key=lambda line: _rank(line, purchases, covered, taken))
        basket = purchases.basket_id[basket_line]
        discounted = tuple(
            line
            for line in candidates
            if purchases.basket_id[line] == basket and _rank(line, purchases, covered, taken)[0] == 0
        )
        taken.update(discounted)
        discount = sum(int(purchases.coupon_disc[line]) for line in discounted)
        matched.append(MatchedRedemption(redemption, basket_line, discounted, discount))
    return matched


def _rank(line: int, purchases: Purchases, covered: frozenset[int], taken: set[int]) -> tuple[int, int]:
    """Order the lines of a household's day, best first; the earlier of two equals wins."""
    is_covered = int(purchases.product_id[line]) in covered
    is_discounted = purchases.coupon_disc[line] > 0
    if is_covered and is_discounted and line not in taken:
        return 0, line
    if is_covered:
        return 1, line
    return (2 if is_discounted else 3), line


def _key(redemption: Redemption) -> int:
    days = (redemption.redemption_date - datetime.date(1970, 1, 1)).days
    return redemption.household_id * 100_000 + days


def _lines_by_household_and_day(wanted: Iterable[Redemption], purchases: Purchases) -> Mapping[int, list[int]]:
    keys = purchases.household_id * 100_000 + clock.utc_to_local(purchases.purchased_at) // _DAY
    lines: dict[int, list[int]] = collections.defaultdict(list)
    indices: Integers = np.flatnonzero(np.isin(keys, [_key(redemption) for redemption in wanted]))
    for line in indices:
        lines[int(keys[line])].append(int(line))
    return lines
