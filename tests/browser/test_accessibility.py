"""Everybody can use it: axe in both themes, the keyboard alone, a narrow screen, times of the account's timezone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.accessibility import check_accessibility
from tests.support.browser.keyboard import Keyboard
from tests.support.browser.product import MISSING, WALLET, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.end_to_end.live import SOON, to

NARROW = 375
TOO_WIDE = """() => [...document.querySelectorAll("*")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && !each.closest("table") && !each.querySelector("table"))
    .filter((each) => each.matches("html") || ["auto", "scroll"].includes(getComputedStyle(each).overflowX))
    .map((each) => each.outerHTML.slice(0, 200))"""
"""What would have to be scrolled sideways; a table may be."""
EXPORT = "An export with everything"
FAILED = "An export that failed"
REPORT = "A report with everything"


@pytest.fixture(scope="module", autouse=True)
def something_to_show(product: Product) -> None:
    """A created and a failed export and a recurring report: an empty list is easy to make accessible."""
    exports: list[dict[str, Any]] = [
        product.create_export(EXPORT),
        product.create_export(FAILED, delivery=[to(MISSING)]),
    ]
    product.create_report(REPORT)
    for each in exports:
        product.ended(each["id"])


def _every_page(reports: ReportsPage) -> Iterator[str]:
    """Go through the pages, naming each when it is there."""
    page = reports.page
    reports.open()
    expect(reports.status(EXPORT, "Created")).to_be_visible()
    yield "one-time"
    reports.show("Recurring")
    expect(reports.row(REPORT)).to_be_visible()
    yield "recurring"
    reports.open_row(REPORT)
    yield "report"
    reports.open()
    reports.open_row(EXPORT)
    yield "export"
    reports.open()
    reports.open_row(FAILED)
    yield "failed-export"
    reports.open()
    page.get_by_role("link", name="Destinations", exact=True).click()
    bucket = page.get_by_role("region", name=f"Amazon S3, {MISSING}")
    bucket.get_by_role("button", name="Check").click()
    expect(bucket.get_by_text("Problem", exact=True)).to_be_visible(timeout=SOON * 1000)
    bucket.get_by_role("listitem").last.scroll_into_view_if_needed()
    yield "destinations"
    reports.open()
    reports.create_report.click()
    reports.set_up("July Wallet Transactions", wallet=WALLET, types=["Credit", "Expired"])
    yield "setup"
    reports.next_step()
    reports.deliver("Device Storage", range_="Past 7 days")
    expect(page.get_by_role("status", name="Estimate")).to_contain_text("one CSV file")
    page.mouse.move(0, 0)
    yield "delivery"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(
    page_as: Callable[..., Page], screenshot: Callable[[Page, str], None], dark: bool
) -> None:
    reports = ReportsPage(page_as("admin", dark=dark))
    for name in _every_page(reports):
        classes = reports.page.locator("html").get_attribute("class") or ""
        assert ("dark" in classes.split()) is dark
        check_accessibility(reports.page)
        screenshot(reports.page, f"{name}-dark" if dark else name)


def test_fits_a_narrow_screen(page_as: Callable[..., Page], screenshot: Callable[[Page, str], None]) -> None:
    reports = ReportsPage(page_as("admin", width=NARROW))
    for name in _every_page(reports):
        assert reports.page.evaluate(TOO_WIDE) == [], name
        screenshot(reports.page, f"{name}-narrow")


def test_a_report_is_created_with_the_keyboard_alone(page_as: Callable[..., Page], product: Product) -> None:
    name = "Typed from beginning to end"
    page = page_as("admin")
    reports = ReportsPage(page)
    reports.open()
    keyboard = Keyboard(page)
    keyboard.reach("Create Report", "button", "link").press("Enter")
    keyboard.reach("Name", "textbox").type(name)
    keyboard.reach("Promotion Type", "combobox").pick("Loyalty Wallet")
    keyboard.reach("Report Type", "combobox").pick("Wallet Transactions")
    keyboard.reach("Loyalty wallet", "combobox").pick(WALLET)
    keyboard.reach("Credit", "checkbox").press("Space")
    keyboard.reach("Next", "button").press("Enter")
    keyboard.reach("Device Storage", "checkbox").press("Space")
    keyboard.reach_radio("Yesterday")
    keyboard.reach("Export", "button").press("Enter")
    expect(reports.status(name, "Created")).to_be_visible(timeout=SOON * 1000)
    assert product.export_named(name)["rows"] > 0


def test_times_are_the_accounts_and_say_so(page_as: Callable[..., Page], product: Product) -> None:
    """The browser is ten hours and a half away; created_at comes with the account's offset."""
    reports = ReportsPage(page_as("viewer"))
    reports.open()
    created = product.export_named(EXPORT)["created_at"]
    expect(reports.row(EXPORT)).to_contain_text(f"{created[11:16]} GMT-")
    expect(reports.page.get_by_text("America/New_York").first).to_be_visible()
