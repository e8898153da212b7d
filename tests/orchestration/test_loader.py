"""The loader of a DAGs folder: what it leaves out, who tells of it, and what a task start costs."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from promo_reports.definitions.registry import Registry
from promo_reports.errors import DagsMissing, StoreError
from promo_reports.orchestration import dag_factory
from promo_reports.orchestration.loader import PROBLEMS_FILE, load_dags, raise_problems
from tests.support.airflow.ways import LOADER_FILE, SHIPPED, write_loader
from tests.support.project import ROOT, write_weekly

WEEKLY, OTHER = "promo_reports.report.weekly_credits", "promo_reports.report.other_credits"
IN_CONFIGURATION = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


@pytest.fixture
def dags(home: Path) -> Path:
    """A DAGs folder with both files, for a project of two definitions."""
    for each in ("weekly_credits", "other_credits"):
        write_weekly(home, each)
    return write_loader(home / "dags")


def parsed(dags: Path, name: str = LOADER_FILE) -> DagBag:
    return DagBag(dags / name, safe_mode=True, bundle_path=dags, bundle_name="dags-folder")


def reports(bag: DagBag) -> set[str]:
    return {each for each in bag.dag_ids if ".report." in each}


def break_it(home: Path) -> None:
    path = home / "reports" / "weekly_credits.yaml"
    path.write_text(path.read_text().replace("grocery-rewards", "[a, b]"))


@pytest.mark.parametrize("name", [LOADER_FILE, PROBLEMS_FILE])
def test_the_documented_files_are_those_that_are_shipped(name: str) -> None:
    assert f"```python\n# dags/{name}\n{(SHIPPED / name).read_text()}```" in (ROOT / "docs/deploy.md").read_text()


def test_both_files_together_tell_of_every_error_once(dags: Path, home: Path) -> None:
    break_it(home)
    (home / "reports" / "Not An Id.yaml").write_text("id: x")
    (home / "report_types" / "odd.yaml").write_text("id: odd\ntitle: Odd\npromotion_type: lottery\n")
    loader, problems = parsed(dags), parsed(dags, PROBLEMS_FILE)
    assert (reports(loader), loader.import_errors) == ({OTHER}, {})
    assert (problems.dag_ids, list(problems.import_errors)) == ([], [PROBLEMS_FILE])
    said = problems.import_errors[PROBLEMS_FILE]
    for located in (
        "weekly_credits.yaml:5: filters.wallet",
        "file's name must be its id",
        "odd.yaml:3: promotion",
    ):
        assert said.count(located) == 1
    assert "3 errors keep" in said


def test_an_error_that_nobody_expected_is_told_with_its_traceback(
    dags: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = dag_factory._tags
    monkeypatch.setattr(dag_factory, "_tags", lambda *of: 1 / 0 if of[1] == "weekly" else tags(*of))
    loader, said = parsed(dags), parsed(dags, PROBLEMS_FILE).import_errors[PROBLEMS_FILE]
    assert (reports(loader), loader.import_errors) == (set(), {})
    assert "reports/weekly_credits.yaml: ZeroDivisionError: division by zero" in said
    assert "test_loader.py" in said


def test_what_is_mended_has_no_error_any_more(dags: Path, home: Path) -> None:
    break_it(home)
    assert parsed(dags, PROBLEMS_FILE).import_errors
    write_weekly(home, "weekly_credits")
    assert parsed(dags, PROBLEMS_FILE).import_errors == {}
    assert reports(parsed(dags)) == {WEEKLY, OTHER}


def test_without_the_second_file_no_error_is_swallowed(dags: Path, home: Path) -> None:
    (dags / PROBLEMS_FILE).unlink()
    assert reports(parsed(dags)) == {WEEKLY, OTHER}
    break_it(home)
    said = parsed(dags).import_errors[LOADER_FILE]
    assert "reports/weekly_credits.yaml:5: filters.wallet" in said
    assert f"put {PROBLEMS_FILE} beside" in said


@pytest.mark.parametrize(
    ("away", "stay"), [("reports", "promo_reports.type.user_errors"), ("report_types", None), ("store", WEEKLY)]
)
def test_what_cannot_be_read_takes_no_more_along_than_must_be(
    dags: Path, home: Path, registry: Registry, away: str, stay: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader's file has no error, which would make its DAGs stale at once; the other file has it."""
    if away == "store":

        def unreachable(*_: object) -> None:
            raise StoreError("The bucket of created reports does not answer.")

        monkeypatch.setattr(type(registry.store), "entries", unreachable)
        stay, expected = "promo_reports.type.user_errors", "The bucket of created reports does not answer."
    else:
        shutil.move(home / away, home / "elsewhere")
        expected = f"{home / away} cannot be read"
    loader, said = parsed(dags), parsed(dags, PROBLEMS_FILE).import_errors[PROBLEMS_FILE]
    assert loader.import_errors == {}
    assert stay is None or stay in loader.dag_ids
    assert expected in said


def test_created_and_stopped_reports_are_those_of_the_store(dags: Path, registry: Registry) -> None:
    created = {
        "name": "Made on the page",
        "report_type": "wallet_summary",
        "filters": {"wallet": "grocery-rewards"},
        "frequency": {"interval": "daily"},
        "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
    }
    made = registry.create(created, by="ada@example.com", at=datetime(2026, 11, 1, tzinfo=UTC))
    dag_id = f"promo_reports.report.{made.id}"
    assert parsed(dags).dags[dag_id].timetable.serialize()["stops"] == []
    registry.stop(made.id, at=datetime(2026, 11, 2, tzinfo=UTC), by="ada@example.com")
    assert len(parsed(dags).dags[dag_id].timetable.serialize()["stops"]) == 1


@pytest.mark.parametrize("dag_id", [WEEKLY, "promo_reports.type.user_errors"])
def test_a_task_start_makes_its_own_dag_and_reads_no_other(
    dags: Path, home: Path, dag_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
    (home / "reports" / "other_credits.yaml").write_text("id: [")
    (dags / PROBLEMS_FILE).unlink()
    for name in ("sources", "report_type_sources"):
        monkeypatch.setattr(Registry, name, lambda self: pytest.fail("listed"))
    bag = parsed(dags)
    assert (bag.dag_ids, bag.import_errors) == ([dag_id], {})


def test_a_task_whose_definition_is_broken_says_why(dags: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", WEEKLY)
    break_it(home)
    assert "reports/weekly_credits.yaml:5: filters.wallet" in parsed(dags).import_errors[LOADER_FILE]


def test_the_dag_of_another_file_is_none_of_ours(dags: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's command line parses a whole folder for one DAG."""
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "of_somebody_else")
    break_it(home)
    assert load_dags(str(dags / LOADER_FILE)) == {}
    raise_problems()


def test_beside_the_bundle_it_has_an_error_that_says_so(dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundles = [{"name": "ours", "classpath": "promo_reports.orchestration.bundle.ReportBundle", "kwargs": {}}]
    monkeypatch.setenv(IN_CONFIGURATION, json.dumps(bundles))
    bag = parsed(dags)
    assert bag.dag_ids == []
    assert "a DAG bundle makes these DAGs already. Remove this file" in bag.import_errors[LOADER_FILE]


def test_nothing_is_written(dags: Path, home: Path) -> None:
    """A DAGs folder may be read-only, and Airflow parses what changes in it."""
    break_it(home)

    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in dags.rglob("*") if "__pycache__" not in path.parts}

    before = files()
    parsed(dags)
    with pytest.raises(DagsMissing):
        raise_problems()
    assert files() == before
