"""Every destination in turn, for the suites that hold all of them to the same."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devstack.azure import AzureServer
from devstack.s3 import S3Server
from devstack.sftp import SftpServer
from tests.support.delivery import azure, memory_destination
from tests.support.delivery.breakable.amazon_s3 import breakable_bucket
from tests.support.delivery.breakable.azure import azure_behind_servers
from tests.support.delivery.breakable.google import google_behind_servers
from tests.support.delivery.breakable.sftp import directory_on_small_disk
from tests.support.delivery.exports import CLOUDS, PLACES, BucketPlace, LocalPlace, MemoryPlace, Place, connect_airflow
from tests.support.delivery.faults import Breakable
from tests.support.delivery.google_place import CONNECTION, GooglePlace
from tests.support.delivery.sftp import SftpPlace
from tests.support.delivery.sftp import connect_airflow as connect_to_sftp

if TYPE_CHECKING:
    from devstack.google_storage import GoogleStorageServer

_directories = itertools.count(1)


@pytest.fixture
def local(tmp_path: Path) -> LocalPlace:
    """An empty download area that does not exist yet."""
    return LocalPlace(tmp_path / "downloads")


@pytest.fixture
def in_bucket(s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> BucketPlace:
    """An empty bucket, with its Airflow connection."""
    connect_airflow(monkeypatch, s3.endpoint_url)
    return BucketPlace(s3.client(), s3.endpoint_url, bucket)


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> MemoryPlace:
    """An empty bucket of a kind that is registered in this process alone."""
    memory_destination.register(monkeypatch, "exports")
    return MemoryPlace("exports")


@pytest.fixture
def breakable_s3(in_bucket: BucketPlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The same bucket, behind servers that refuse."""
    return breakable_bucket(in_bucket, monkeypatch)


@pytest.fixture(scope="session")
def google_storage() -> Iterator[GoogleStorageServer]:
    """A running server of Google's API."""
    from devstack.google_storage import GoogleStorageServer

    with GoogleStorageServer() as server:
        yield server


@pytest.fixture
def in_google(google_storage: GoogleStorageServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[GooglePlace]:
    """An empty bucket of Google Cloud Storage, with its Airflow connection; the server forgets its faults."""
    hooks = {name: getattr(google_storage, name) for name in ("fault", "lost", "part_received", "bytes_per_rewrite")}
    bucket = f"test-bucket-{len(google_storage.buckets) + 1}"
    google_storage.buckets[bucket] = {}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(google_storage.connection()))
    yield GooglePlace(google_storage, bucket)
    vars(google_storage).update(hooks)


@pytest.fixture
def in_azure(azure_server: AzureServer, container: str, monkeypatch: pytest.MonkeyPatch) -> azure.AzurePlace:
    """An empty container, with its Airflow connection."""
    azure.connect_airflow(monkeypatch, extra={"connection_string": azure_server.connection_string})
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return azure.AzurePlace(azure_server, container)


@pytest.fixture
def breakable_google(in_google: GooglePlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The same bucket, behind servers that refuse."""
    return google_behind_servers(in_google, monkeypatch)


@pytest.fixture
def breakable_azure(in_azure: azure.AzurePlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The same container, behind servers that refuse."""
    return azure_behind_servers(in_azure, monkeypatch)


@pytest.fixture
def breakable_sftp(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Breakable]:
    """A directory of the SFTP server on a small disk, and ways to it on which something is wrong."""
    with directory_on_small_disk(sftp, monkeypatch, tmp_path) as directory:
        yield directory


@pytest.fixture
def on_sftp(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> SftpPlace:
    """A directory of the SFTP server that does not exist yet, with its Airflow connection."""
    connect_to_sftp(monkeypatch, sftp)
    return SftpPlace(sftp, f"inbox-{next(_directories)}")


IN_CLOUDS = [pytest.param(fixture, marks=pytest.mark.clouds) for fixture in CLOUDS.values()]


@pytest.fixture(params=[*PLACES.values(), *IN_CLOUDS])
def place(request: pytest.FixtureRequest) -> Place:
    """Each destination in turn."""
    given: Place = request.getfixturevalue(request.param)
    return given


@pytest.fixture(params=["local", "in_bucket", *IN_CLOUDS])
def lasting(request: pytest.FixtureRequest) -> Place:
    """Each destination that is still there when a process has died."""
    given: Place = request.getfixturevalue(request.param)
    return given


@pytest.fixture(params=["in_bucket", pytest.param("in_google", marks=pytest.mark.clouds)])
def unlocked(request: pytest.FixtureRequest) -> Place:
    """Each destination that others may write to meanwhile."""
    given: Place = request.getfixturevalue(request.param)
    return given
