"""The account: its timezone, the first day of its week and the buckets connected to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.delivery import KINDS, PartnerExport
from promo_reports.domain.mask import RECEIVED
from promo_reports.domain.places.export_place import UNPLACED, Placement


@dataclass(frozen=True)
class Bucket:
    """A connected bucket; `connection` is the Airflow connection that holds its credentials.

    `partner` is the key of its kind (`domain.delivery.KINDS`). Everything is written below `prefix`. The download area
    may be a directory in the place of a bucket: its name is its path then.

    `options` are the keys of its kind (`Kind.bucket_keys`) that the account has for it, with their values. `placement`
    is how its exports are placed; a download area has neither. `alias` tells two buckets of one name apart.
    `personal_data` are the keys of the masks that it may receive columns of personal data with.
    """

    partner: str
    name: str
    connection: str
    prefix: str = ""
    options: tuple[tuple[str, str], ...] = ()
    placement: Placement = UNPLACED
    alias: str = ""
    personal_data: tuple[str, ...] = RECEIVED

    @property
    def id(self) -> str:
        """What definitions name it by, once among those of its partner: its alias, or its name where it has none."""
        return self.alias or self.name

    def option(self, key: str) -> str:
        """Return the value of a key of its kind; empty where the account has none."""
        return dict(self.options).get(key, "")

    @property
    def address(self) -> str:
        """The URI below which its files get their addresses: `s3://bi-exports/promo-reports`."""
        return "/".join(filter(None, (f"{KINDS[self.partner].scheme}://{self.name}", self.prefix)))

    def below(self, prefix: str) -> Bucket:
        """Return the same bucket further down, without empty names between the slashes."""
        return replace(self, prefix="/".join(part for part in f"{self.prefix}/{prefix}".split("/") if part))


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

    def bucket(self, partner: str, bucket_id: str) -> Bucket | None:
        """Return the connected bucket of that id, or None."""
        return next((b for b in self.buckets if (b.partner, b.id) == (partner, bucket_id)), None)

    def bucket_of(self, export: PartnerExport) -> Bucket | None:
        """Return the bucket of a partner export, below its own prefix and the export's; None if it is not connected."""
        bucket = self.bucket(export.partner, export.bucket)
        return bucket.below(export.prefix) if bucket else None
