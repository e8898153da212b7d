"""Created reports on their way into Airflow: visible at once, to those who may see them, and read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.created import CreatedReports
from promo_reports.definitions.registry import Registry
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.web import pending as module
from promo_reports.web.pending import Pending
from tests.web.callers import NOON

BODY: dict[str, Any] = {
    "id": "mine",
    "owner": "ada",
    "name": "Mine",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
DAG = report_dag_id("mine")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The DAGs that Airflow has."""
    dag_ids: set[str] = set()
    monkeypatch.setattr(module, "known_dag_ids", lambda _, asked: frozenset(asked) & dag_ids)
    return dag_ids


@pytest.fixture
def pending(registry: Registry, known: set[str]) -> Pending:
    registry.create(BODY, by="ada", at=NOON)
    return Pending(registry, CreatedReports(registry.store))


def seen(pending: Pending, *, may_read: bool = True) -> list[tuple[str, str]]:
    return [(each.dag_id, each.name) for each in pending.reports(None, lambda _: may_read)]  # type: ignore[arg-type]


def test_it_is_there_until_airflow_has_it(pending: Pending, known: set[str]) -> None:
    assert seen(pending) == [(DAG, "Mine")]
    known.add(DAG)
    assert seen(pending) == []


def test_nobody_sees_it_who_may_not_read_its_dag(pending: Pending) -> None:
    assert seen(pending, may_read=False) == []


def test_it_is_read_once(pending: Pending, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(pending) == [(DAG, "Mine")]
    monkeypatch.setattr(Registry, "definition", lambda *_: pytest.fail("read again"))
    assert seen(pending) == [(DAG, "Mine")]


def test_one_that_could_not_be_read_is_tried_again(pending: Pending, registry: Registry, home: Path) -> None:
    account = home / "include" / "account.yaml"
    whole = account.read_text()
    account.write_text(whole.replace("bi-exports", "another"))
    assert seen(pending) == []
    account.write_text(whole)
    assert seen(pending) == [(DAG, "Mine")]
