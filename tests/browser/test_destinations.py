"""Operators check where exports go; everybody else neither sees the page nor may ask for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.accessibility import check_accessibility
from tests.support.browser.pages import Pages
from tests.support.browser.product import MISSING, Product
from tests.support.browser.reports_page import ADDRESS, ReportsPage
from tests.support.end_to_end.live import BUCKET, SOON


def test_an_operator_checks_a_destination_that_is_well_and_one_that_is_not(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    reports = ReportsPage(page)
    reports.open()
    page.get_by_role("link", name="Destinations", exact=True).click()
    expect(page.get_by_role("heading", name="Destinations", exact=True)).to_be_visible()
    well = page.get_by_role("region", name=f"Amazon S3, {BUCKET}")
    expect(well).to_contain_text(f"s3://{BUCKET}")

    button = well.get_by_role("button", name=f"Check Amazon S3, {BUCKET}")
    button.focus()
    button.press("Enter")
    expect(well.get_by_role("status")).to_have_text("Exports can be delivered here.", timeout=SOON * 1000)
    expect(well.get_by_role("listitem")).to_have_count(6)
    expect(well.get_by_text("Problem")).to_have_count(0)
    expect(well).to_contain_text("nothing is left")

    missing = page.get_by_role("region", name=f"Amazon S3, {MISSING}")
    missing.get_by_role("button", name="Check").click()
    expect(missing.get_by_role("status")).to_have_text("There is a problem: List.", timeout=SOON * 1000)
    expect(missing).to_contain_text(f"Bucket '{MISSING}' of connection 'bi_exports_s3' answers ListObjectsV2")
    expect(missing).to_contain_text("correct its name in include/account.yaml")
    expect(missing.get_by_text("Not checked")).to_have_count(5)
    check_accessibility(page)


@pytest.mark.parametrize("user", ["viewer", "user"])
def test_whoever_is_no_operator_has_no_such_page(
    page_as: Callable[..., Page], pages: Pages, product: Product, user: str
) -> None:
    page = page_as(user)
    reports = ReportsPage(page)
    reports.open()
    expect(page.get_by_role("link", name="Destinations", exact=True)).to_have_count(0)
    pages.expect(r" 403\b.*/destinations|/destinations.* 403 ")
    page.goto(f"{ADDRESS}/destinations")
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    said = product.call("POST", "destinations/download/check", {}, user=user, expect=403)["error"]
    assert said["reason"] == "You may not check destinations."
