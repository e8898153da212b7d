"""Decimals without rounding: Python's own sums keep 28 digits, a promo database may hold 131,072."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

# PostgreSQL's numeric has at most 131,072 digits before the point and 16,383 after it. Room costs nothing until used.
_DIGITS = 160_000
EXACT = Context(prec=_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(prec=_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """Return the sum with all its digits; NaN where a number is not finite."""
    total = Decimal(0)
    for number in numbers:
        if not number.is_finite():
            return Decimal("NaN")
        total = EXACT.add(total, number)
    return total


def at_scale(number: Decimal, scale: int | None) -> Decimal:
    """Return the number rounded, a half away from zero as PostgreSQL does, or padded to `scale` digits after the point.

    A number that is not finite is returned unchanged.
    """
    if scale is None or not number.is_finite():
        return number
    return number.quantize(Decimal(1).scaleb(-scale), context=_ROUNDING)
