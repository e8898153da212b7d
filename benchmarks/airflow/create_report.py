"""How long it takes from Create Report until something happens, on a warm system.

    make demo                                   # in another terminal, until it says "Ctrl-C stops everything"
    .venv/bin/python -m benchmarks.airflow.create_report [http://127.0.0.1:8080]

One-time: from the request until the first task runs, and until the export is Created. Recurring: from the request until
Airflow has scheduled its DAG; each report is deleted again. Medians and maxima in seconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from devstack.logins import LOGINS

ONE_TIME, RECURRING = 10, 5
BODY: dict[str, Any] = {
    "report_type": "wallet_summary",
    "filters": {"wallet": "grocery-rewards"},
}


def until(happened: Callable[[], bool], begun: float) -> float:
    """Wait for something; the seconds since `begun`."""
    while not happened():
        time.sleep(0.05)
    return time.perf_counter() - begun


def one_time(client: httpx.Client) -> tuple[float, float]:
    """Create an export; when its first task ran, and when it was Created."""
    body = {**BODY, "name": "Benchmark", "frequency": "one_time", "date_range": "past_week", "delivery": ["download"]}
    begun = time.perf_counter()
    export = client.post("reports", json=body).raise_for_status().json()["export"]

    def now() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"exports/{export['id']}").raise_for_status().json()
        return found

    started = until(lambda: now()["step"] != "waiting", begun)
    return started, until(lambda: bool(now()["status"] == "created"), begun)


def recurring(client: httpx.Client) -> float:
    """Create a recurring report; when it was scheduled."""
    delivery = [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}]
    body = {**BODY, "name": "Benchmark", "frequency": {"interval": "daily"}, "delivery": delivery}
    begun = time.perf_counter()
    path = f"reports/{client.post('reports', json=body).raise_for_status().json()['report']['id']}"
    took = until(lambda: not client.get(path).raise_for_status().json()["pending"], begun)
    client.delete(path).raise_for_status()
    return took


def show(name: str, took: list[float]) -> None:
    """Print one line."""
    print(f"{name:44} {statistics.median(took):6.2f} {max(took):6.2f}", flush=True)


def main() -> None:
    """Measure on the demo, or on the Airflow whose address is given."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    login = {"username": "user", "password": LOGINS["user"].password}
    with httpx.Client(timeout=60, trust_env=False) as client:
        token = client.post(f"{url}/auth/token", json=login).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.base_url = httpx.URL(f"{url}/promo-reports/api/")
        one_time(client)
        print(f"{'seconds':44} {'median':>6} {'most':>6}")
        ends = [one_time(client) for _ in range(ONE_TIME)]
        show("one-time: first task running", [each[0] for each in ends])
        show("one-time: Created", [each[1] for each in ends])
        show("recurring: DAG scheduled", [recurring(client) for _ in range(RECURRING)])


if __name__ == "__main__":
    main()
