"""The image of requirements-fab.txt, by the two lines of .env that docs/deploy.md names, with people that FAB knows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devstack.chromium import launched
from tests.support.browser.pages import Pages, log_in
from tests.support.browser.reports_page import ReportsPage
from tests.support.containers import official_images
from tests.support.containers.deployment import Deployment
from tests.support.containers.steps import told
from tests.support.deploy.documented import commands
from tests.support.deploy.roles import documented_roles


@pytest.fixture(scope="module")
def fab(
    deployment: Deployment, image: str, stand_ins: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A new deployment with FAB, its roles, and the users `admin` and `user`."""
    deployment.compose("down", "--volumes")
    deployed = Deployment(tmp_path_factory.mktemp("deployments") / "fab")
    lines = commands("deploy.md", "Roles of people")[0].splitlines()
    deployed.set(**dict(line.split("=", 1) for line in lines))
    with told("the image with FAB"):
        official_images.stand_in(stand_ins, deployed.directory, packages_of=image)
        deployed.build()
    try:
        with told("docker compose up, with FAB"):
            deployed.compose("up", "--detach")
        create_users(deployed)
        deployed.wait_answer()
        yield deployed
    finally:
        deployed.compose("down", "--volumes")


def create_users(deployed: Deployment) -> None:
    """Run the documented commands; passwords are typed where somebody runs them."""
    for words in documented_roles("Everybody who may see Airflow"):
        deployed.sh(f"docker compose exec -T api-server airflow {shlex.join(words)}")
    for name, role in (("admin", "Admin"), ("user", "User")):
        words = ["--role", role, "--username", name, "--email", f"{name}@example.com", "--firstname", name]
        words += ["--lastname", "L", "--password", deployed.password(name)]
        deployed.sh(f"docker compose exec -T api-server airflow users create {shlex.join(words)}")


def test_people_of_fab_log_in_and_see_the_page(fab: Deployment) -> None:
    with launched() as browser:
        pages = Pages(browser)
        try:
            page = pages.open_nobody(fab)
            log_in(page, fab, "user")
            reports = ReportsPage(page)
            reports.open_from_navigation()
            expect(reports.create_report).to_be_visible()
            pages.check()
        finally:
            pages.close()


def test_airflow_has_every_dag_and_no_import_error(fab: Deployment) -> None:
    with fab.api() as api:
        api.wait_for_dag("promo_reports.type.wallet_transactions")
        assert api.import_errors() == {}
