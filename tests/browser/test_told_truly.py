"""What the page says belongs to what it stands beside: the draft, the filter, the export, the delivery."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.support.browser.accessibility import check_accessibility
from tests.support.browser.product import LAKE, MISSING, WALLET, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.end_to_end.live import BUCKET, to

ACCOUNT = ZoneInfo("America/New_York")
REFUSED = {
    "error": {
        "status": 422,
        "code": "invalid",
        "reason": "The report is not valid.",
        "fix": "",
        "problems": [{"path": "filters.wallet", "message": "is closed to exports."}],
    }
}


def _delivery_step(page: Page, *, range_: str = "Past 7 days") -> ReportsPage:
    reports = ReportsPage(page)
    reports.open()
    reports.create_report.click()
    reports.set_up("Told truly", wallet=WALLET, types=["Credit"])
    reports.next_step()
    reports.deliver("Device Storage", range_=range_)
    return reports


def _preview(reports: ReportsPage) -> Locator:
    return reports.page.get_by_role("region", name="Preview")


def _ask_for_preview(reports: ReportsPage) -> None:
    reports.page.get_by_role("button", name="Preview", exact=True).click()


def _back_to_another_type(reports: ReportsPage, title: str) -> None:
    reports.page.get_by_role("button", name="Back").click()
    reports.choose("Report Type", title)
    reports.choose("Loyalty wallet", WALLET)


@pytest.mark.parametrize("what", ["type", "wallet's types", "date range", "delivery"])
def test_a_preview_goes_with_the_draft_that_it_was_asked_for(page_as: Callable[..., Page], what: str) -> None:
    reports = _delivery_step(page_as("user"))
    _ask_for_preview(reports)
    expect(_preview(reports).get_by_role("region", name="First rows")).to_be_visible()
    if what == "type":
        _back_to_another_type(reports, "User Ledger Summary")
        reports.next_step()
    elif what == "wallet's types":
        reports.page.get_by_role("button", name="Back").click()
        reports.choose("Transaction type", "Debit")
        reports.next_step()
    elif what == "date range":
        reports.choose("Date Range", "Yesterday")
    else:
        reports.choose("Delivery destination", "Cloud Partner")
    expect(reports.page.get_by_text("What will be exported")).to_be_visible()
    expect(_preview(reports)).to_have_count(0)
    if what == "type":
        _ask_for_preview(reports)
        expect(_preview(reports).get_by_text("active_balance").first).to_be_visible()


def test_an_answer_about_an_earlier_draft_is_dropped(page_as: Callable[..., Page]) -> None:
    page = page_as("user")
    reports = _delivery_step(page)
    held: list[Route] = []
    page.route("**/drafts/preview", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    _ask_for_preview(reports)
    expect(_preview(reports).get_by_text("Counting the rows")).to_be_visible()
    reports.choose("Date Range", "Yesterday")
    expect(_preview(reports)).to_have_count(0)
    page.unroute_all()
    (late,) = held
    with suppress(Error):  # the page has ended the request
        late.fulfill(json={"columns": [], "rows": [], "counted": 1, "excluded": 0, "totals": [], "file": "one CSV"})
    expect(_preview(reports)).to_have_count(0)
    _ask_for_preview(reports)
    expect(_preview(reports).get_by_role("region", name="First rows")).to_be_visible()


def test_what_the_server_said_of_a_field_goes_with_the_report_type(page_as: Callable[..., Page], pages: Any) -> None:
    page = page_as("user")
    reports = _delivery_step(page)
    pages.expect(r" 422\b.*drafts/describe|drafts/describe.* 422 ")
    page.route("**/drafts/describe", lambda route: route.fulfill(status=422, json=REFUSED))
    reports.choose("Date Range", "Yesterday")
    expect(page.get_by_text("Not right yet: Loyalty wallet.")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("Is closed to exports.")).to_be_visible()
    reports.choose("Report Type", "Wallet Summary")
    expect(page.get_by_text("Is closed to exports.")).to_have_count(0)


def test_the_hint_of_a_filter_is_the_rule_that_it_keeps(page_as: Callable[..., Page]) -> None:
    page = page_as("user")
    reports = ReportsPage(page)
    reports.open()
    reports.create_report.click()
    reports.fill("Name", "Rules")
    reports.choose("Promotion Type", "Loyalty Wallet")
    reports.choose("Report Type", "Points Expiry Liability")
    wallet = reports.field("Loyalty wallet")
    expect(wallet).to_contain_text("All of them, also those that come later, or the ones that you select.")
    reports.choose("Loyalty wallet", "Specific ones")
    page.get_by_role("button", name="Next").click()
    expect(wallet).to_contain_text("Select at least one, or All.")
    expect(wallet).not_to_contain_text("where none is chosen")
    reports.choose("Report Type", "Wallet Transactions")
    expect(reports.field("Transaction source")).to_contain_text("At least one; every one if all are selected.")
    expect(reports.field("Transaction type")).to_contain_text("At least one")


def test_an_export_without_rows_says_so(
    page_as: Callable[..., Page], product: Product, screenshot: Callable[[Page, str], None]
) -> None:
    name = "Nothing happened then"
    made = product.create_export(name, date_range={"first": "2020-01-01", "last": "2020-01-02"})
    assert product.ended(made["id"])["rows"] == 0
    page = page_as("viewer")
    reports = ReportsPage(page)
    reports.open()
    expect(reports.status(name, "Created")).to_be_visible()
    expect(reports.status(name, "No rows")).to_be_visible()
    expect(reports.download_of(name)).to_have_attribute("title", "Download (no rows)")
    reports.open_row(name)
    expect(page.get_by_text("Nothing matched: the file has the column names only.")).to_be_visible()
    screenshot(page, "empty-export")


def test_the_end_of_an_empty_export_is_told_as_such(page_as: Callable[..., Page], product: Product) -> None:
    page = page_as("user")
    reports = ReportsPage(page)
    reports.open()
    name = "Nothing to tell"
    made = product.create_export(name, date_range={"first": "2020-01-01", "last": "2020-01-02"})
    page.reload()
    expect(reports.row(name)).to_be_visible()
    product.ended(made["id"])
    if reports.status(name, "Creating").is_visible():
        expect(page.get_by_role("status").filter(has_text=f"{name}: Created, no rows")).to_have_count(1)


def test_a_failure_of_a_bucket_is_told_once(page_as: Callable[..., Page], product: Product) -> None:
    name = "To a bucket that is missing"
    made = product.create_export(name, delivery=["download", to(MISSING)])
    failure = product.ended(made["id"])["failure"]
    reports = ReportsPage(page_as("user"))
    reports.open()
    reports.open_row(name)
    page = reports.page
    expect(page.get_by_text(failure["reason"])).to_have_count(1)
    expect(page.get_by_text(failure["fix"])).to_have_count(1)
    destinations = page.get_by_role("region", name="Destinations").get_by_role("listitem")
    expect(destinations.nth(0)).to_contain_text("Delivered")
    expect(destinations.nth(1)).to_contain_text("Not delivered")


def test_a_failed_export_promises_no_delivery(page_as: Callable[..., Page], product: Product) -> None:
    """A bucket that extract never came to is not one that is still to be delivered to."""
    made = product.create_export("Failed before any delivery")
    details = product.ended(made["id"])
    bucket = {"title": f"s3://{BUCKET}", "delivered": False, "manifest": None, "failure": None}
    failed = details | {"status": "failed", "destinations": [bucket], "rows": None, "files": [], "facts": []}
    page = page_as("viewer")
    page.route(f"**/api/exports/{made['id']}", lambda route: route.fulfill(json=failed))
    page.goto(f"plugin/reports/exports/{made['id']}")
    expect(page.get_by_role("region", name="Destinations")).to_contain_text("Not delivered")
    expect(page.get_by_text("yet")).to_have_count(0)


def test_the_form_says_what_becomes_of_text_cells_when_it_is_chosen(
    page_as: Callable[..., Page], product: Product
) -> None:
    page = page_as("user")
    reports = _delivery_step(page)
    destination = reports.field("Delivery destination")
    expect(destination).to_contain_text("a cell that looks like a formula gets a leading apostrophe")
    reports.choose("Delivery destination", "Cloud Partner")
    expect(destination).to_contain_text("safe for spreadsheets in Device Storage")
    expect(destination).to_contain_text("For the Cloud Partner they are written unchanged, for machines.")
    reports.choose("Partner", "Amazon S3")
    reports.choose("Bucket", BUCKET)
    reports.export()
    made = product.ended(product.export_named("Told truly")["id"])
    reports.open_row("Told truly")
    said = "Safe for spreadsheets: what looks like a formula gets a leading apostrophe"
    expect(page.get_by_role("region", name="Configuration")).to_contain_text("Unchanged, for machines")
    expect(page.get_by_role("region", name="Configuration")).to_contain_text(said)
    expect(page.get_by_role("region", name="Manifest")).to_contain_text(said)
    assert made["status"] == "created"


def test_a_bucket_is_offered_for_the_frequencies_that_it_takes(page_as: Callable[..., Page]) -> None:
    page = page_as("user")
    reports = _delivery_step(page)
    reports.choose("Delivery destination", "Cloud Partner")
    reports.choose("Partner", "Amazon S3")
    bucket = reports.field("Bucket")
    only = "daily and weekly reports only"
    expect(bucket.get_by_role("option", name=f"{LAKE} ({only})")).to_be_disabled()
    expect(bucket.get_by_role("option", name=BUCKET)).to_be_enabled()
    reports.choose("Export Frequency", "Recurring")
    expect(bucket.get_by_role("option", name=LAKE, exact=True)).to_be_enabled()
    reports.choose("Bucket", LAKE)
    expect(page.get_by_text(only)).to_have_count(0)

    reports.choose("Export Frequency", "One Time")
    expect(page.get_by_text(f"Takes {only}. Files go to s3://{LAKE}")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_role("button", name="Export", exact=True).click()
    said = f"“{LAKE}” takes {only}. Select another bucket or frequency."
    expect(page.get_by_role("alert").filter(has_text=said).first).to_be_visible()
    assert "POST" not in sent
    check_accessibility(page)


def test_rows_of_another_filter_are_not_shown_as_those_that_could_not_be_loaded(
    page_as: Callable[..., Page], product: Product, pages: Any
) -> None:
    name = "Created and not failed"
    product.ended(product.create_export(name)["id"])
    page = page_as("viewer")
    reports = ReportsPage(page)
    reports.open()
    expect(reports.row(name)).to_be_visible()
    pages.expect(r" 503\b.*/exports|/exports.* 503 ")
    page.route("**/api/exports?*status=failed*", lambda route: route.fulfill(status=503, body="no"))
    page.get_by_role("button", name="Status", exact=True).click()
    page.get_by_text("Creation Failed", exact=True).last.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(reports.row(name)).to_have_count(0)


def test_presets_show_days_of_the_copied_reports_timezone_or_none(
    page_as: Callable[..., Page], product: Product
) -> None:
    here = datetime.now(UTC).astimezone(ACCOUNT)
    zone = "Pacific/Pago_Pago" if here.hour < 5 else "Pacific/Kiritimati"
    assert datetime.now(ZoneInfo(zone)).date() != here.date()
    name = "Of another timezone"
    made = product.create_export(name, timezone=zone)
    page = page_as("user")
    page.goto(f"plugin/reports/new?export={made['id']}")
    reports = ReportsPage(page)
    reports.next_step()
    ranges = reports.field("Date Range")
    expect(ranges).to_contain_text(f"Days of {zone}.")
    expect(ranges.get_by_text("Yesterday", exact=True)).to_be_visible()
    expect(ranges.get_by_text("Yesterday,", exact=True)).to_have_count(0)
