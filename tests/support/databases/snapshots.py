"""A snapshot of PostgreSQL as tests open one, and the errors that it owes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery

SECRET = "p@ss:word/"


def snapshot(source: Source, zone: str = "UTC", minutes: float = 1) -> PostgresSnapshot:
    return PostgresSnapshot(source, ZoneInfo(zone), TimeLimits(minutes * 60))


def setting(given: PostgresSnapshot, name: str) -> object:
    return given.fetch(BoundQuery(f"SELECT current_setting('{name}')", {}))[0][0]


@contextlib.contextmanager
def failing(kind: type[PromoReportsError], *words: str, secret: str = SECRET) -> Iterator[None]:
    """An error of this class, not of one above it, whose message has the words and no secret."""
    with pytest.raises(PromoReportsError) as caught:
        yield
    message = str(caught.value)
    assert type(caught.value) is kind, message
    for word in ("'promo_db'", *words):
        assert word in message
    for hidden in {secret, quote(secret, safe=""), "postgresql://"}:
        assert hidden not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.fix


EXPECTED_SETTINGS = {
    "transaction_isolation": "repeatable read",
    "transaction_read_only": "on",
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "ISO, YMD",
    "client_encoding": "UTF8",
    "statement_timeout": "7min",
    "application_name": "promo-reports",
    "client_connection_check_interval": "2s",
}
