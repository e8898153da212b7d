"""What the other browser tests rely on to fail: each kind of trouble is seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.browser.accessibility import check_accessibility
from tests.support.browser.watch import Watch
from tests.support.end_to_end.live import until

OURS = "http://ours.test"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A context whose every host answers with an empty page, and 500 below /broken."""
    context = browser.new_context()
    context.route("**/*", lambda route: route.fulfill(body="<title>empty</title>", content_type="text/html"))
    context.route("**/broken", lambda route: route.fulfill(status=500))
    context.route("**/cut", lambda route: route.abort("connectionreset"))
    yield context
    context.close()


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("console.error('gone wrong')", "console error.*gone wrong"),
        ("setTimeout(() => { throw new Error('thrown late') })", "page error.*thrown late"),
        ("fetch('/broken')", "answer 500"),
        ("fetch('/cut').catch(() => {})", "failed request.*ERR_CONNECTION_RESET"),
        ("fetch('http://elsewhere.test/').catch(() => {})", "request to another host: http://elsewhere.test/"),
    ],
)
def test_trouble_is_seen_unless_it_is_expected(context: BrowserContext, script: str, seen: str) -> None:
    watch = Watch(context, OURS)
    page = context.new_page()
    page.goto(OURS)
    watch.check()
    page.evaluate(f"() => {{ {script} }}")
    until(lambda: page.evaluate("true") and watch.unexpected, seen)
    with pytest.raises(AssertionError, match=seen):
        watch.check()
    watch.expect(".")
    watch.check()


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ("<button></button>", "button-name"),
        ("<p style='color: #999; background: #fff'>pale</p>", "color-contrast"),
        ("<nav data-testid='nav-sidebar'><button></button></nav>", ""),
        ("<button>Export</button>", ""),
    ],
)
def test_axe_sees_what_is_ours(context: BrowserContext, body: str, broken: str) -> None:
    page = context.new_page()
    page.set_content(f"<html lang='en'><title>Reports</title><body>{body}</body></html>")
    if broken:
        with pytest.raises(AssertionError, match=broken):
            check_accessibility(page)
    else:
        check_accessibility(page)
