"""A viewer sees every list and page, and changes nothing: neither by buttons nor past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.product import Product
from tests.support.browser.reports_page import ReportsPage

EXPORT = "An export to look at"
REPORT = "A report to look at"
CHANGES = ("Create Report", "Retry", "Cancel", "Stop", "Resume", "Delete", "Duplicate", "Run for past windows")


@pytest.fixture(scope="module")
def export(product: Product) -> dict[str, Any]:
    return product.ended(product.create_export(EXPORT)["id"])


@pytest.fixture(scope="module")
def report(product: Product) -> dict[str, Any]:
    return product.create_report(REPORT)


def _changes_nothing(reports: ReportsPage) -> None:
    for name in CHANGES:
        expect(reports.action(name)).to_have_count(0)


def test_sees_lists_and_pages_without_a_button_that_changes(
    page_as: Callable[..., Page], export: dict[str, Any], report: dict[str, Any]
) -> None:
    reports = ReportsPage(page_as("viewer"))
    reports.open()
    expect(reports.status(EXPORT, "Created")).to_be_visible()
    _changes_nothing(reports)
    with reports.page.expect_download() as started:
        reports.download_of(EXPORT).click()
    assert started.value.suggested_filename == export["files"][0]["name"]

    reports.open_row(EXPORT)
    expect(reports.page.get_by_text("Wallet Transactions").first).to_be_visible()
    _changes_nothing(reports)

    reports.open()
    reports.show("Recurring")
    expect(reports.status(REPORT, "Active")).to_be_visible()
    _changes_nothing(reports)
    reports.open_row(REPORT)
    _changes_nothing(reports)


def test_is_refused_by_the_api(
    page_as: Callable[..., Page], product: Product, export: dict[str, Any], report: dict[str, Any]
) -> None:
    """With the session of the browser, as a script on the page would."""
    page = page_as("viewer")
    ReportsPage(page).open()
    headers = {"X-Requested-With": "promo-reports", "Content-Type": "application/json"}
    definition = product.details(export["id"])["definition"]
    window = {"first": "2026-11-01", "last": "2026-11-02"}
    asked = [
        ("POST", "reports", definition),
        ("POST", f"exports/{export['id']}/retry", {}),
        ("POST", f"exports/{export['id']}/cancel", {}),
        ("POST", f"reports/{report['id']}/stop", {}),
        ("POST", f"reports/{report['id']}/resume", {}),
        ("POST", f"reports/{report['id']}/backfill", {**window, "again": False}),
        ("DELETE", f"reports/{report['id']}", {}),
    ]
    for method, path, body in asked:
        answer = page.request.fetch(product.address(f"api/{path}"), method=method, headers=headers, data=body)
        assert answer.status == 403, f"{method} {path}: {answer.status} {answer.text()}"
        error = answer.json()["error"]
        assert error["code"] == "forbidden"
        assert error["reason"]
    assert product.call("GET", f"reports/{report['id']}")["status"] == "active"
