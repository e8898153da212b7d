"""The release before, upgraded to what is checked out by the commands of docs/deploy.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from tests.support.containers import official_images
from tests.support.containers.deployment import Deployment
from tests.support.containers.docker import images
from tests.support.containers.exports import Export, create_report, listed
from tests.support.containers.steps import told
from tests.support.deploy.composition import names
from tests.support.deploy.documented import commands

RELEASE = "816e0b0"
"""0.1.0 has no tag: this is the commit that keeps what it stored and answered (tests/fixtures/0.1.0)."""
REPORT, EXPORT = "Kept by the upgrade", "Before the upgrade"


class Upgraded(NamedTuple):
    """A deployment of today, and the file that its release before gave for the export."""

    deployment: Deployment
    file_before: bytes


@pytest.fixture(scope="module")
def upgraded(
    deployment: Deployment, image: str, stand_ins: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    """A deployment of the release before with a report and an export, then upgraded."""
    deployment.compose("down", "--volumes")
    deployed = Deployment(tmp_path_factory.mktemp("deployments") / "release", RELEASE)
    with told(f"images of {RELEASE}"):
        official_images.stand_in(stand_ins, deployed.directory, packages_of=image)
        deployed.build()
    try:
        with told(f"docker compose up, of {RELEASE}"):
            deployed.compose("up", "--detach")
            deployed.load_rows()
            deployed.wait_answer()
        create_report(deployed, REPORT)
        Export.start(deployed, EXPORT).wait()
        before = file_of(deployed)
        with told("the upgrade"):
            deployed.sh(commands("deploy.md", "Upgrade and the way back")[0])
            deployed.wait_answer()
        yield Upgraded(deployed, before)
    finally:
        deployed.compose("down", "--volumes")


def file_of(deployed: Deployment) -> bytes:
    """What a person gets who downloads the export."""
    (export,) = listed(deployed, EXPORT)
    return deployed.request("GET", f"exports/{export['id']}/download").content


def test_what_was_made_before_is_still_there(upgraded: Upgraded) -> None:
    assert [each["status"] for each in listed(upgraded.deployment, EXPORT)] == ["created"]
    assert file_of(upgraded.deployment) == upgraded.file_before
    (report,) = upgraded.deployment.call("GET", f"reports?{urlencode({'q': REPORT})}")["items"]
    with upgraded.deployment.api() as api:
        api.wait_for_dag(f"promo_reports.report.{report['id']}")
        assert api.import_errors() == {}


def test_the_image_before_is_still_there(upgraded: Upgraded) -> None:
    assert upgraded.deployment.image("worker") != "promo-reports:0.1.0"
    assert "promo-reports:0.1.0" in images()


def test_exports_run_and_every_server_is_healthy(upgraded: Upgraded) -> None:
    Export.start(upgraded.deployment, "After the upgrade").wait()
    upgraded.deployment.wait_healthy(names(one_off=False))
