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
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo, TimeRestriction

from promo_reports.definitions.registry import Registry
from promo_reports.domain.dag_ids import report_dag_id, type_dag_id
from promo_reports.errors import StoreError
from promo_reports.orchestration import bundle as bundle_module
from promo_reports.orchestration import prewarm as rehearsal
from promo_reports.orchestration.bundle import ReportBundle
from promo_reports.orchestration.dag_factory import report_dags
from promo_reports.orchestration.generated import generated_files, group_of
from tests.support.airflow.bundles import Registered, new_bundle
from tests.support.project import write_weekly

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREATED = {
    "name": "Made on the page",
    "report_type": "wallet_summary",
    "filters": {"wallet": "grocery-rewards"},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}


@pytest.fixture
def airflow() -> Registered:
    return Registered()


@pytest.fixture
def bundle(home: Path, airflow: Registered) -> ReportBundle:
    return new_bundle(home, airflow)


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
    monkeypatch.setattr(bundle_module, "prewarm", lambda: rehearsed.append(1))
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
    rehearsal.prewarm()
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
    began = time.time()
    bundle.refresh()
    assert all(each.stat().st_mtime > began + 1 for each in bundle.path.glob("*.py"))


def test_a_dag_that_was_deleted_in_airflow_has_its_file_parsed_again_once(
    bundle: ReportBundle, airflow: Registered, home: Path
) -> None:
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    airflow.dags = {report_dag_id("weekly_credits"), type_dag_id("user_errors"), type_dag_id("wallet_summary")}
    bundle.refresh()
    before = written(bundle)
    airflow.dags -= {report_dag_id("weekly_credits"), type_dag_id("user_errors")}
    bundle.refresh()
    again = written(bundle)
    assert {name for name in again if again[name] != before[name]} == {group("weekly_credits"), "type.user_errors.py"}
    bundle.refresh()
    assert written(bundle) == again


def test_what_airflow_has_never_had_is_not_parsed_again(bundle: ReportBundle, airflow: Registered, home: Path) -> None:
    """The first parse of many takes minutes, and a broken definition never has a DAG."""
    write_weekly(home, "weekly_credits")
    bundle.refresh()
    before = written(bundle)
    airflow.dags = {type_dag_id("user_errors")}
    bundle.refresh()
    assert written(bundle) == before


def dag_of(bundle: ReportBundle, report_id: str) -> DAG:
    return report_dags({report_id: ""}, str(bundle.path / group(report_id)))[report_id]


def next_run(dag: DAG) -> DagRunInfo | None:
    restriction = TimeRestriction(None, None, catchup=False)
    made: DagRunInfo | None = dag.timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    return made


def test_what_was_due_before_its_dag_was_deleted_is_not_delivered_again(
    bundle: ReportBundle, airflow: Registered, registry: Registry
) -> None:
    """A created report's schedule begins when it was created: without its runs, a year of them would be made again."""
    made = registry.create(CREATED, by="ada@example.com", at=datetime(2024, 1, 1, tzinfo=UTC))
    bundle.refresh()
    first = next_run(dag_of(bundle, made.id))
    assert first is not None
    assert first.run_after.year == 2024
    airflow.dags = {report_dag_id(made.id)}
    bundle.refresh()
    airflow.dags = set()
    bundle.refresh()
    following = next_run(dag_of(bundle, made.id))
    assert following is not None
    assert following.run_after > datetime.now(UTC)


def test_a_deletion_while_no_dag_processor_ran_is_known_from_the_audit_log(
    home: Path, airflow: Registered, registry: Registry
) -> None:
    made = registry.create(CREATED, by="ada@example.com", at=datetime(2024, 1, 1, tzinfo=UTC))
    airflow.deleted = {report_dag_id(made.id): datetime(2026, 11, 20, 12, tzinfo=UTC)}
    bundle = new_bundle(home, airflow)
    bundle.refresh()
    following = next_run(dag_of(bundle, made.id))
    assert following is not None
    assert following.run_after.date().isoformat() == "2026-11-21"


def test_a_deletion_that_airflow_has_refused_changes_nothing(
    home: Path, airflow: Registered, registry: Registry
) -> None:
    made = registry.create(CREATED, by="ada@example.com", at=datetime(2024, 1, 1, tzinfo=UTC))
    airflow.dags = {report_dag_id(made.id)}
    airflow.deleted = {report_dag_id(made.id): datetime(2026, 11, 20, 12, tzinfo=UTC)}
    new_bundle(home, airflow).refresh()
    assert list((home / "bundle").glob("*.deleted")) == []


def test_a_one_time_report_whose_dag_was_deleted_is_not_exported_again(
    bundle: ReportBundle, airflow: Registered, home: Path
) -> None:
    path = write_weekly(home, "once")
    recurring = "frequency: {interval: weekly, delivery_day: monday}"
    path.write_text(path.read_text().replace(recurring, "frequency: one_time\ndate_range: past_month"))
    bundle.refresh()
    assert next_run(dag_of(bundle, "once")) is not None
    airflow.dags = {report_dag_id("once")}
    bundle.refresh()
    airflow.dags = set()
    bundle.refresh()
    assert next_run(dag_of(bundle, "once")) is None


def test_a_report_that_is_removed_takes_the_note_of_its_deletion_along(
    bundle: ReportBundle, airflow: Registered, home: Path
) -> None:
    path = write_weekly(home, "weekly_credits")
    bundle.refresh()
    airflow.dags = {report_dag_id("weekly_credits")}
    bundle.refresh()
    airflow.dags = set()
    bundle.refresh()
    assert [each.name for each in bundle.path.glob("*.deleted")] == ["report.weekly_credits.deleted"]
    path.unlink()
    bundle.refresh()
    assert list(bundle.path.glob("*.deleted")) == []


def test_a_refresh_makes_the_pools_that_dags_name(bundle: ReportBundle, airflow: Registered) -> None:
    bundle.refresh()
    assert airflow.pools == {"promo_reports", "promo_reports_on_demand"}
