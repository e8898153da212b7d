"""A second opinion on Google's API: what our own server of it answers, PyPI's emulator answers to the same requests.

It ignores conditions, signs nothing, tells no generation with a download, and gives no reason with its 404, by which
Google tells a missing object from an address that is wrong: so nothing is published to it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devstack.processes import ServerProcess, accepts_connections, free_port
from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.google_cloud_storage.client import Connected, limits, through_airflow
from promo_reports.object_stores.google_cloud_storage.store import PART, GoogleCloudStorage
from tests.support.delivery.exports import PREFIX, REPORT, WINDOW
from tests.support.delivery.google_place import CONNECTION, GooglePlace

if TYPE_CHECKING:
    from google.cloud.storage import Bucket

pytestmark = pytest.mark.clouds
BUCKET = "second-opinion"
FOLDER = f"{PREFIX}/{REPORT}/{WINDOW}/"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running emulator, which keeps everything in memory."""
    port = free_port()
    program = Path(sys.executable).parent / "gcp-storage-emulator"
    command: list[str | Path] = [
        program,
        "start",
        "--host=127.0.0.1",
        f"--port={port}",
        "--in-memory",
        f"--default-bucket={BUCKET}",
    ]
    log = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with ServerProcess("The emulator of Google Cloud Storage", command, log=log) as process:
        process.wait_until(lambda: accepts_connections(port), timeout=60)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=["our own", "the emulator"])
def connected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Connected:
    """A client of each server, with an empty bucket."""
    if request.param == "our own":
        place: GooglePlace = request.getfixturevalue("in_google")
        place.server.buckets[BUCKET] = {}
        return through_airflow(CONNECTION)()
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    address = request.getfixturevalue("emulator")
    credentials = AnonymousCredentials()
    client = Client("second-opinion", credentials, client_options={"api_endpoint": address})
    for blob in client.list_blobs(BUCKET):
        blob.delete()
    return Connected(client, credentials, limits(5, 30, 1))


@pytest.fixture
def bucket(connected: Connected) -> Bucket:
    """The bucket, behind the product's back."""
    return connected.client.bucket(BUCKET)


@pytest.fixture
def store(connected: Connected) -> GoogleCloudStorage:
    """The bucket, as exports are kept in it."""
    return GoogleCloudStorage(CONNECTION, BUCKET, PREFIX, client=lambda: connected)


def test_small_objects_are_put_read_listed_and_deleted(store: GoogleCloudStorage, bucket: Bucket) -> None:
    with store.folder(REPORT, WINDOW) as objects:
        objects.put("state.json", b"one", replacing=None)
        found = objects.get("state.json")
        assert found is not None
        assert found.content == b"one"
        (entry,) = objects.entries()
        objects.put("state.json", b"two", replacing=entry.stamp)
        assert bucket.blob(f"{FOLDER}state.json").download_as_bytes() == b"two"
        (entry,) = objects.entries()
        assert entry.name == "state.json"
        objects.discard("state.json", stamp=entry.stamp)
        assert list(objects.entries()) == []


@pytest.mark.parametrize("size", [5, 2 * PART + 4321], ids=["one request", "resumable"])
def test_a_file_is_uploaded_and_read_in_ranges(
    store: GoogleCloudStorage, bucket: Bucket, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    (tmp_path / "wallets.csv").write_bytes(content)
    file = ExportFile("wallets.csv", 1, size, hashlib.sha256(content).hexdigest())
    with store.folder(REPORT, WINDOW) as objects:
        objects.upload(file, tmp_path / "wallets.csv")
        blob = bucket.blob(f"{FOLDER}wallets.csv")
        assert blob.download_as_bytes(start=size // 2, end=size - 2) == content[size // 2 : -1]
        objects.download(file, tmp_path / "received.csv")
    assert (tmp_path / "received.csv").read_bytes() == content
