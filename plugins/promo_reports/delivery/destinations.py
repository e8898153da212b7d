"""From a destination in a definition to the area that it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from promo_reports.delivery.amazon_s3 import AmazonS3Area
from promo_reports.delivery.area import Area
from promo_reports.delivery.download_area import DownloadArea
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Destination, Download
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

    A bucket lies below the account's prefix for it, then the definition's. `client` makes S3 clients where there are no
    Airflow connections. DestinationRefused if the bucket is not connected to the account any more.
    """
    if isinstance(destination, Download):
        return DownloadArea(settings.downloads)
    bucket = account.bucket(destination.partner.value, destination.bucket)
    if bucket is None:
        raise DestinationRefused(
            f"Bucket {destination.bucket!r} is not connected to the account.",
            f"Add it to partner_exports in {settings.account}, or deliver elsewhere.",
        )
    make = (lambda: client(bucket)) if client else None
    return AmazonS3Area(bucket.connection, bucket.name, f"{bucket.prefix}/{destination.prefix}", client=make)
