"""A project of its own for each test: report types and SQL of the product, definitions and a store of the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.orchestration import project

ROOT = Path(__file__).resolve().parents[2]
WEEKLY = """\
id: {id}
name: Weekly Credits
report_type: wallet_transactions
owner: growth@example.com
filters: {{wallet: grocery-rewards, transaction_type: [credit]}}
frequency: {{interval: weekly, delivery_day: monday}}
delivery:
  - partner_export: {{partner: amazon_s3, bucket: bi-exports}}
"""


def new_project(home: Path) -> Path:
    """A project without definitions."""
    for name in ("report_types", "include/sql"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copy(ROOT / "include/account.yaml", home / "include/account.yaml")
    (home / "reports").mkdir()
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Such a project, which this process takes for its own."""
    monkeypatch.setenv("PROMO_REPORTS_HOME", str(new_project(tmp_path)))
    monkeypatch.setenv("PROMO_REPORTS_DATA_DIR", str(tmp_path / "data"))
    _forget()
    yield tmp_path
    _forget()


@pytest.fixture
def registry(home: Path) -> Registry:
    """The registry that DAGs of this process are made from."""
    return project.registry()


def write_weekly(home: Path, report_id: str) -> Path:
    """Register a weekly definition in git."""
    path = home / "reports" / f"{report_id}.yaml"
    path.write_text(WEEKLY.format(id=report_id))
    return path


def _forget() -> None:
    project.registry.cache_clear()
