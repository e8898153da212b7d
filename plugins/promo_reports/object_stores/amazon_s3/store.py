"""Buckets of Amazon S3, and of servers with its protocol, as an object store."""

from __future__ import annotations

from promo_reports.domain.account import Bucket
from promo_reports.object_stores.amazon_s3 import errors
from promo_reports.object_stores.amazon_s3.client import ClientFactory, through_airflow
from promo_reports.object_stores.amazon_s3.objects import AmazonS3Objects
from promo_reports.object_stores.amazon_s3.write_options import WriteOptions
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.bucket_store import BucketStore


def amazon_s3_store(bucket: Bucket) -> AmazonS3Store:
    """Return the store of a connected bucket, with the credentials of its Airflow connection."""
    return AmazonS3Store(bucket.connection, bucket.name, bucket.prefix, options=WriteOptions.of(bucket))


class AmazonS3Store(BucketStore[AmazonS3Objects]):
    """A bucket below a prefix; addresses are `s3://bucket/key`.

    `connection` is the Airflow connection with the credentials. `client` replaces it for tests, which have none; then
    the name only appears in messages.
    """

    def __init__(
        self,
        connection: str,
        bucket: str,
        prefix: str = "",
        *,
        options: WriteOptions | None = None,
        client: ClientFactory | None = None,
    ) -> None:
        access = BucketAccess(bucket, connection, client or through_airflow(connection), errors)
        asked = options or WriteOptions()
        super().__init__(prefix, lambda below: AmazonS3Objects(access, below, asked))
