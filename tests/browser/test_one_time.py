"""A one-time export from the two-step form to the file on the user's disk."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Page, Route, expect

from tests.support.browser.product import WALLET, WALLET_ID, Product
from tests.support.browser.reports_page import ReportsPage
from tests.support.end_to_end import expected
from tests.support.end_to_end.live import ALL_TYPES, NEVER_MADE, ROWS_PER_FILE, SOON

SOON_MS = SOON * 1000
MANY = "Many rows"
MANY_ROWS = ROWS_PER_FILE + 1


@pytest.fixture(scope="module")
def many_rows(product: Product) -> str:
    """A wallet with one row more than a file holds, all of yesterday noon in the account's timezone."""
    with product.promo() as cursor:
        cursor.execute(
            "INSERT INTO wallets SELECT 'many', %s, points_name, status, created_at FROM wallets LIMIT 1", [MANY]
        )
        cursor.execute(
            "INSERT INTO wallet_transactions (transaction_id, occurred_at, recorded_at, user_id, wallet_id,"
            " transaction_type, transaction_source, points, balance_after)"
            " SELECT 900000 + n, noon, noon, 'member-' || n, 'many', 'credit', 'api', 1, 1"
            " FROM generate_series(1, %s) AS n,"
            " (SELECT (date_trunc('day', now() AT TIME ZONE 'America/New_York') - interval '12 hours')"
            " AT TIME ZONE 'America/New_York' AS noon) AS yesterday",
            [MANY_ROWS],
        )
    return MANY


def in_database(product: Product, name: str, wallet: str) -> bytes:
    """What the promo database says of the window that an export of Wallet Transactions covers."""
    window = product.export_named(name)["window"]
    return product.csv(
        expected.wallet_transactions(wallet, window["start"], window["end"], ALL_TYPES, description=expected.ESCAPED)
    )


def create(page: Page, name: str, wallet: str, date_range: str) -> ReportsPage:
    """Fill in and send the form; the list shows the export as it comes into being, without a reload."""
    reports = ReportsPage(page)
    reports.open()
    page.evaluate("window.notReloaded = true")
    reports.create_report.click()
    reports.set_up(name, wallet=wallet, types=[each.capitalize() for each in ALL_TYPES])
    reports.next_step()
    reports.deliver("Device Storage", range_=date_range)
    reports.export()
    expect(reports.status(name, "Creating")).to_be_visible()
    expect(reports.download_of(name)).to_have_count(0)
    expect(reports.status(name, "Created")).to_be_visible(timeout=SOON_MS)
    assert page.evaluate("window.notReloaded") is True
    return reports


def download(reports: ReportsPage, name: str) -> Download:
    with reports.page.expect_download() as started:
        reports.download_of(name).click()
    return started.value


def test_is_created_downloaded_and_holds_what_the_database_holds(
    page_as: Callable[..., Page], product: Product
) -> None:
    name = "Wallet transactions of the week"
    page = page_as("admin")
    reports = create(page, name, WALLET, "Past 7 days")
    saved = download(reports, name)

    content = Path(saved.path()).read_bytes()
    rows = in_database(product, name, WALLET_ID)
    assert content == rows
    assert content.count(b"\n") > 100

    (file,) = product.export_named(name)["files"]
    assert saved.suggested_filename == file["name"]
    assert saved.suggested_filename.endswith(".csv")
    assert hashlib.sha256(content).hexdigest() == file["sha256"]

    reports.open_row(name)
    expect(page.get_by_text("America/New_York").first).to_be_visible()
    expect(page.get_by_text(WALLET_ID).or_(page.get_by_text(WALLET)).first).to_be_visible()


def test_above_the_row_limit_it_is_a_zip_in_the_databases_order(
    page_as: Callable[..., Page], product: Product, many_rows: str
) -> None:
    name = "More rows than a file holds"
    reports = create(page_as("user"), name, many_rows, "Yesterday")
    saved = download(reports, name)

    assert saved.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(Path(saved.path()).read_bytes())) as archive:
        members = [archive.read(member) for member in archive.namelist()]
    header, _, records = in_database(product, name, "many").partition(b"\n")
    assert [member.count(b"\n") - 1 for member in members] == [ROWS_PER_FILE, 1]
    assert [member.partition(b"\n")[0] for member in members] == [header, header]
    assert b"".join(member.partition(b"\n")[2] for member in members) == records


def test_a_format_and_a_kind_of_filter_that_came_after_the_page(
    page_as: Callable[..., Page], product: Product, pages: Any
) -> None:
    """The API offers what the page was not written for; all that the page then asks goes to the real API."""
    name, page = "With a filter of another kind", page_as("user")

    def grown(route: Route) -> None:
        answer = route.fetch()
        form = answer.json()
        form["formats"].append({"id": "tsv", "label": "Tab-separated"})
        for each in (each for known in form["report_types"] for each in known["filters"] if each["name"] == "wallet"):
            each["kind"] = "wallet_number"
        route.fulfill(response=answer, json=form)

    page.route("**/promo-reports/api/form", grown)
    reports = ReportsPage(page)
    reports.open()
    reports.create_report.click()
    reports.fill("Name", name)
    reports.choose("Promotion Type", "Loyalty Wallet")
    reports.choose("Report Type", "Wallet Transactions")
    reports.choose("Transaction type", "Credit")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Enter a value for Loyalty wallet.")).to_be_visible()
    reports.fill("Loyalty wallet", WALLET_ID)
    reports.next_step()
    reports.choose("File Format", "Tab-separated")
    pages.expect(r" 422\b.*drafts/describe|drafts/describe.* 422 ")
    reports.deliver("Device Storage", range_="Yesterday")
    expect(page.get_by_text("'tsv' is not allowed")).to_be_visible()
    expect(page.get_by_text("Not right yet: File Format.")).to_be_visible()
    reports.choose("File Format", "CSV")
    reports.export()
    expect(reports.status(name, "Creating").or_(reports.status(name, "Created"))).to_be_visible()
    definition = product.export_named(name)["definition"]
    assert (definition["filters"]["wallet"], definition.get("format")) == (WALLET_ID, None)


def test_a_failed_export_says_why_and_is_retried(page_as: Callable[..., Page], product: Product) -> None:
    name = "To a bucket that is not there yet"
    reports = ReportsPage(page_as("admin"))
    reports.open()
    reports.create_report.click()
    reports.set_up(name, wallet=WALLET, types=["Credit"])
    reports.next_step()
    reports.deliver("Cloud Partner", bucket=NEVER_MADE, range_="Yesterday")
    reports.export()
    expect(reports.status(name, "Creation Failed")).to_be_visible(timeout=SOON_MS)
    expect(reports.download_of(name)).to_have_count(0)

    reports.open_row(name)
    expect(reports.page.get_by_text(f"Bucket '{NEVER_MADE}'").first).to_be_visible()
    expect(reports.page.get_by_text("Create the bucket").first).to_be_visible()

    product.s3.create_bucket(Bucket=NEVER_MADE)
    reports.act("Retry")
    expect(reports.action("Retry")).to_be_hidden()
    expect(reports.page.get_by_text("Created", exact=True).first).to_be_visible(timeout=SOON_MS)
    assert product.export_named(name)["status"] == "created"
    keys = [each["Key"] for each in product.s3.list_objects_v2(Bucket=NEVER_MADE)["Contents"]]
    assert [key.rpartition("/")[2] for key in keys if key.endswith("manifest.json")] == ["manifest.json"]
