"""Draws that look random and never change: a hash of what they are for. No seed, no order, no library version."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, TypeVar

from include.demo.data import source

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
_LAST_DAY = source.DAY_AFTER_LAST - datetime.timedelta(days=2)
"""A day before the data's end, so that what follows a drawn time still ends before the demo's today."""


def draw(*purpose: object) -> int:
    """Draw 64 bits for a purpose, such as ("voucher", campaign, household)."""
    text = "\x1f".join(str(part) for part in purpose)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def happens(percent: int, *purpose: object) -> bool:
    """Decide with a chance of so many percent."""
    return draw("happens", *purpose) % 100 < percent


def choose(choices: Sequence[T], *purpose: object) -> T:
    """Choose one of several."""
    return choices[draw("choose", *purpose) % len(choices)]


def moment_in(first: datetime.date, last: datetime.date, *purpose: object) -> datetime.datetime:
    """Draw a naive local time between 08:00 and 22:00 on a day of `[first, last]` that lies within the data's year."""
    first, last = max(first, source.FIRST_DAY), min(last, _LAST_DAY)
    day = first + datetime.timedelta(days=draw("day", *purpose) % ((last - first).days + 1))
    return datetime.datetime.combine(day, datetime.time(8)) + datetime.timedelta(
        seconds=draw("second", *purpose) % (14 * 3600)
    )
