"""The account: its timezone, the first day of its week and the buckets connected to it."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from promo_reports.domain.timezones import load_timezone


@dataclass(frozen=True)
class Bucket:
    """A connected bucket; `connection` is the Airflow connection that holds its credentials."""

    partner: str
    name: str
    connection: str
    prefix: str = ""


@dataclass(frozen=True)
class Account:
    """What every report of the account shares."""

    timezone: str
    week_starts_on: str
    buckets: tuple[Bucket, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The account's timezone."""
        return load_timezone(self.timezone)

    def bucket(self, partner: str, name: str) -> Bucket | None:
        """The connected bucket of that name, or None."""
        return next((b for b in self.buckets if (b.partner, b.name) == (partner, name)), None)
