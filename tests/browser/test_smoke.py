"""The first to run: whoever logs in finds the Reports page in Airflow's navigation."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.browser.pages import Pages, log_in
from tests.support.browser.product import Product
from tests.support.browser.reports_page import ReportsPage


def test_logging_in_leads_to_airflows_home(pages: Pages, product: Product) -> None:
    page = pages.open_nobody(product)
    log_in(page, product, "admin")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_reports_open_from_the_navigation(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    page.goto("")
    reports = ReportsPage(page)
    reports.open_from_navigation()
    expect(reports.create_report).to_be_visible()
    expect(reports.tab("One Time")).to_have_attribute("aria-selected", "true")
