"""Containers of Azure Blob Storage as an object store."""

from __future__ import annotations

from promo_reports.domain.account import Bucket
from promo_reports.object_stores.azure_blob import errors
from promo_reports.object_stores.azure_blob.client import ClientFactory, through_airflow
from promo_reports.object_stores.azure_blob.objects import AzureBlobObjects
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.bucket_store import BucketStore


def azure_blob_store(bucket: Bucket) -> AzureBlobStore:
    """Return the store of a connected container, with the credentials of its Airflow connection."""
    return AzureBlobStore(bucket.connection, bucket.name, bucket.prefix)


class AzureBlobStore(BucketStore[AzureBlobObjects]):
    """A container below a prefix; addresses are `az://container/name`, of the connection's storage account.

    `connection` is the Airflow connection with the account and its credentials. `client` replaces it for tests; then
    the name only appears in messages.
    """

    def __init__(
        self, connection: str, container: str, prefix: str = "", *, client: ClientFactory | None = None
    ) -> None:
        access = BucketAccess(container, connection, client or through_airflow(connection), errors)
        super().__init__(prefix, lambda below: AzureBlobObjects(access, below))
