"""What axe says of a page; its rules come with the Python package, so no network is needed."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SEVERE = ("serious", "critical")
AIRFLOWS = [["[data-testid=nav-sidebar]"]]
"""Airflow's own part of the page, which is not ours to mend."""


def check_accessibility(page: Page) -> None:
    """Fail on every serious or critical violation outside Airflow's navigation, each with the elements it is about."""
    page.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running')")
    results = Axe().run(page, context={"exclude": AIRFLOWS}, options={"resultTypes": ["violations"]})
    violations: list[dict[str, Any]] = results.response["violations"]
    assert [_line(each) for each in violations if each["impact"] in SEVERE] == []


def _line(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{node['html'][:200]} ({_why(node)})" for node in violation["nodes"][:5])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {places}"


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return str(checks[0]["message"]) if checks else "no detail"
