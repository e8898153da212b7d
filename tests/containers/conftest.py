"""docker-compose.yaml on a Docker daemon of its own: `make test-containers`.

The images that the Dockerfile and the compose file take from a registry are stand-ins made from Debian
(tests/support/containers/stand_ins); the project's own are built from its Dockerfile as it is. The modules run in the
order of `ORDER`, on one deployment: what takes a minute to start is started once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.containers.fixtures import TOLD, docker, stand_ins, up

if TYPE_CHECKING:
    from tests.support.containers.deployment import Deployment

ORDER = ("healthy", "exports", "page", "faults", "backup", "upgrade", "fab")
__all__ = ["docker", "stand_ins"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the order of the modules, and leave time for what builds images."""
    items.sort(key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")))
    for item in items:
        item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def deployment(stand_ins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """This checkout, deployed as docs/deploy.md says, with the demo's data."""
    from tests.support.containers.deployment import Deployment

    deployed = Deployment(tmp_path_factory.mktemp("deployments") / "promo-reports", told=TOLD)
    with up(deployed, stand_ins):
        yield deployed


@pytest.fixture(scope="session")
def image(deployment: Deployment) -> str:
    """The tag of the image that was built from this checkout."""
    return f"promo-reports:{deployment.env['IMAGE_VERSION']}"
