"""A recurring report from the form to its end: created, stopped, resumed, deleted."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.browser.product import WALLET, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.end_to_end.live import BUCKET


def test_is_created_stopped_resumed_and_deleted(page_as: Callable[..., Page], product: Product) -> None:
    name = "Daily credits for the bucket"
    reports = ReportsPage(page_as("admin"))
    reports.open()
    reports.create_report.click()
    reports.set_up(name, wallet=WALLET, types=["Credit"])
    reports.next_step()
    reports.deliver("Cloud Partner", bucket=BUCKET, interval="Daily")
    expect(reports.field("Date Range")).to_be_hidden()
    reports.export()

    reports.show("Recurring")
    expect(reports.status(name, "Active")).to_be_visible()
    expect(reports.cell(name, "Daily")).to_be_visible()

    reports.open_row(name)
    reports.act("Stop")
    expect(reports.action("Resume")).to_be_visible()
    expect(reports.page.get_by_text("Stopped", exact=True).first).to_be_visible()
    assert _state(product, name) == ("stopped", "stopped")

    reports.act("Resume")
    expect(reports.action("Stop")).to_be_visible()
    assert _state(product, name) == ("active", None)

    reports.act("Delete")
    expect(reports.action("Stop").or_(reports.action("Resume"))).to_have_count(0)
    assert _state(product, name) == ("stopped", "deleted")

    reports.open()
    reports.show("Recurring")
    expect(reports.status(name, "Stopped")).to_be_visible()


def test_cannot_go_to_device_storage_alone(page_as: Callable[..., Page]) -> None:
    reports = ReportsPage(page_as("admin"))
    reports.open()
    reports.create_report.click()
    reports.set_up("Nowhere to go", wallet=WALLET, types=["Credit"])
    reports.next_step()
    reports.choose("Delivery destination", "Device Storage")
    expect(reports.field("Export Frequency").get_by_role("radio", name="Recurring")).to_be_disabled()


def _state(product: Product, name: str) -> tuple[str, str | None]:
    """Status of the one report of this name, and how it was stopped."""
    (report,) = (each for each in product.call("GET", "reports?limit=100")["items"] if each["name"] == name)
    return report["status"], report["stopped"] and report["stopped"]["how"]
