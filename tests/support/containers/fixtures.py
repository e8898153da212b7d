"""What every suite on containers begins with: a daemon of its own, and what stand-ins are built from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.support.containers.steps import told

if TYPE_CHECKING:
    from tests.support.containers.deployment import Deployment

Deployed = TypeVar("Deployed", bound="Deployment")
HEARTBEAT_TIMEOUT = "30"
"""Seconds after which a killed worker's tasks are tried again; the compose file has 300."""
TOLD = {
    "scheduler": {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": HEARTBEAT_TIMEOUT},
    "worker": {"PROMO_REPORTS_RETRY_DELAY_SECONDS": "1"},
}
"""Variables of services that differ from the compose file's, so that retries come soon."""


@pytest.fixture(scope="session", autouse=True)
def docker() -> None:
    """Refuse any daemon but the one of this run: stand-ins have the names of official images."""
    if "promo-reports-docker-" not in os.environ.get("DOCKER_HOST", ""):
        pytest.exit("These tests need a Docker daemon of their own: make test-containers, make cluster", returncode=1)


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stand-ins are built from; Compose is installed, too."""
    from tests.support.containers import official_images

    context = tmp_path_factory.mktemp("stand-ins")
    with told("Compose and the packages of stand-ins"):
        official_images.prepare(context)
        official_images.install_compose(context, Path(os.environ["DOCKER_CONFIG"]))
    return context


@contextmanager
def up(deployment: Deployed, stand_ins: Path) -> Iterator[Deployed]:
    """Build a deployment's images, start it with the demo's data, and take it down again."""
    from tests.support.containers import official_images

    with told("stand-ins for official images"):
        official_images.stand_in(stand_ins, deployment.directory)
    with told("docker compose build"):
        deployment.build("demo-data")
    try:
        with told("docker compose up"):
            deployment.compose("up", "--detach")
        with told("docker compose run demo-data"):
            deployment.compose("run", "--rm", "demo-data")
        yield deployment
    finally:
        with told("docker compose down"):
            deployment.compose("--profile", "demo-data", "down", "--volumes")
