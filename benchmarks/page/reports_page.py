"""How long the Reports page's API takes to answer, at 10,000 recurring reports and 100,000 exports.

    .venv/bin/python -m benchmarks.page.reports_page

A real api-server answers over HTTP: authentication, authorisation of every DAG, the lists, JSON. The store holds the
definitions of those reports that were created on the page, and the marks of the stopped ones. Prints the median and the
maximum of 20 requests in milliseconds, and how many bytes came back. Then the same in Chromium: from a press on a page
or filter of the list until its new rows stand there.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from benchmarks.page.reports_list import CALLS, PROJECT, filled_airflow
from devstack.logins import LOGINS

if TYPE_CHECKING:
    from devstack.airflow import Airflow

GOAL = 300.0
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("exports", {}),
    ("exports", {"sort": "name", "order": "asc"}),
    ("exports", {"sort": "status"}),
    ("exports", {"sort": "created_by"}),
    ("exports", {"sort": "promotion_type"}),
    ("exports", {"q": "grocery"}),
    ("exports", {"status": "failed"}),
    ("exports", {"status": "created"}),
    ("exports", {"promotion_type": "promo_campaigns"}),
    ("exports", {"created_by": "finance@example.com"}),
    ("exports", {"limit": 100}),
    ("creators", {"of": "exports"}),
    ("reports", {}),
    ("reports", {"sort": "name", "order": "asc"}),
    ("reports", {"q": "grocery"}),
    ("reports", {"status": "stopped"}),
    ("session", {}),
    ("form", {}),
)


def fill_store(airflow: Airflow) -> int:
    """Keep a definition for every report that is tagged as created, and stop every fiftieth; how many there are."""
    import psycopg2

    store = Path(airflow.setup.extra["PROMO_REPORTS_DATA_DIR"]) / "created"
    for name in ("definitions", "state", "requests"):
        (store / name).mkdir(parents=True)
    with psycopg2.connect(airflow.setup.metadata_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT dag_id FROM dag_tag WHERE name = 'created' ORDER BY 1")
        ids = [row[0].rpartition(".")[2] for row in cursor.fetchall()]
    text = (PROJECT / "reports" / "grocery_transactions_daily.yaml").read_text()
    for number, each in enumerate(ids):
        made = text.replace("id: grocery_transactions_daily", f"id: {each}")
        stamp = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        (store / "definitions" / f"{each}.yaml").write_text(f'{made}created_at: "{stamp}"\ncreated_by: growth\n')
        if number % 50 == 0:
            marks = f'stops:\n- stopped_at: "{stamp}"\n  stopped_by: growth\n'
            (store / "state" / f"{each}.yaml").write_text(marks)
    return len(ids)


def measure(client: httpx.Client, name: str, asked: dict[str, Any]) -> None:
    """Print what 20 requests of one kind took."""
    path = name.partition(" ")[0]
    took, answer = [], client.get(path, params=asked)
    answer.raise_for_status()
    for _ in range(CALLS):
        begun = time.perf_counter()
        answer = client.get(path, params=asked)
        took.append((time.perf_counter() - begun) * 1000)
    show(
        name if name != path else f"{path}{'?' if asked else ''}{urlencode(asked)}",
        took,
        GOAL,
        f" {len(answer.content):9,}",
    )


def deep(client: httpx.Client, path: str, pages: int) -> str:
    """The cursor after so many pages of 100 rows."""
    cursor = None
    for _ in range(pages):
        cursor = client.get(path, params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()["next"]
    return str(cursor)


_CHANGED = """async (press) => {
    const first = () => document.querySelector("tbody tr a")?.getAttribute("href");
    const before = first(), begun = performance.now();
    press();
    while (first() === before) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
}"""
_PRESS = "[...document.querySelectorAll('button')].find(each => each.textContent.trim() === {!r}).click()"


def in_browser(url: str) -> None:
    """Press through the list of a real browser; no row of it is Creating, so that nothing else changes it."""
    from playwright.sync_api import expect

    from devstack.chromium import launched

    with launched() as browser:
        page = browser.new_page(base_url=f"{url}/", viewport={"width": 1280, "height": 900})
        page.goto("")
        page.locator("input[name=username]").fill("user")
        page.locator("input[name=password]").fill(LOGINS["user"].password)
        page.locator("input[name=password]").press("Enter")
        expect(page.get_by_role("link", name="Dags", exact=True)).to_be_visible()
        page.goto("plugin/reports")
        expect(page.locator("tbody tr a").first).to_be_visible()
        pages = [page.evaluate(f"({_CHANGED})(() => {_PRESS.format('Next')})") for _ in range(CALLS)]
        show("in the browser: next page", pages, 400.0)
        page.get_by_role("button", name="Status", exact=True).click()
        failed = page.locator("label").filter(has_text="Creation Failed").element_handle()
        filters = [page.evaluate(f"(item) => ({_CHANGED})(() => item.click())", failed) for _ in range(CALLS)]
        show("in the browser: filter by status", filters, 400.0)


def show(name: str, took: list[float], goal: float, note: str = "") -> None:
    """Print one line."""
    median = statistics.median(took)
    print(
        f"{name:58.58} {median:8.1f} {max(took):8.1f}{note}{'  <- over the goal' if median > goal else ''}", flush=True
    )


def main() -> None:
    """Measure as a user who may create, who is asked about every DAG too."""
    sys.path.append(str(PROJECT / "plugins"))
    with filled_airflow() as airflow:
        print(f"{fill_store(airflow):,} created reports in the store", flush=True)
        airflow.launch_api_server()
        try:
            airflow.wait_ready()
            login = {"username": "user", "password": LOGINS["user"].password}
            with httpx.Client(base_url=airflow.url, timeout=60, trust_env=False) as client:
                client.headers["Authorization"] = (
                    f"Bearer {client.post('/auth/token', json=login).json()['access_token']}"
                )
                client.base_url = httpx.URL(f"{airflow.url}/promo-reports/api/")
                print(f"{'milliseconds':58} {'median':>8} {'maximum':>8} {'bytes':>9}")
                for path, asked in ASKED:
                    measure(client, path, asked)
                for path, pages in (("exports", 1), ("exports", 200), ("reports", 40)):
                    cursor = deep(client, path, pages)
                    measure(client, f"{path} after row {pages * 100:,}", {"limit": 25, "cursor": cursor})
            in_browser(airflow.url)
        finally:
            airflow.stop()


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
