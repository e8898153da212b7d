"""A bucket of `devstack.google_storage` as the tests of destinations see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promo_reports.delivery import Area
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.object_stores.google_cloud_storage.client import ClientFactory
from promo_reports.object_stores.google_cloud_storage.store import GoogleCloudStorage
from promo_reports.settings import Settings
from tests.support.delivery.exports import PREFIX, REPORT, WINDOW

if TYPE_CHECKING:
    from devstack.google_storage import GoogleStorageServer
    from devstack.google_storage_objects import Kept

PARTNER = "google_cloud_storage"
CONNECTION = "test_gs"
"""The Airflow connection of the bucket, which the fixture makes."""


@dataclass
class GooglePlace:
    """A bucket of the server of Google's API, whose objects are read and written without the API."""

    server: GoogleStorageServer
    bucket: str

    def __post_init__(self) -> None:
        self.area: Area = self.through(None)
        self.folder = f"{PREFIX}/{REPORT}/{WINDOW}/"

    def through(self, client: ClientFactory | None, connection: str = CONNECTION) -> Area:
        """The bucket's area, with a client of one's own, or another connection."""
        return StoredExports(GoogleCloudStorage(connection, self.bucket, PREFIX, client=client))

    @property
    def objects(self) -> dict[str, Kept]:
        """Everything in the bucket, by its key."""
        return self.server.buckets[self.bucket]

    def settings(self) -> Settings:
        return Settings(download_bucket=f"gs://{self.bucket}/{PREFIX}", download_connection=CONNECTION)

    def contents(self) -> dict[str, bytes]:
        assert all(key.startswith(self.folder) for key in self.objects)
        return {key[len(self.folder) :]: each.content for key, each in self.objects.items()}

    def stamps(self) -> dict[str, Any]:
        return {key: each.generation for key, each in self.objects.items()}

    def unfinished(self) -> list[str]:
        """None: sessions of resumable uploads are seen by nobody but who has their address."""
        return []

    def address(self, name: str) -> str:
        return f"gs://{self.bucket}/{self.folder}{name}"

    def everything(self) -> dict[str, bytes]:
        return {key.removeprefix(f"{PREFIX}/"): each.content for key, each in self.objects.items()}

    def lay(self, path: str, content: bytes) -> None:
        self.server.keep(self.bucket, f"{PREFIX}/{path}", content, {})

    def overwrite(self, name: str, content: bytes) -> None:
        self.server.keep(self.bucket, self.folder + name, content, {})

    def delete(self, name: str) -> None:
        del self.objects[self.folder + name]

    def for_child(self) -> dict[str, str]:
        return {"partner": PARTNER, "name": self.bucket, "connection": CONNECTION, "prefix": PREFIX}
