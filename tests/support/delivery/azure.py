"""A container of the Azure Blob Storage server, as the suites of all destinations and other processes see it.

Azure's library is imported where it is used: only `make test-clouds` has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from devstack.azure import AzureServer
from promo_reports.delivery import Area
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.object_stores import bucket_access
from promo_reports.object_stores.azure_blob.store import AzureBlobStore
from promo_reports.settings import Settings
from tests.support.delivery.exports import PREFIX, REPORT, WINDOW

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient, ContainerClient

CONNECTION = "test_azure"
"""The Airflow connection of the container, where `connect_airflow` has made it."""
AT_ONCE = {"retry_total": 2, "initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
"""Options of a client that tries again without waiting."""


def azure_area(container: str, client: Callable[[], BlobServiceClient], prefix: str = PREFIX) -> Area:
    """The area of a container."""
    return StoredExports(AzureBlobStore(CONNECTION, container, prefix, client=client))


def connect_airflow(monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
    """Make an Airflow connection to a storage account."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps({"conn_type": "wasb", **given}))


@dataclass
class AzurePlace:
    """A container of the server."""

    server: AzureServer
    container: str

    def __post_init__(self) -> None:
        self.client = self.server.client(**AT_ONCE)
        self.area: Area = azure_area(self.container, lambda: self.client)
        self.folder = f"{PREFIX}/{REPORT}/{WINDOW}/"

    @property
    def blobs(self) -> ContainerClient:
        """The container, behind the product's back."""
        return self.client.get_container_client(self.container)

    def settings(self) -> Settings:
        return Settings(download_bucket=f"az://{self.container}/{PREFIX}", download_connection=CONNECTION)

    def contents(self) -> dict[str, bytes]:
        names = [each.name for each in self.blobs.list_blobs()]
        assert all(name.startswith(self.folder) for name in names)
        return {name[len(self.folder) :]: self.blobs.download_blob(name).readall() for name in names}

    def stamps(self) -> dict[str, Any]:
        return {each.name: (each.etag, each.last_modified) for each in self.blobs.list_blobs()}

    def unfinished(self) -> list[str]:
        committed = {each.name for each in self.blobs.list_blobs()}
        return [each.name for each in self.blobs.list_blobs(include=["uncommittedblobs"]) if each.name not in committed]

    def address(self, name: str) -> str:
        return f"az://{self.container}/{self.folder}{name}"

    def everything(self) -> dict[str, bytes]:
        names = [each.name for each in self.blobs.list_blobs()]
        return {name.removeprefix(f"{PREFIX}/"): self.blobs.download_blob(name).readall() for name in names}

    def lay(self, path: str, content: bytes) -> None:
        self.blobs.upload_blob(f"{PREFIX}/{path}", content, overwrite=True)

    def overwrite(self, name: str, content: bytes) -> None:
        self.blobs.upload_blob(self.folder + name, content, overwrite=True)

    def delete(self, name: str) -> None:
        self.blobs.delete_blob(self.folder + name)

    def for_child(self) -> dict[str, str]:
        return {"made_by": __name__, "connection_string": self.server.connection_string, "container": self.container}


def area_for_child(place: dict[str, str], stop: Callable[[], None]) -> Area:
    """The place's area in another process, which stops once: after a block was sent, or before they are committed."""
    from azure.storage.blob import BlobServiceClient

    once = iter([stop])
    stopped_at = place.get("stopped_at", "nowhere")

    def look(moment: str, exchange: Any) -> None:
        if stopped_at == moment == exchange.http_request.query.get("comp") and exchange.http_request.method == "PUT":
            next(once, lambda: None)()

    if seconds := place.get("seconds_to_end"):
        bucket_access.SECONDS_TO_END = float(seconds)
    client = BlobServiceClient.from_connection_string(
        place["connection_string"],
        raw_response_hook=lambda response: look("block", response),
        raw_request_hook=lambda request: look("blocklist", request),
        **AT_ONCE,
    )
    return azure_area(place["container"], lambda: client)
