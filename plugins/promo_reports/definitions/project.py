"""The project of this process: its settings and what is registered in it."""

from __future__ import annotations

from functools import cache

from promo_reports import settings
from promo_reports.definitions.registry import Registry


@cache
def registry() -> Registry:
    """Return the registry of this process; files are read again when they have changed."""
    return Registry(settings.current())
