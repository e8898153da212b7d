"""From a destination in a definition to the area that it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from promo_reports.delivery.amazon_s3 import AmazonS3Area
from promo_reports.delivery.area import Area
from promo_reports.delivery.download_area import DownloadArea
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Destination, Download, Partner
from promo_reports.errors import DestinationRefused
from promo_reports.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def area_for(
    destination: Destination,
    account: Account,
    settings: Settings,
    *,
    client: Callable[[Bucket], S3Client] | None = None,
) -> Area:
    """The area of a destination; nothing is contacted yet.

    The download area is a directory, or the bucket that the settings name. A partner's bucket lies below the account's
    prefix for it, then the definition's. `client` makes S3 clients where there are no Airflow connections.
    DestinationRefused if the bucket is not connected to the account any more.
    """
    if isinstance(destination, Download):
        found = settings.downloads_bucket
        if found is None:
            return DownloadArea(settings.downloads, marked=True)
        name, prefix = found
        return _amazon_s3(Bucket(Partner.AMAZON_S3.value, name, settings.download_connection or "", prefix), "", client)
    bucket = account.bucket(destination.partner.value, destination.bucket)
    if bucket is None:
        raise DestinationRefused(
            f"Bucket {destination.bucket!r} is not connected to the account.",
            f"Add it to partner_exports in {settings.account}, or deliver elsewhere.",
        )
    return _amazon_s3(bucket, destination.prefix, client)


def _amazon_s3(bucket: Bucket, prefix: str, client: Callable[[Bucket], S3Client] | None) -> AmazonS3Area:
    make = (lambda: client(bucket)) if client else None
    return AmazonS3Area(bucket.connection, bucket.name, f"{bucket.prefix}/{prefix}", client=make)
