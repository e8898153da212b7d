"""Every destination, as the contract suite sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.demo.stack.s3 import S3Server
from tests.delivery.exports import BucketPlace, LocalPlace, Place, connect_airflow


@pytest.fixture
def local(tmp_path: Path) -> LocalPlace:
    """An empty download area that does not exist yet."""
    return LocalPlace(tmp_path / "downloads")


@pytest.fixture
def in_bucket(s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> BucketPlace:
    """An empty bucket, with its Airflow connection."""
    connect_airflow(monkeypatch, s3.endpoint_url)
    return BucketPlace(s3.client(), s3.endpoint_url, bucket)


@pytest.fixture(params=["local", "in_bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each destination in turn."""
    given: Place = request.getfixturevalue(request.param)
    return given
