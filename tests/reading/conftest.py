"""Destinations, each with the ways in which a reader reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from devstack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from promo_reports.reading.rows import file_formats, record_blocks
from tests.support.delivery.exports import CLOUDS, CONNECTION, Place
from tests.support.delivery.fixtures import (
    google_storage,
    in_azure,
    in_bucket,
    in_google,
    in_memory,
    local,
    on_sftp,
)

__all__ = ["google_storage", "in_azure", "in_bucket", "in_google", "in_memory", "local", "on_sftp"]


@dataclass(frozen=True)
class Reached:
    """A destination, and the options with which a reader reaches it."""

    place: Place
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def manifest(self) -> str:
        return self.place.address("manifest.json")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some hundred rows, so that batches are given out before the end of the file."""
    monkeypatch.setattr(file_formats, "record_blocks", lambda content: record_blocks.record_blocks(content, 1024))


@pytest.fixture
def aws_environment(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The S3 server as a process finds AWS by its environment."""
    given = {
        "AWS_ENDPOINT_URL": s3.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def _by_environment(request: pytest.FixtureRequest) -> Reached:
    request.getfixturevalue("aws_environment")
    return Reached(request.getfixturevalue("in_bucket"))


def _by_connection(request: pytest.FixtureRequest, fixture: str, connection: str) -> Reached:
    return Reached(request.getfixturevalue(fixture), {"connection": connection})


def _by_filesystem(request: pytest.FixtureRequest) -> Reached:
    from pyarrow import fs

    s3 = request.getfixturevalue("s3")
    filesystem = fs.S3FileSystem(
        access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, endpoint_override=s3.endpoint_url
    )
    return Reached(request.getfixturevalue("in_bucket"), {"filesystem": filesystem})


def _by_fsspec(request: pytest.FixtureRequest) -> Reached:
    import fsspec  # type: ignore[import-untyped]

    return Reached(request.getfixturevalue("local"), {"filesystem": fsspec.filesystem("file")})


CONNECTIONS = {"in_google": "test_gs", "in_azure": "test_azure", "on_sftp": "test_sftp"}
WAYS = {
    "directory": lambda request: Reached(request.getfixturevalue("local")),
    "directory by fsspec": _by_fsspec,
    "S3 by the environment": _by_environment,
    "S3 by a filesystem": _by_filesystem,
    "S3 by a connection": lambda request: _by_connection(request, "in_bucket", CONNECTION),
    "memory by a connection": lambda request: _by_connection(request, "in_memory", "none"),
}
IN_CLOUDS = [
    pytest.param(
        lambda request, fixture=fixture: _by_connection(request, fixture, CONNECTIONS[fixture]),
        id=f"{key} by a connection",
        marks=pytest.mark.clouds,
    )
    for key, fixture in CLOUDS.items()
]


@pytest.fixture(params=[*(pytest.param(way, id=name) for name, way in WAYS.items()), *IN_CLOUDS])
def reached(request: pytest.FixtureRequest) -> Reached:
    """Each destination in turn, in each way."""
    found: Reached = request.param(request)
    return found
