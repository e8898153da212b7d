"""The bundle: one file a DAG, rewritten only when what it is made from changes, untouched when a store is away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.errors import StoreError
from promo_reports.orchestration.bundle import ReportBundle, generated_files
from promo_reports.orchestration.dag_factory import report_dag
from tests.orchestration.conftest import write_weekly

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
CREATED = {
    "name": "Made on the page",
    "report_type": "wallet_summary",
    "filters": {"wallet": "grocery-rewards"},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}


@pytest.fixture
def bundle(home: Path, monkeypatch: pytest.MonkeyPatch) -> ReportBundle:
    made = ReportBundle(name="promo-reports", refresh_interval=5)
    made.base_dir = home / "bundle"
    return made


def names(bundle: ReportBundle) -> set[str]:
    return {each.name for each in bundle.path.glob("*.py")}


def written(bundle: ReportBundle) -> dict[str, int]:
    return {each.name: each.stat().st_ino for each in bundle.path.glob("*.py")}


def test_each_report_type_and_each_definition_has_a_file(bundle: ReportBundle, home: Path, registry: Registry) -> None:
    write_weekly(home, "weekly_credits")
    created = registry.create(CREATED, by="ada@example.com", at=NOW)
    bundle.initialize()
    types = {f"type.{path.stem}.py" for path in (home / "report_types").glob("*.yaml")}
    assert names(bundle) == types | {"report.weekly_credits.py", f"report.{created.id}.py"}


def test_a_refresh_rewrites_only_what_has_changed(bundle: ReportBundle, home: Path) -> None:
    path = write_weekly(home, "weekly_credits")
    write_weekly(home, "other_credits")
    bundle.refresh()
    before = written(bundle)
    bundle.refresh()
    assert written(bundle) == before
    path.write_text(path.read_text().replace("Weekly Credits", "Credits of the week"))
    bundle.refresh()
    assert {name for name, inode in written(bundle).items() if inode != before[name]} == {"report.weekly_credits.py"}


@pytest.mark.parametrize(
    ("change", "affected"),
    [
        (lambda home: (home / "include/account.yaml").touch(), {"report.weekly_credits.py"}),
        (lambda home: (home / "include/sql/user_errors.sql").touch(), {"type.user_errors.py"}),
    ],
    ids=["account", "sql"],
)
def test_what_a_dag_is_made_from_decides_which_files_change(
    home: Path, registry: Registry, change: Callable[[Path], None], affected: set[str]
) -> None:
    write_weekly(home, "weekly_credits")
    before = dict(generated_files(registry))
    change(home)
    after = dict(generated_files(registry))
    assert {name for name in after if after[name] != before[name]} == affected


def test_stopping_a_report_changes_its_file_so_that_it_is_parsed_again(home: Path, registry: Registry) -> None:
    write_weekly(home, "weekly_credits")
    before = dict(generated_files(registry))
    registry.stop("weekly_credits", at=NOW, by="ada@example.com")
    after = dict(generated_files(registry))
    assert {name for name in after if after[name] != before[name]} == {"report.weekly_credits.py"}


def test_a_definition_that_is_removed_loses_its_file(bundle: ReportBundle, home: Path) -> None:
    path = write_weekly(home, "weekly_credits")
    bundle.refresh()
    path.unlink()
    bundle.refresh()
    assert "report.weekly_credits.py" not in names(bundle)


def test_a_broken_definition_keeps_a_file_to_show_its_error(bundle: ReportBundle, home: Path) -> None:
    write_weekly(home, "weekly_credits")
    (home / "reports" / "broken.yaml").write_text("id: [")
    (home / "reports" / 'no id; """ at all.yaml').write_text("id: x")
    bundle.refresh()
    files = names(bundle)
    assert {"report.weekly_credits.py", "report.broken.py"} < files
    for name in files:
        compile((bundle.path / name).read_text(), name, "exec")


@pytest.mark.parametrize("directory", ["reports", "report_types"])
def test_a_directory_that_cannot_be_read_leaves_every_file_as_it_was(
    bundle: ReportBundle, home: Path, directory: str
) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    before = written(bundle)
    shutil.move(home / directory, home / "elsewhere")
    with pytest.raises(StoreError, match=directory):
        bundle.refresh()
    assert written(bundle) == before


def test_a_worker_asks_for_the_generation_and_lists_nothing_when_it_is_the_same(
    bundle: ReportBundle, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_weekly(home, "weekly_credits")
    bundle.initialize()
    generation = (bundle.path / ".generation").read_text()
    monkeypatch.setattr(Registry, "generation", lambda self: generation)
    monkeypatch.setattr(Registry, "sources", lambda self: pytest.fail("listed"))
    ReportBundle.initialize(bundle)


def test_a_worker_makes_the_file_of_a_definition_that_is_new(bundle: ReportBundle, home: Path) -> None:
    bundle.initialize()
    write_weekly(home, "weekly_credits")
    bundle.initialize()
    assert "report.weekly_credits.py" in names(bundle)


def test_a_file_that_was_parsed_while_its_source_was_away_is_written_again(bundle: ReportBundle, home: Path) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    stub = bundle.path / "report.weekly_credits.py"
    before = stub.stat().st_ino
    shutil.move(home / "reports", home / "elsewhere")
    with pytest.raises(StoreError):
        report_dag("weekly_credits", str(stub))
    shutil.move(home / "elsewhere", home / "reports")
    bundle.refresh()
    assert stub.stat().st_ino != before
    assert list(bundle.path.glob("*.unread")) == []


def test_a_file_is_younger_than_a_parse_that_is_under_way(bundle: ReportBundle) -> None:
    bundle.refresh()
    assert all(each.stat().st_mtime > time.time() for each in bundle.path.glob("*.py"))
