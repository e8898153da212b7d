"""The bundle: files rewritten only when what they are made from changes, and untouched when a store is away."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from promo_reports.definitions.registry import Registry
from promo_reports.errors import StoreError
from promo_reports.orchestration import bundle as bundle_module
from promo_reports.orchestration import rehearsal
from promo_reports.orchestration.bundle import ReportBundle
from promo_reports.orchestration.dag_factory import report_dags
from promo_reports.orchestration.generated import generated_files, group_of
from tests.orchestration.conftest import write_weekly

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
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


def group(report_id: str) -> str:
    return f"reports.{group_of(report_id)}.py"


def opened(call: Callable[[], object]) -> list[str]:
    """The files that a call opens."""
    seen: list[str] = []
    _AUDITED.append(seen)
    try:
        call()
    finally:
        _AUDITED.remove(seen)
    return seen


_AUDITED: list[list[str]] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        for seen in _AUDITED:
            seen.append(arguments[0])


sys.addaudithook(_audit)


def test_each_report_type_has_a_file_and_each_definition_is_in_one(
    bundle: ReportBundle, home: Path, registry: Registry
) -> None:
    write_weekly(home, "weekly_credits")
    created = registry.create(CREATED, by="ada@example.com", at=NOW)
    bundle.initialize()
    types = {f"type.{path.stem}.py" for path in (home / "report_types").glob("*.yaml")}
    assert names(bundle) == types | {group("weekly_credits"), group(created.id)}
    for each in ("weekly_credits", created.id):
        assert f"'{each}': " in (bundle.path / group(each)).read_text()


def test_there_are_no_more_files_than_groups_however_many_definitions(registry: Registry, home: Path) -> None:
    for number in range(600):
        write_weekly(home, f"weekly_{number}")
    files = [name for name, _ in generated_files(registry, {}) if name.startswith("reports.")]
    assert len(files) == len(set(files)) <= 256
    assert len(files) > 200


def test_a_definition_never_changes_its_group() -> None:
    assert [group_of(each) for each in ("weekly_credits", "grocery_transactions_daily")] == ["c1", "df"]


def test_a_refresh_rewrites_only_what_has_changed(bundle: ReportBundle, home: Path) -> None:
    path = write_weekly(home, "weekly_credits")
    write_weekly(home, "other_credits")
    bundle.refresh()
    before = written(bundle)
    bundle.refresh()
    assert written(bundle) == before
    path.write_text(path.read_text().replace("Weekly Credits", "Credits of the week"))
    bundle.refresh()
    assert {name for name, inode in written(bundle).items() if inode != before[name]} == {group("weekly_credits")}


@pytest.mark.parametrize(
    ("change", "affected"),
    [
        (lambda home: (home / "include/account.yaml").touch(), {group("weekly_credits")}),
        (lambda home: (home / "include/sql/user_errors.sql").touch(), {"type.user_errors.py"}),
    ],
    ids=["account", "sql"],
)
def test_what_a_dag_is_made_from_decides_which_files_change(
    home: Path, registry: Registry, change: Callable[[Path], None], affected: set[str]
) -> None:
    write_weekly(home, "weekly_credits")
    before = dict(generated_files(registry, {}))
    change(home)
    after = dict(generated_files(registry, {}))
    assert {name for name in after if after[name] != before[name]} == affected


def test_stopping_a_report_changes_its_file_so_that_it_is_parsed_again(home: Path, registry: Registry) -> None:
    write_weekly(home, "weekly_credits")
    before = dict(generated_files(registry, {}))
    registry.stop("weekly_credits", at=NOW, by="ada@example.com")
    after = dict(generated_files(registry, {}))
    assert {name for name in after if after[name] != before[name]} == {group("weekly_credits")}


def test_a_refresh_sees_what_is_written_to_the_store(bundle: ReportBundle, home: Path, registry: Registry) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    before = written(bundle)
    registry.stop("weekly_credits", at=NOW, by="ada@example.com")
    created = registry.create(CREATED, by="ada@example.com", at=NOW)
    bundle.refresh()
    changed = {name for name, inode in written(bundle).items() if inode != before.get(name)}
    assert changed == {group("weekly_credits"), group(created.id)}


def test_a_rehearsal_that_fails_stops_no_refresh(
    bundle: ReportBundle, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DagSerialization, "to_dict", lambda *_: 1 / 0)
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    assert group("weekly_credits") in names(bundle)


def test_the_last_definition_of_a_group_takes_its_file_along(bundle: ReportBundle, home: Path) -> None:
    path = write_weekly(home, "weekly_credits")
    bundle.refresh()
    path.unlink()
    bundle.refresh()
    assert group("weekly_credits") not in names(bundle)


def test_a_file_whose_name_is_no_id_makes_python_all_the_same(bundle: ReportBundle, home: Path) -> None:
    (home / "reports" / 'no id; """ at all.yaml').write_text("id: x")
    bundle.refresh()
    for name in names(bundle):
        compile((bundle.path / name).read_text(), name, "exec")


def test_a_second_refresh_opens_no_source_and_no_generated_file(bundle: ReportBundle, home: Path) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    before = written(bundle)
    touched = {Path(each).name for each in opened(bundle.refresh)}
    assert touched <= {".generation", f"..generation.{os.getpid()}", "promo-reports.lock"}
    assert written(bundle) == before


def test_a_refresh_after_a_change_opens_one_group_of_many(bundle: ReportBundle, home: Path) -> None:
    paths = [write_weekly(home, f"weekly_{number}") for number in range(40)]
    bundle.refresh()
    before = written(bundle)
    paths[7].write_text(paths[7].read_text().replace("Weekly Credits", "Credits of the week"))
    sources = {each for each in opened(bundle.refresh) if each.startswith(str(home / "reports"))}
    assert sources == set()
    assert {name for name, inode in written(bundle).items() if inode != before[name]} == {group("weekly_7")}


def test_the_version_tells_which_files_there_are_and_not_what_is_in_them(bundle: ReportBundle, home: Path) -> None:
    path = write_weekly(home, "weekly_credits")
    bundle.refresh()
    version = bundle.get_current_version().version
    path.write_text(path.read_text().replace("Weekly Credits", "Credits of the week"))
    bundle.refresh()
    assert bundle.get_current_version().version == version
    path.unlink()
    bundle.refresh()
    assert bundle.get_current_version().version != version


def test_what_parsers_inherit_is_loaded_at_the_first_refresh_and_when_a_type_changes(
    bundle: ReportBundle, home: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    sources = str(home / "report_types"), str(home / "include/account.yaml")
    stub = str(bundle.path / group("weekly_credits"))
    assert [
        each for each in opened(lambda: report_dags({"weekly_credits": ""}, stub)) if each.startswith(sources)
    ] == []
    rehearsed: list[int] = []
    monkeypatch.setattr(bundle_module, "rehearse", lambda: rehearsed.append(1))
    write_weekly(home, "other_credits")
    bundle.refresh()
    assert rehearsed == []
    (home / "report_types/user_errors.yaml").touch()
    bundle.refresh()
    assert rehearsed == [1]


def test_a_broken_report_type_and_definition_do_not_stop_a_rehearsal(home: Path, registry: Registry) -> None:
    (home / "report_types" / "odd.yaml").write_text("id: [")
    (home / "reports" / "a_broken.yaml").write_text("id: [")
    write_weekly(home, "weekly_credits")
    rehearsal.rehearse()
    assert opened(lambda: registry.report_type("wallet_transactions")) == []


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


def test_a_task_start_opens_one_file_and_lists_nothing(
    bundle: ReportBundle, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_weekly(home, "weekly_credits")
    bundle.initialize()
    generation = (bundle.path / ".generation").read_text()
    monkeypatch.setattr(Registry, "generation", lambda self: generation)
    for name in ("sources", "report_type_sources", "look_at_types", "look_at_reports"):
        monkeypatch.setattr(Registry, name, lambda self: pytest.fail("listed"))
    assert opened(bundle.initialize) == [str(bundle.path / ".generation")]


def test_a_worker_makes_the_file_of_a_definition_that_is_new(bundle: ReportBundle, home: Path) -> None:
    bundle.initialize()
    write_weekly(home, "weekly_credits")
    bundle.initialize()
    assert group("weekly_credits") in names(bundle)


def test_a_file_that_was_parsed_while_its_source_was_away_is_written_again(bundle: ReportBundle, home: Path) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    stub = bundle.path / group("weekly_credits")
    before = stub.stat().st_ino
    shutil.move(home / "reports", home / "elsewhere")
    with pytest.raises(StoreError):
        report_dags({"weekly_credits": ""}, str(stub))
    shutil.move(home / "elsewhere", home / "reports")
    bundle.refresh()
    assert stub.stat().st_ino != before
    assert list(bundle.path.glob("*.unread")) == []


def test_a_file_is_younger_than_a_parse_that_is_under_way(bundle: ReportBundle) -> None:
    bundle.refresh()
    assert all(each.stat().st_mtime > time.time() for each in bundle.path.glob("*.py"))
