"""Every destination in turn, for the suites that hold all of them to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstack.s3 import S3Server
from tests.support.delivery import memory_destination
from tests.support.delivery.exports import CLOUDS, PLACES, BucketPlace, LocalPlace, MemoryPlace, Place, connect_airflow
from tests.support.delivery.faults import Breakable, breakable_bucket


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
