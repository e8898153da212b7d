"""One running product and one browser for all browser tests; each page is watched, and starts logged in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support.browser.pages import Pages
    from tests.support.browser.product import Product

SCREENSHOTS = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with Airflow's own auth manager: admin, user and viewer."""
    from tests.support.browser.product import Product

    yield from _running(Product(tmp_path_factory.mktemp("browser")))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or another one on PATH."""
    from devstack.chromium import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def pages(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pages]:
    """Opens watched pages of any product; what they saw is checked when the test has passed."""
    from tests.support.browser.pages import Pages

    opened = Pages(browser)
    try:
        yield opened
        if _passed(request.node):
            opened.check()
        else:
            opened.keep_pictures(tmp_path)
    finally:
        opened.close()


@pytest.fixture
def page_as(pages: Pages, product: Product) -> Callable[..., Page]:
    """`page_as("viewer")`: a page on which this user is logged in; options are `dark` and `width`."""

    def open_page(user: str, **options: Any) -> Page:
        return pages.open(product, user, **options)

    return open_page


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """`screenshot(page, name)` renews docs/screenshots/<name>.png, with UPDATE_SCREENSHOTS=1 and not otherwise."""

    def take(page: Page, name: str) -> None:
        if os.environ.get("UPDATE_SCREENSHOTS") == "1":
            page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let `pages` know how the test ended."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


_PASSED = pytest.StashKey[bool]()


def _passed(item: pytest.Item) -> bool:
    return item.stash.get(_PASSED, False)


def _running(product: Product) -> Iterator[Product]:
    with ExitStack() as stopping:
        stopping.callback(product.stop)
        product.start()
        yield product
