"""The project that this process works for: its settings and what is registered in it."""

from __future__ import annotations

from functools import cache

from promo_reports import settings
from promo_reports.definitions.registry import Registry


@cache
def registry() -> Registry:
    """The registry of this process; what it reads is read again where a file has changed."""
    return Registry(settings.current())
