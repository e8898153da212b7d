"""DAGs of a store in a bucket: what a refresh, a parse and a task start ask of it, and what they do without it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promo_reports.errors import DestinationUnavailable, StoreError
from promo_reports.object_stores.small_folders import watch
from promo_reports.orchestration import project
from promo_reports.orchestration.bundle import ReportBundle
from promo_reports.orchestration.dag_factory import report_dag, report_dags
from promo_reports.orchestration.generated import group_of
from promo_reports.orchestration.loader import load_dags
from tests.support.airflow.bundles import new_bundle
from tests.support.report_stores import Clock, FlakyStore, in_bucket

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREATED = {
    "name": "Made on the page",
    "report_type": "wallet_summary",
    "filters": {"wallet": "grocery-rewards"},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
POLL = ["get .revision"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def store(home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> FlakyStore:
    """The bucket of the project's store, with one created report, which another host has made."""
    made = in_bucket(monkeypatch)
    for name in ("reports", "report_types", "include/account.yaml"):
        os.utime(home / name, (1_700_000_000, 1_700_000_000))
    other_host(home, monkeypatch, "page")
    project.registry().store.prepare()
    project.registry().create(CREATED | {"id": "created"}, by="ada@example.com", at=NOW)
    made.requests.clear()
    return made


def other_host(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> ReportBundle:
    """Go on as a process of a host that has a disk of its own."""
    monkeypatch.setenv("PROMO_REPORTS_SCRATCH_DIR", str(home / "hosts" / name))
    project.registry.cache_clear()
    made = new_bundle(home)
    made.base_dir = home / "bundles" / name
    return made


def written(bundle: ReportBundle) -> dict[str, int]:
    return {each.name: each.stat().st_ino for each in bundle.path.glob("*.py")}


def test_an_idle_refresh_is_one_request_and_parses_ask_for_nothing(
    home: Path, store: FlakyStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = other_host(home, monkeypatch, "dag-processor")
    bundle.refresh()
    assert f"reports.{group_of('created')}.py" in written(bundle)
    store.requests.clear()
    assert report_dags({"created": ""}, str(bundle.path / "stub.py")).keys() == {"created"}
    assert store.requests == []
    for _ in range(3):
        clock.now += 5
        before = written(bundle)
        bundle.refresh()
        assert written(bundle) == before
    assert store.requests == POLL * 3
    clock.now += watch.LISTED_AGAIN_AFTER
    store.requests.clear()
    bundle.refresh()
    assert store.requests == [*POLL, *POLL, "entries definitions/", "entries state/"]


def test_a_change_is_seen_at_the_next_refresh(
    home: Path, store: FlakyStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = other_host(home, monkeypatch, "dag-processor")
    bundle.refresh()
    seen = written(bundle)
    other_host(home, monkeypatch, "page")
    project.registry().stop("created", at=NOW, by="bob@example.com")
    clock.now += 5
    bundle = other_host(home, monkeypatch, "dag-processor")
    bundle.refresh()
    assert {name for name, inode in written(bundle).items() if seen[name] != inode} == {
        f"reports.{group_of('created')}.py"
    }
    assert report_dag("created", None).timetable.serialize()["stops"]


def test_a_task_start_is_one_request_and_its_own_definition_is_read_once(
    home: Path, store: FlakyStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_host(home, monkeypatch, "worker").initialize()
    report_dag("created", None)
    for number in range(2):
        clock.now += 3600 * number  # however long after the last one
        bundle = other_host(home, monkeypatch, "worker")
        store.requests.clear()
        bundle.initialize()
        assert report_dag("created", None).dag_id == "promo_reports.report.created"
        assert store.requests == POLL


def test_without_the_store_tasks_start_and_no_dag_goes_stale(
    home: Path, store: FlakyStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = other_host(home, monkeypatch, "worker")
    bundle.refresh()
    before = written(bundle)
    store.away = DestinationUnavailable("Bucket 'created' of connection 'none' cannot be reached.")
    clock.now += watch.LISTED_AGAIN_AFTER
    bundle = other_host(home, monkeypatch, "worker")
    with pytest.raises(StoreError, match=r"at memory://created/store fails: .*cannot be reached"):
        bundle.refresh()
    assert written(bundle) == before
    bundle.initialize()
    assert "Tasks start with the reports that this host knows" in caplog.text
    assert report_dag("created", None).dag_id == "promo_reports.report.created"
    assert "promo_reports.report.created" in load_dags(str(home / "loader.py"))
    bundle = other_host(home, monkeypatch, "new worker")
    with pytest.raises(StoreError, match="cannot be reached"):
        bundle.initialize()
    assert written(bundle) == {}
