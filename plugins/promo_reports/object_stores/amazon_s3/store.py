"""Buckets of Amazon S3, and of servers with its protocol, as an object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from promo_reports.domain.account import Bucket
from promo_reports.object_stores.amazon_s3 import errors
from promo_reports.object_stores.amazon_s3.client import ClientFactory, through_airflow
from promo_reports.object_stores.amazon_s3.objects import AmazonS3Objects
from promo_reports.object_stores.amazon_s3.write_options import WriteOptions
from promo_reports.object_stores.bucket_access import BucketAccess


def amazon_s3_store(bucket: Bucket) -> AmazonS3Store:
    """Return the store of a connected bucket, with the credentials of its Airflow connection."""
    return AmazonS3Store(bucket.connection, bucket.name, bucket.prefix, options=WriteOptions.of(bucket))


class AmazonS3Store:
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
        self._access = BucketAccess(bucket, connection, client or through_airflow(connection), errors)
        self._options = options or WriteOptions()
        self._prefix = "".join(f"{part}/" for part in prefix.split("/") if part)

    @contextmanager
    def folder(self, *names: str) -> Iterator[AmazonS3Objects]:
        """Return the keys of one folder; nothing is locked, conditional PUTs decide."""
        yield self._objects(names)

    def reading(self, *names: str) -> AbstractContextManager[AmazonS3Objects]:
        """Return the same keys: without a lock there is nothing to leave out."""
        return self.folder(*names)

    def idle_folder(self, *names: str) -> AbstractContextManager[AmazonS3Objects]:
        """Open the same keys: a bucket has no locks."""
        return self.folder(*names)

    def folders(self, *names: str) -> Sequence[str]:
        """List the common prefixes up to the next `/`."""
        return self._objects(names).folders()

    def remove_empty(self, *names: str) -> bool:
        """Return whether no key is left."""
        return not self._objects(names).entries()

    def check_visible(self) -> None:
        """Leave it at that: a bucket that is not there, or is closed to us, has been refused before."""

    def _objects(self, names: Sequence[str]) -> AmazonS3Objects:
        return AmazonS3Objects(self._access, self._prefix + "".join(f"{each}/" for each in names), self._options)
