"""The system's Chromium under Playwright: nothing is downloaded, and no profile is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """The first browser on PATH."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise RuntimeError(
        f"The browser tests need one of {', '.join(NAMES)} on PATH. On Debian and Ubuntu: apt-get install chromium"
    )


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser. Chromium has no sandbox for root."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
            chromium_sandbox=os.geteuid() != 0,
        )
        try:
            yield browser
        finally:
            browser.close()
