"""What the form says of an export before it is made; whatever becomes of the count, Export works."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser.accessibility import check_accessibility
from tests.support.browser.product import WALLET, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.end_to_end.live import BUCKET, SOON

ESTIMATE = "**/drafts/estimate"
SENTENCE = "The rows could not be counted within 10 seconds. You can export all the same."
TOO_SLOW: dict[str, Any] = {
    "rows": None,
    "files": [],
    "seconds": None,
    "sentence": SENTENCE,
    "basis": "",
    "window": None,
    "as_of": None,
}


def refusal(status: int, code: str) -> dict[str, Any]:
    problem = {"status": status, "code": code, "reason": "It cannot be asked.", "fix": "Wait.", "problems": []}
    return {"error": problem}


def delivery_step(page: Page, name: str = "Estimated") -> ReportsPage:
    reports = ReportsPage(page)
    reports.open()
    reports.create_report.click()
    reports.set_up(name, wallet=WALLET, types=["Credit"])
    reports.next_step()
    return reports


def estimate(page: Page) -> Locator:
    return page.get_by_role("status", name="Estimate")


def test_rows_are_counted_and_the_size_is_that_of_the_last_exports(
    page_as: Callable[..., Page], product: Product, screenshot: Callable[[Page, str], None]
) -> None:
    made = product.ended(product.create_export("Before it")["id"])
    assert made["rows"] > 0
    page = page_as("user")
    reports = delivery_step(page)
    expect(estimate(page)).to_be_empty()
    reports.deliver("Device Storage", range_="Past 7 days")
    expect(estimate(page)).to_contain_text(
        re.compile(r"^[\d,]+ rows?: one CSV file of about [\d.,]+ (bytes|kB|MB)\.Estimated from the last")
    )
    page.get_by_role("button", name="Export", exact=True).scroll_into_view_if_needed()
    screenshot(page, "estimate")
    rows = (estimate(page).inner_text()).split(" row")[0]
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("region", name="Preview").get_by_text(re.compile(rf"^{rows} rows?$"))).to_be_visible()


def test_an_empty_export_is_told_plainly(page_as: Callable[..., Page], product: Product) -> None:
    page = page_as("user")
    with product.promo() as cursor:
        cursor.execute(
            "INSERT INTO wallets SELECT 'unused', 'Never used', points_name, status, created_at FROM wallets LIMIT 1"
        )
    reports = ReportsPage(page)
    reports.open()
    reports.create_report.click()
    reports.set_up("Empty", wallet="Never used", types=["Credit"])
    reports.next_step()
    reports.deliver("Device Storage", range_="Yesterday")
    expect(estimate(page)).to_have_text("No rows match: the export would have the column names only.")


def test_a_recurring_report_is_that_of_its_last_window(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    reports = delivery_step(page)
    reports.deliver("Cloud Partner", bucket=BUCKET, interval="Daily")
    expect(estimate(page)).to_contain_text(re.compile(r"^Last window, .+ [\d,]+ rows?: one CSV file"))


@pytest.mark.parametrize(("dark", "width"), [(False, None), (True, None), (False, 390)])
def test_a_count_that_takes_too_long_keeps_nobody_from_exporting(
    page_as: Callable[..., Page], dark: bool, width: int | None
) -> None:
    page = page_as("user", dark=dark, **({"width": width} if width else {}))
    held: list[Route] = []
    page.route(ESTIMATE, lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    name = f"Not counted {dark} {width}"
    reports = delivery_step(page, name)
    with page.expect_request(ESTIMATE):
        reports.deliver("Device Storage", range_="Yesterday")
    expect(estimate(page)).to_have_text("Counting the rows…")
    expect(estimate(page)).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_enabled()
    (counting,) = held
    counting.fulfill(json=TOO_SLOW)
    expect(estimate(page)).to_have_text(SENTENCE)
    expect(estimate(page)).to_have_attribute("aria-busy", "false")
    check_accessibility(page)
    reports.export()
    expect(reports.status(name, "Created")).to_be_visible(timeout=SOON * 1000)


def test_a_count_that_is_refused_says_why(page_as: Callable[..., Page], pages: Any) -> None:
    page = page_as("user")
    pages.expect(r" 503\b.*drafts/estimate|drafts/estimate.* 503 ")
    page.route(ESTIMATE, lambda route: route.fulfill(status=503, json=refusal(503, "unavailable")))
    reports = delivery_step(page)
    reports.deliver("Device Storage", range_="Yesterday")
    expect(estimate(page)).to_have_text("No estimate: It cannot be asked. Wait.")
    page.unroute_all()
    reports.choose("Date Range", "Past 7 days")
    expect(estimate(page)).to_contain_text("one CSV file")


def test_a_count_waits_for_the_one_before_it(page_as: Callable[..., Page], pages: Any) -> None:
    page = page_as("user")
    pages.expect(r" 429\b.*drafts/estimate|drafts/estimate.* 429 ")
    asked = 0

    def first_refused(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            route.fulfill(status=429, json=refusal(429, "too_many"))
        else:
            route.fallback()

    page.route(ESTIMATE, first_refused)
    reports = delivery_step(page)
    reports.deliver("Device Storage", range_="Yesterday")
    expect(estimate(page)).to_contain_text("one CSV file", timeout=SOON * 1000)
    assert asked == 2
