"""The Reports page of the containers in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from devstack.chromium import launched
from include.demo.exports import demo_exports
from tests.support.browser.pages import Pages, log_in
from tests.support.browser.reports_page import ReportsPage
from tests.support.containers.deployment import Deployment


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """Watched pages: an error in the console or a failed request fails the test that opened them."""
    opened = Pages(browser)
    try:
        yield opened
        opened.check()
    finally:
        opened.close()


def test_whoever_logs_in_sees_the_exports_and_downloads_one(pages: Pages, deployment: Deployment) -> None:
    page = pages.open_nobody(deployment)
    log_in(page, deployment, "user")
    reports = ReportsPage(page)
    reports.open_from_navigation()
    for export in demo_exports():
        expect(reports.status(export.conf["name"], "Created")).to_be_visible()
    with page.expect_download() as started:
        reports.download_of("Past week of Grocery Rewards").click()
    assert started.value.suggested_filename.endswith(".csv")
    reports.show("Recurring")
    expect(reports.row("Daily Wallet Transactions, Grocery Rewards")).to_be_visible()


def test_a_viewer_looks(pages: Pages, deployment: Deployment) -> None:
    reports = ReportsPage(pages.open(deployment, "viewer"))
    reports.open()
    expect(reports.row("Past week of Grocery Rewards")).to_be_visible()
    expect(reports.create_report).to_have_count(0)
