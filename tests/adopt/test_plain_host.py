"""docs/adopt.md on a plain host: its blocks, word for word, in an environment that has Airflow 3.3.2 and nothing else.

Of the texts in them, one is replaced: the address of the promo database. What a team's Airflow has of its own (ports,
no example DAGs) comes from the environment. Packages come from the index that pip is configured for; the page is opened
in Chromium. `make test-adopt` runs it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg2  # noqa: TID253
import pytest

from devstack.chromium import launched
from devstack.databases import PromoDatabase
from devstack.processes import ServerProcess, free_port
from tests.support.browser.pages import Pages, log_in
from tests.support.browser.reports_page import ReportsPage
from tests.support.documented_blocks import NOT_RUN, STAYS_RUNNING, Terminal, blocks
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check, find
from tests.support.end_to_end.live import ALL_TYPES, until

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "adopt.md"
AIRFLOW = "apache-airflow==3.3.2"
EXAMPLE = "postgresql://promo_exports:a-long-random-password@ledger.example.com:5432/promo"
KEPT = ("PIP_", "UV_", "SSL_CERT_")
PATIENCE = 600.0
"""Seconds for what takes half a minute on a free machine: Airflow's start, and a first export."""
WALLET = "grocery-rewards"
ROWS = """
    INSERT INTO wallets VALUES (%(wallet)s, 'Grocery "Rewards", fresh', 'points', 'active', '2026-01-01T00:00:00Z');
    INSERT INTO wallet_transactions (
        transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points,
        balance_after, description
    )
    SELECT n, at, at, 'member-' || n %% 41, %(wallet)s, 'credit', 'api', 1.25, 0, 'a, b and "c"'
    FROM (SELECT n, now() - n * interval '1 hour' AS at FROM generate_series(1, 24 * 21) AS n) AS rows"""


class Host:
    """An Airflow that a team has: a home, a virtual environment, and ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, logs, triggerer_logs = free_port(), free_port(), free_port()
        venv = home / "venv"
        uv = Path(sys.executable).with_name("uv")
        kept = {key: value for key, value in os.environ.items() if key.startswith(KEPT) or key.endswith("_CA_BUNDLE")}
        subprocess.run((uv, "venv", "--quiet", "--seed", "--python", sys.executable, venv), check=True)
        pins = ("--constraint", PROJECT / "requirements.txt")
        subprocess.run(
            (uv, "pip", "install", "--quiet", "--no-verify-hashes", *pins, AIRFLOW),
            env={**os.environ, "VIRTUAL_ENV": str(venv)},
            check=True,
        )
        self.environment = {
            **kept,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "VIRTUAL_ENV": str(venv),
            "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggerer_logs),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def password(self, user: str) -> str:
        """The password that Airflow has made for itself."""
        made: dict[str, str] = json.loads(
            (self.home / "airflow" / "simple_auth_manager_passwords.json.generated").read_text()
        )
        return made[user]

    def healthy(self) -> bool:
        """Whether api-server, scheduler and dag-processor are at work."""
        try:
            answer = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=30, trust_env=False)
        except httpx.TransportError:
            return False
        parts = ("scheduler", "dag_processor")
        return answer.is_success and all(answer.json()[each]["status"] == "healthy" for each in parts)


@pytest.fixture
def ledger(promo_database: Callable[[], PromoDatabase]) -> PromoDatabase:
    """A promo database with a wallet of three weeks, a row each hour."""
    made = promo_database()
    with contextlib.closing(psycopg2.connect(made.owner_url)) as owner, owner, owner.cursor() as cursor:
        cursor.execute(ROWS, {"wallet": WALLET})
    return made


@pytest.mark.timeout(3600)
def test_the_blocks_lead_to_a_delivered_export_and_its_page(tmp_path: Path, ledger: PromoDatabase) -> None:
    host = Host(tmp_path)
    subprocess.run(("git", "clone", "--quiet", "--no-hardlinks", PROJECT, tmp_path / "promo-reports"), check=True)
    terminal = Terminal(host.environment, tmp_path, {EXAMPLE: ledger.reader_url})
    documented = blocks(PAGE, "On a plain host")
    assert any(EXAMPLE in each.commands for each in documented)
    with contextlib.ExitStack() as stopping:
        printed = []
        for block in documented:
            if block.note.startswith(NOT_RUN):
                continue
            if block.note == STAYS_RUNNING:
                server = ServerProcess(
                    "airflow",
                    ("bash", "-euc", terminal.text(block)),
                    log=tmp_path / "airflow.log",
                    env=terminal.environment,
                    cwd=terminal.directory,
                    whole_group=True,
                )
                stopping.enter_context(server)
                server.wait_until(host.healthy, timeout=PATIENCE, interval=1.0)
                until(
                    lambda: list(tmp_path.glob("promo-data/downloads/**/manifest.json")), "an export", timeout=PATIENCE
                )
                continue
            printed.append(terminal.run(block))
        *_, dags, files = printed
        for dag_id in ("report.wallet_transactions_past_week", "type.user_ledger_summary", "retention"):
            assert f"promo_reports.{dag_id}" in dags
        (manifest,) = (line for line in files.splitlines() if line.endswith("manifest.json"))
        check(find(f"file://{manifest}", None), past_week(ledger), totals=["points"], time="occurred_at")
        is_on_the_page(host)


def past_week(ledger: PromoDatabase) -> bytes:
    """What the promo database says of the week before this one, as a CSV with header in UTC."""
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    start, end = (f"{each}T00:00:00Z" for each in (monday - timedelta(days=7), monday))
    output = io.BytesIO()
    with contextlib.closing(psycopg2.connect(ledger.reader_url)) as reader, reader, reader.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        sql = expected.wallet_transactions(WALLET, start, end, ALL_TYPES)
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)", output)
    assert output.getvalue().count(b"\n") == 1 + 7 * 24
    return output.getvalue()


def is_on_the_page(host: Host) -> None:
    """Fail unless somebody who logs in finds the export by Airflow's navigation, as Created."""
    with launched() as browser, contextlib.closing(Pages(browser)) as pages:
        page = pages.open_nobody(host)
        log_in(page, host, "admin")
        reports = ReportsPage(page)
        reports.open_from_navigation()
        reports.status("Wallet Transactions, Past Week", "Created").wait_for()
        pages.check()
