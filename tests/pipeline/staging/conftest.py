"""Every kind of staging area, as its contract sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.delivery.exports import BucketPlace, MemoryPlace
from tests.support.delivery.fixtures import in_bucket, in_memory, local
from tests.support.delivery.staging_areas import InDirectory, InMemory, OnS3, Staging

__all__ = ["in_bucket", "in_memory", "local"]


@pytest.fixture
def staged_in_directory(tmp_path: Path) -> InDirectory:
    """A directory that does not exist yet."""
    return InDirectory(tmp_path / "staging")


@pytest.fixture
def staged_on_s3(in_bucket: BucketPlace, tmp_path: Path) -> OnS3:
    """An empty bucket of the S3 server."""
    return OnS3(in_bucket, tmp_path / "disks")


@pytest.fixture
def staged_in_memory(in_memory: MemoryPlace, tmp_path: Path) -> InMemory:
    """An empty bucket in memory."""
    return InMemory(in_memory, tmp_path / "disks")


@pytest.fixture(params=["staged_in_directory", "staged_on_s3", "staged_in_memory"])
def staging(request: pytest.FixtureRequest) -> Staging:
    """Each kind in turn."""
    given: Staging = request.getfixturevalue(request.param)
    return given
