"""docker-compose.yaml with deploy/cluster.yaml on a Docker daemon of its own: `make cluster`.

Two Celery workers have disks of their own, and no host shares anything but the S3 server. Images are those of
tests/containers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.containers.cluster import Cluster
from tests.support.containers.fixtures import TOLD, docker, stand_ins, up

__all__ = ["docker", "stand_ins"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave time for what builds images."""
    for item in items:
        item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def cluster(stand_ins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """This checkout on two workers, with the demo's data."""
    deployed = Cluster(tmp_path_factory.mktemp("cluster") / "promo-reports", told=TOLD, overlay="deploy/cluster.yaml")
    with up(deployed, stand_ins):
        yield deployed
