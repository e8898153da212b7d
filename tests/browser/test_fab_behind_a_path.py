"""Airflow's FAB auth manager behind a base path: the roles of docs/deploy.md, and an address that is not the root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from devstack.logins import FabAuth, Login
from tests.support.browser.pages import Pages
from tests.support.browser.product import WALLET, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.deploy.roles import documented_roles
from tests.support.end_to_end.live import SOON

BASE_PATH = "/airflow"
ANALYST = "WalletAnalyst"
AIRFLOWS_REFUSALS = r" 403\b.*/airflow/(api/v2|ui)/|/airflow/(api/v2|ui)/.* 403 "
"""Airflow's own frame asks for things that a role of few permissions may not see."""
LOGINS = {
    "admin": Login("admin", "Admin"),
    "user": Login("user", "User"),
    "viewer": Login("viewer", "Viewer"),
    "analyst": Login("analyst", ANALYST),
}


@pytest.fixture(scope="module")
def fab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own; an analyst's role can be given DAGs only once there are any."""
    everybody = documented_roles("Everybody who may see Airflow")
    create_role, *add_permissions = documented_roles("One report type only")
    auth = FabAuth(LOGINS, [*everybody, create_role])
    product = Product(tmp_path_factory.mktemp("fab"), auth=auth, base_path=BASE_PATH)
    try:
        product.start()
        product.api.wait_for_dag("promo_reports.type.wallet_transactions", timeout=SOON)
        product.stack.airflow.run_commands(add_permissions)
        yield product
    finally:
        product.stop()


@pytest.fixture
def fab_page(pages: Pages, fab: Product) -> Callable[[str], Page]:
    return lambda user: pages.open(fab, user)


def test_plugins_are_readable_for_every_role(fab: Product) -> None:
    for user in LOGINS:
        with fab.stack.airflow.api(user) as api:
            names = [plugin["name"] for plugin in api.call("GET", "/plugins")["plugins"]]
        assert "promo_reports" in names, user
    assert fab.api.call("GET", "/plugins/importErrors")["import_errors"] == []


def test_a_user_creates_from_the_navigation_and_is_named(fab_page: Callable[[str], Page], fab: Product) -> None:
    name = "By a user of FAB"
    page = fab_page("user")
    page.goto("")
    reports = ReportsPage(page)
    reports.open_from_navigation()
    assert BASE_PATH in page.url
    reports.create_report.click()
    reports.set_up(name, wallet=WALLET, types=["Credit"])
    reports.next_step()
    reports.deliver("Device Storage", range_="Yesterday")
    reports.export()
    expect(reports.status(name, "Created")).to_be_visible(timeout=SOON * 1000)
    expect(reports.cell(name, "user")).to_be_visible()
    with page.expect_download() as started:
        reports.download_of(name).click()
    assert started.value.suggested_filename.endswith(".csv")


def test_a_viewer_looks(fab_page: Callable[[str], Page], fab: Product) -> None:
    fab.create_export("For the viewer of FAB")
    reports = ReportsPage(fab_page("viewer"))
    reports.open()
    expect(reports.row("For the viewer of FAB")).to_be_visible()
    expect(reports.create_report).to_have_count(0)


def test_a_role_of_one_report_type_sees_and_starts_no_other(
    pages: Pages, fab_page: Callable[[str], Page], fab: Product
) -> None:
    other = fab.create_export(
        "A summary", report_type="wallet_summary", filters={"wallet": "fresh"}, date_range="yesterday"
    )
    mine = fab.create_export("By the analyst", user="analyst")
    page = fab_page("analyst")
    pages.expect(AIRFLOWS_REFUSALS)
    reports = ReportsPage(page)
    reports.open()
    expect(reports.row("By the analyst")).to_be_visible()
    expect(reports.row("A summary")).to_have_count(0)
    reports.create_report.click()
    options = reports.field("Promotion Type").get_by_role("option")
    expect(options.filter(has_not_text="Select")).to_have_text(["Loyalty Wallet"])

    assert fab.call("GET", f"exports/{mine['id']}", user="analyst")["created_by"] == "analyst"
    fab.call("GET", f"exports/{other['id']}", user="analyst", expect=404)
    fab.call("POST", "reports", _summary(), user="analyst", expect=403)


def _summary() -> dict[str, Any]:
    return {
        "name": "Not for the analyst",
        "report_type": "wallet_summary",
        "filters": {"wallet": "fresh"},
        "frequency": "one_time",
        "date_range": "yesterday",
        "delivery": ["download"],
    }
