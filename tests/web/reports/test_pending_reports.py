"""Reports that Airflow does not have: visible all the same, to those who may see them, and read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store.store_cache import CreatedReports, GitReports
from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.web.queries.records import Deletion
from promo_reports.web.reports import pending_reports as module
from promo_reports.web.reports.pending_reports import Pending
from tests.support.project import write_weekly
from tests.support.web.callers import NOON

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
    monkeypatch.setattr(module, "deletions_of", lambda *_: {})
    return dag_ids


@pytest.fixture
def pending(registry: Registry, known: set[str]) -> Pending:
    registry.create(BODY, by="ada", at=NOON)
    return Pending(registry, CreatedReports(registry.store), GitReports(registry.settings.reports))


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
    monkeypatch.setattr(Registry, "load", lambda *_: pytest.fail("read again"))
    assert seen(pending) == [(DAG, "Mine")]


def test_one_that_could_not_be_read_is_tried_again(pending: Pending, registry: Registry, home: Path) -> None:
    account = home / "include" / "account.yaml"
    whole = account.read_text()
    account.write_text(whole.replace("bi-exports", "another"))
    assert seen(pending) == []
    account.write_text(whole)
    assert seen(pending) == [(DAG, "Mine")]


def test_one_in_git_is_there_too(pending: Pending, known: set[str], home: Path) -> None:
    """New, or deleted in Airflow: its file says everything but when Airflow first had it."""
    known.add(DAG)
    path = write_weekly(home, "weekly_credits")
    (found,) = pending.reports(None, lambda _: True)  # type: ignore[arg-type]
    assert (found.name, found.created, found.created_by) == ("Weekly Credits", False, "growth@example.com")
    assert abs(found.created_at.timestamp() - path.stat().st_mtime) < 0.001
    path.write_text(path.read_text().replace("Weekly Credits", "Credits of the week"))
    assert seen(pending) == [(report_dag_id("weekly_credits"), "Credits of the week")]
    path.unlink()
    assert seen(pending) == []


def test_one_in_git_that_is_broken_or_made_once_is_not_and_is_read_once(
    pending: Pending, known: set[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.add(DAG)
    (home / "reports" / "broken.yaml").write_text("id: [")
    once = write_weekly(home, "once")
    recurring = "frequency: {interval: weekly, delivery_day: monday}"
    once.write_text(once.read_text().replace(recurring, "frequency: one_time\ndate_range: past_month"))
    assert seen(pending) == []
    monkeypatch.setattr(Registry, "load", lambda *_: pytest.fail("read again"))
    assert seen(pending) == []


def test_a_request_reads_so_many_and_the_next_one_more(
    pending: Pending, known: set[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.add(DAG)
    monkeypatch.setattr(module, "MOST_READ", 2)
    for number in range(5):
        write_weekly(home, f"weekly_{number}")
    assert [len(seen(pending)) for _ in range(4)] == [2, 4, 5, 5]


def test_who_deleted_it_is_told_with_it(pending: Pending, monkeypatch: pytest.MonkeyPatch) -> None:
    deletion = Deletion(NOON, "ada")
    monkeypatch.setattr(module, "deletions_of", lambda *_: {DAG: deletion})
    (found,) = pending.reports(None, lambda _: True)  # type: ignore[arg-type]
    assert found.deletion == deletion
