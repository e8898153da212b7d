"""The Reports page by its roles and labels: the one place that knows how it is operated."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

ADDRESS = "plugin/reports"


class ReportsPage:
    """The page as a person uses it; `page` is a browser page on which somebody is logged in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    # Getting there

    def open(self) -> None:
        """Open the list of reports by its address."""
        self.page.goto(ADDRESS)
        expect(self.tab("One Time")).to_be_visible()

    def open_from_navigation(self) -> None:
        """Open it by the link in Airflow's navigation."""
        self.page.get_by_test_id("nav-sidebar").get_by_role("link", name="Reports", exact=True).click()
        expect(self.tab("One Time")).to_be_visible()

    @property
    def create_report(self) -> Locator:
        return self._action("Create Report")

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def show(self, tab: str) -> None:
        """Switch to the One Time or Recurring tab."""
        self.tab(tab).click()
        expect(self.tab(tab)).to_have_attribute("aria-selected", "true")

    def row(self, name: str) -> Locator:
        """The row of a report or export."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_text(name, exact=True))

    def status(self, name: str, status: str) -> Locator:
        """The status that a row shows; where depends on the width, so the other place is hidden."""
        return self.row(name).get_by_text(status, exact=True).filter(visible=True)

    def cell(self, name: str, text: str) -> Locator:
        """The cell of a row that holds exactly this."""
        return self.row(name).get_by_role("cell", name=text, exact=True)

    def open_row(self, name: str) -> None:
        """Open the page of one report or export."""
        self.row(name).get_by_role("link", name=name, exact=True).click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def download_of(self, name: str) -> Locator:
        """What downloads a row's file."""
        row = self.row(name)
        label = re.compile("^Download")
        return row.get_by_role("link", name=label).or_(row.get_by_role("button", name=label))

    # The form

    def field(self, label: str) -> Locator:
        """A field by its label, which a mark or "(optional)" may follow; a group rather than the one in it."""
        named = re.compile(rf"^{re.escape(label)}\W*(\(optional\))?$")
        return (
            self.page.get_by_role("textbox", name=named)
            .or_(self.page.get_by_role("combobox", name=named))
            .or_(self.page.get_by_role("group", name=named))
            .or_(self.page.get_by_role("radiogroup", name=named))
            .first
        )

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def choose(self, label: str, *options: str) -> None:
        """Choose in a field, whichever kind it is: a native select, a combobox, radio buttons or checkboxes."""
        field = self.field(label)
        expect(field).to_be_visible()
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(label=list(options))
        elif field.get_attribute("role") == "combobox":
            for option in options:
                self._choose_in_list(field, option)
        else:
            for option in options:
                self._mark(field, option)

    def set_up(self, name: str, *, wallet: str, types: Sequence[str] = ()) -> None:
        """Fill the first step with a Wallet Transactions report, all sources."""
        self.fill("Name", name)
        self.choose("Promotion Type", "Loyalty Wallet")
        self.choose("Report Type", "Wallet Transactions")
        self.choose("Loyalty wallet", wallet)
        self.choose("Transaction type", *types)

    def next_step(self) -> None:
        """Go on to the second step."""
        self.page.get_by_role("button", name=re.compile("^(Next|Continue)")).click()
        expect(self.field("Delivery destination")).to_be_visible()

    def deliver(self, *destinations: str, bucket: str = "", range_: str = "", interval: str = "") -> None:
        """Fill the second step: Device Storage, Cloud Partner or both, once for a date range or daily, weekly."""
        self.choose("Delivery destination", *destinations)
        if bucket:
            self.choose("Partner", "Amazon S3")
            self.choose("Bucket", bucket)
        if interval:
            self.choose("Export Frequency", "Recurring")
            self.choose("Interval", interval)
        else:
            self.choose("Export Frequency", "One Time")
            self.choose("Date Range", range_)

    def export(self) -> None:
        """Submit the form, and wait for its confirmation."""
        self.page.get_by_role("button", name="Export", exact=True).click()
        expect(self.page.get_by_text("Report export created").first).to_be_visible()

    # What can be done

    def action(self, name: str) -> Locator:
        """A button of the report's or export's own page."""
        return self._action(name)

    def act(self, name: str) -> None:
        """Press an action's button, and say yes to its question."""
        self._action(name).click()
        question = self.page.get_by_role("alertdialog").or_(self.page.get_by_role("dialog"))
        question.get_by_role("button", name=name, exact=True).click()
        expect(question).to_be_hidden()

    def _action(self, name: str) -> Locator:
        named = re.compile(rf"^{re.escape(name)}\b")
        return self.page.get_by_role("button", name=named).or_(self.page.get_by_role("link", name=named)).first

    def _choose_in_list(self, field: Locator, option: str) -> None:
        field.click()
        if field.evaluate("each => each.tagName") == "INPUT":
            field.fill(option)
        # A choice shows its value below its title.
        self.page.get_by_role("option", name=re.compile(rf"^{re.escape(option)}\b")).first.click()

    def _mark(self, group: Locator, option: str) -> None:
        """Mark a radio button or checkbox by its label: the input itself is hidden below what is drawn for it."""
        named = re.compile(rf"^{re.escape(option)}\b")
        choice = group.get_by_role("radio", name=named).or_(group.get_by_role("checkbox", name=named)).first
        if not choice.is_checked():
            choice.check(force=True)
        expect(choice).to_be_checked()
