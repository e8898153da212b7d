"""Map each kind of destination in `domain.delivery.KINDS` to its object store, whose code is imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.port import ObjectStore

STORES = {
    DOWNLOAD: ("promo_reports.object_stores.directory.store", "download_directory"),
    "amazon_s3": ("promo_reports.object_stores.amazon_s3.store", "amazon_s3_store"),
    "google_cloud_storage": ("promo_reports.object_stores.google_cloud_storage.store", "google_cloud_storage_store"),
    "azure_blob": ("promo_reports.object_stores.azure_blob.store", "azure_blob_store"),
    "sftp": ("promo_reports.object_stores.sftp.store", "sftp_store"),
}
"""Module and name of the function that returns the object store of a bucket of the kind, without contacting it."""


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
