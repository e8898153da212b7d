"""The areas of destinations: where each of an account's destinations keeps the folders of its exports."""

from __future__ import annotations

from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.delivery.target import Area
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import DOWNLOAD, Destination, Download, PartnerExport
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.stores import store_at
from promo_reports.settings import Settings


def area_for(destination: Destination, account: Account, settings: Settings) -> Area:
    """Return the area of a destination, without contacting it.

    The download area is a directory, or the bucket that the settings name. A partner's bucket lies below the account's
    prefix for it, then the definition's. DestinationRefused if the bucket is not connected to the account any more, or
    if no code is registered for its kind.
    """
    bucket = _bucket(destination, account, settings)
    return StoredExports(store_at(bucket), None if isinstance(destination, Download) else bucket.placement)


def buckets_by_id(account: Account, settings: Settings) -> dict[str, Bucket]:
    """Return every destination by its id: `download`, then `amazon_s3:bi-exports` of each connected bucket."""
    connected = {str(PartnerExport(each.partner, each.id)): each for each in account.buckets}
    return {DOWNLOAD: settings.download_area, **connected}


def _bucket(destination: Destination, account: Account, settings: Settings) -> Bucket:
    if isinstance(destination, Download):
        return settings.download_area
    bucket = account.bucket_of(destination)
    if bucket is None:
        raise DestinationRefused(
            f"Bucket {destination.bucket!r} is not connected to the account.",
            f"Add it to partner_exports in {settings.account}, or deliver elsewhere.",
        )
    return bucket
