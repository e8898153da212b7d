"""The commands as the tests call them, on a project of their own with three definitions, and seven rows to export."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from promo_reports.cli.app import app

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday, 07:00 in New York

DAILY = """\
id: daily
name: Daily transactions
report_type: wallet_transactions
owner: growth@example.com
filters: {wallet: grocery-rewards, transaction_type: [credit, debit, refund]}
frequency: {interval: daily}
delivery:
  - partner_export: {partner: amazon_s3, bucket: bi-exports}
"""
MEMBERS = """\
id: members
name: Members of Grocery Rewards
report_type: user_ledger_summary
owner: support@example.com
filters: {wallet: grocery-rewards}
frequency: {interval: weekly, delivery_day: monday}
delivery:
  - partner_export: {partner: amazon_s3, bucket: bi-exports}
"""
ONCE = """\
id: once
name: One week
report_type: wallet_transactions
owner: support@example.com
filters: {wallet: grocery-rewards, transaction_type: [credit, debit]}
frequency: one_time
date_range: past_week
delivery: [download]
"""

ROWS = """
INSERT INTO wallets VALUES ('grocery-rewards', 'Grocery Rewards', 'points', 'active', '2020-01-01Z'),
                           ('other', 'Other', 'points', 'active', '2020-01-01Z');
INSERT INTO wallet_transactions
    (transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points,
     balance_after, coupon_code, description)
VALUES
    (1, '2026-11-21 12:00Z', '2026-11-21 12:00Z', 'u1', 'grocery-rewards', 'refund', 'api', 5, 5, NULL, 'day before'),
    (2, '2026-11-22 05:00Z', '2026-11-22 05:00Z', 'u1', 'grocery-rewards', 'credit', 'system', 10, 15, '', NULL),
    (3, '2026-11-22 12:00:00.25Z', '2026-11-22 12:00Z', 'u2', 'grocery-rewards', 'debit', 'api', -3.5, 0, NULL,
     E'=a "quoted", two-line\\nnote'),
    (4, '2026-11-23 04:59:59Z', '2026-11-23 05:00Z', 'u1', 'grocery-rewards', 'credit', 'api', 1100.10, 0, NULL, 'x'),
    (5, '2026-11-22 12:00Z', '2026-11-22 12:00Z', 'u1', 'grocery-rewards', 'expired', 'api', -1, 0, NULL, 'type'),
    (6, '2026-11-22 12:00Z', '2026-11-22 12:00Z', 'u1', 'other', 'credit', 'api', 7, 7, NULL, 'other wallet'),
    (7, '2026-11-23 05:00Z', '2026-11-23 05:00Z', 'u1', 'grocery-rewards', 'credit', 'api', 7, 7, NULL, 'day after');
"""
CREATED = {
    "name": "Weekly cashback",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": {"interval": "weekly", "delivery_day": "monday"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}


def _environment() -> dict[str, str | None]:
    """Nothing of the caller's environment that the commands would read."""
    read = [name for name in os.environ if name.startswith(("PROMO_REPORTS_", "AIRFLOW_CONN_"))]
    return {**dict.fromkeys(read), "USER": "maria"}


@dataclass
class Shell:
    """Runs `promo-reports --home <project> ...` in this process."""

    home: Path
    environment: dict[str, str | None] = field(default_factory=_environment)

    def __call__(self, *words: str | Path, **environment: str | None) -> Result:
        command = ["--home", str(self.home), *map(str, words)]
        return CliRunner().invoke(app, command, env={**self.environment, **environment}, prog_name="promo-reports")

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def fill(owner_url: str) -> None:
    """Insert the rows."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(ROWS)
