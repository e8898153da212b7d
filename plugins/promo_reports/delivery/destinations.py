"""Map each kind of destination in `domain.delivery.KINDS` to its code, which is imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.delivery.target import Area
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import DOWNLOAD, Destination, Download
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.port import ObjectStore
from promo_reports.settings import Settings

STORES = {
    DOWNLOAD: ("promo_reports.object_stores.directory", "download_directory"),
    "amazon_s3": ("promo_reports.object_stores.amazon_s3", "amazon_s3_store"),
}
"""Module and name of the function that returns the object store of a bucket of the kind, without contacting it."""


def area_for(destination: Destination, account: Account, settings: Settings) -> Area:
    """Return the area of a destination, without contacting it.

    The download area is a directory, or the bucket that the settings name. A partner's bucket lies below the account's
    prefix for it, then the definition's. DestinationRefused if the bucket is not connected to the account any more, or
    if no code is registered for its kind.
    """
    return StoredExports(store_at(_bucket(destination, account, settings)))


def store_at(bucket: Bucket) -> ObjectStore:
    """Return the object store of a bucket, without contacting it; DestinationRefused where no code is for its kind."""
    if bucket.partner not in STORES:
        place = "/".join(filter(None, (bucket.name, bucket.prefix)))
        raise DestinationRefused(
            f"This release cannot deliver to {bucket.partner}:{place}: it has no code for destinations of the kind "
            f"{bucket.partner!r}.",
            "Deliver elsewhere, or run the release that has it on every worker.",
        )
    module, name = STORES[bucket.partner]
    store: Callable[[Bucket], ObjectStore] = getattr(import_module(module), name)
    return store(bucket)


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
