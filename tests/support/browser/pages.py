"""Pages of a browser, each in a context of its own: logged in, watched, in a timezone that is not the account's."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.support.browser.watch import Watch

FAR_AWAY = "Asia/Kolkata"
"""The browser's timezone: what the page shows must not depend on it."""
PATIENCE = 60_000
"""Milliseconds until a locator or an expectation gives up, on a machine that others use too."""
HEIGHT = 900
DARK = "if (location.protocol.startsWith('http')) localStorage.setItem('theme', 'dark')"
"""Where Airflow keeps the theme that a user has chosen."""
NOBODY = r" 401\b.*/ui/config|/ui/config.* 401 |reading 'tz'"
"""Airflow's own page asks for its configuration before it knows that nobody is logged in."""

expect.set_options(timeout=PATIENCE)
_sessions: dict[tuple[str, str], StorageState] = {}


class Site(Protocol):
    """A running Airflow with the Reports page."""

    @property
    def url(self) -> str:
        """Airflow's root, without a slash at its end."""

    def password(self, user: str) -> str:
        """What a user logs in with."""


class Pages:
    """The pages that one test opens."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._watched: list[tuple[BrowserContext, Watch]] = []

    def open(self, product: Site, user: str, *, dark: bool = False, width: int = 1280) -> Page:
        """A blank page of a user who is logged in."""
        session = (product.url, user)
        if session not in _sessions:
            page = self.open_nobody(product)
            log_in(page, product, user)
            _sessions[session] = page.context.storage_state()
            page.close()
        return self._new(product, dark=dark, width=width, storage_state=_sessions[session])

    def open_nobody(self, product: Site) -> Page:
        """A blank page on which nobody is logged in."""
        page = self._new(product)
        self.expect(NOBODY)
        return page

    def expect(self, pattern: str) -> None:
        """What the test's pages report and matches this regular expression is meant to happen."""
        for _, watch in self._watched:
            watch.expect(pattern)

    def check(self) -> None:
        """Fail with what went wrong unseen on any page."""
        for _, watch in self._watched:
            watch.check()

    def keep_pictures(self, directory: Path) -> None:
        """Keep what each page looks like, for whoever reads the failure."""
        for number, page in enumerate(page for context, _ in self._watched for page in context.pages):
            picture = directory / f"page-{number}.png"
            page.screenshot(path=picture)
            print(f"{page.url} looked like {picture}")  # noqa: T201 - pytest shows it with the failure

    def close(self) -> None:
        for context, _ in self._watched:
            context.close()

    def _new(
        self, product: Site, *, dark: bool = False, width: int = 1280, storage_state: StorageState | None = None
    ) -> Page:
        context = self._browser.new_context(
            base_url=f"{product.url}/",
            locale="en-US",
            timezone_id=FAR_AWAY,
            viewport={"width": width, "height": HEIGHT},
            reduced_motion="reduce",
            accept_downloads=True,
            storage_state=storage_state,
        )
        context.set_default_timeout(PATIENCE)
        if dark:
            context.add_init_script(DARK)
        self._watched.append((context, Watch(context, product.url)))
        return context.new_page()


def log_in(page: Page, product: Site, user: str) -> None:
    """Log in as a person does; the page is Airflow's home then."""
    page.goto("")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(product.password(user))
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_role("link", name="Dags", exact=True)).to_be_visible()
