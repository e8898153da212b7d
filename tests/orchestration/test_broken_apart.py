"""A broken definition leaves its group and becomes an import error of its own, until it changes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from promo_reports.definitions.inputs import yaml_reader as located
from promo_reports.orchestration import dag_factory
from promo_reports.orchestration.bundle import ReportBundle
from promo_reports.orchestration.generated import group_of
from promo_reports.regular_file import read_regular
from tests.support.airflow.bundles import new_bundle
from tests.support.project import write_weekly

SOUND, OTHER = "weekly_10", "weekly_51"
GROUP = f"reports.{group_of(SOUND)}.py"


@pytest.fixture
def bundle(home: Path) -> ReportBundle:
    return new_bundle(home)


def parsed(bundle: ReportBundle, name: str) -> DagBag:
    """A generated file as the dag-processor parses it."""
    return DagBag(bundle.path / name, safe_mode=False, bundle_path=bundle.path, bundle_name=bundle.name)


def dag_ids(bag: DagBag) -> list[str]:
    return sorted(each.rpartition(".")[2] for each in bag.dag_ids)


def break_it(path: Path) -> str:
    text = path.read_text()
    path.write_text(text.replace("grocery-rewards", "[a, b]"))
    return text


@pytest.fixture
def other(home: Path, bundle: ReportBundle) -> Path:
    """One of the two definitions of a group, in good order."""
    write_weekly(home, SOUND)
    path = write_weekly(home, OTHER)
    bundle.refresh()
    return path


def test_the_two_are_in_one_group(bundle: ReportBundle, other: Path) -> None:
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND, OTHER]


def test_a_broken_one_is_an_import_error_of_its_own_file(bundle: ReportBundle, other: Path) -> None:
    break_it(other)
    bundle.refresh()
    group = parsed(bundle, GROUP)
    assert (dag_ids(group), group.import_errors) == ([SOUND], {})
    bundle.refresh()
    own = parsed(bundle, f"report.{OTHER}.py")
    assert dag_ids(own) == []
    assert list(own.import_errors) == [f"report.{OTHER}.py"]
    assert f"reports/{OTHER}.yaml:5: filters.wallet" in own.import_errors[f"report.{OTHER}.py"]
    group = parsed(bundle, GROUP)
    assert (dag_ids(group), group.import_errors) == ([SOUND], {})


def test_it_stays_apart_while_it_does_not_change(bundle: ReportBundle, other: Path) -> None:
    break_it(other)
    bundle.refresh()
    parsed(bundle, GROUP)
    bundle.refresh()
    before = {each.name: each.stat().st_ino for each in bundle.path.glob("*.py")}
    assert f"report.{OTHER}.py" in before
    bundle.refresh()
    assert {each.name: each.stat().st_ino for each in bundle.path.glob("*.py")} == before


def test_a_bundle_that_starts_again_knows_it(bundle: ReportBundle, other: Path, home: Path) -> None:
    break_it(other)
    bundle.refresh()
    parsed(bundle, GROUP)
    new_bundle(home).refresh()
    assert (bundle.path / f"report.{OTHER}.py").exists()


def test_once_corrected_it_joins_its_group_again(bundle: ReportBundle, other: Path) -> None:
    text = break_it(other)
    bundle.refresh()
    parsed(bundle, GROUP)
    bundle.refresh()
    other.write_text(text)
    bundle.refresh()
    assert not (bundle.path / f"report.{OTHER}.py").exists()
    assert list(bundle.path.glob("*.apart")) == []
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND, OTHER]


def test_one_that_is_removed_leaves_nothing(bundle: ReportBundle, other: Path) -> None:
    break_it(other)
    bundle.refresh()
    parsed(bundle, GROUP)
    bundle.refresh()
    other.unlink()
    bundle.refresh()
    assert not (bundle.path / f"report.{OTHER}.py").exists()
    assert list(bundle.path.glob("*.apart")) == []


def test_one_with_which_nothing_is_wrong_any_more_joins_its_group_again(bundle: ReportBundle, other: Path) -> None:
    """What its state does not tell, such as an error of our own that an upgrade has mended."""
    break_it(other)
    bundle.refresh()
    parsed(bundle, GROUP)
    bundle.refresh()
    stamp = other.stat()
    with pytest.MonkeyPatch.context() as mended:
        mended.setattr(dag_factory, "report_dag", lambda *_: None)
        own = parsed(bundle, f"report.{OTHER}.py")
    assert (dag_ids(own), own.import_errors) == ([], {})
    assert other.stat() == stamp
    bundle.refresh()
    assert OTHER in (bundle.path / GROUP).read_text()


def test_an_error_that_nobody_expected_hurts_one_alone(
    bundle: ReportBundle, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_tasks = dag_factory._two_tasks

    def fails(dag: Any, *pools: str, **of: str) -> None:
        with dag:
            if of["report_id"] == OTHER:
                raise RuntimeError("in the middle of a DAG")
        two_tasks(dag, *pools, **of)

    monkeypatch.setattr(dag_factory, "_two_tasks", fails)
    group = parsed(bundle, GROUP)
    assert (dag_ids(group), group.import_errors) == ([SOUND], {})
    bundle.refresh()
    own = parsed(bundle, f"report.{OTHER}.py")
    assert "in the middle of a DAG" in own.import_errors[f"report.{OTHER}.py"]


def test_a_task_makes_its_own_dag_and_no_other(
    bundle: ReportBundle, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    report_dag = dag_factory.report_dag
    monkeypatch.setattr(dag_factory, "report_dag", lambda key, stub: made.append(key) or report_dag(key, stub))
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", f"promo_reports.report.{OTHER}")
    assert dag_ids(parsed(bundle, GROUP)) == [OTHER]
    assert made == [OTHER]


def test_a_task_whose_worker_lags_behind_finds_its_dag(
    bundle: ReportBundle, other: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = next(
        f"weekly_{number}" for number in range(200, 2000) if f"reports.{group_of(f'weekly_{number}')}.py" == GROUP
    )
    write_weekly(home, late)
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", f"promo_reports.report.{late}")
    assert dag_ids(parsed(bundle, GROUP)) == [late]


@pytest.mark.parametrize("target", [f"{OTHER}.yaml", f"{SOUND}.yaml/x", "nowhere.yaml"])
def test_a_link_that_leads_nowhere_is_an_error_of_its_own(bundle: ReportBundle, other: Path, target: str) -> None:
    """Git carries links: neither a refresh nor a group may fail for one."""
    other.unlink()
    other.symlink_to(target)
    bundle.refresh()
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND]
    bundle.refresh()
    assert list(parsed(bundle, f"report.{OTHER}.py").import_errors) == [f"report.{OTHER}.py"]
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND]
    ReportBundle(name="promo-reports", refresh_interval=5).initialize()


def test_a_fifo_holds_no_refresh_and_no_parser(bundle: ReportBundle, other: Path) -> None:
    other.unlink()
    os.mkfifo(other)
    bundle.refresh()
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND]
    bundle.refresh()
    assert "is a FIFO, which is not opened" in str(parsed(bundle, f"report.{OTHER}.py").import_errors)


def test_one_that_cannot_be_read_is_an_error_of_its_own_until_it_can(
    bundle: ReportBundle, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_regular

    def refused(path: Path, most: int) -> bytes:
        if path == other:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path, most)

    with monkeypatch.context() as patched:
        patched.setattr(located, "read_regular", refused)
        assert dag_ids(parsed(bundle, GROUP)) == [SOUND]
        bundle.refresh()
        own = parsed(bundle, f"report.{OTHER}.py")
        assert "Permission denied" in own.import_errors[f"report.{OTHER}.py"]
        assert dag_ids(parsed(bundle, GROUP)) == [SOUND]
    assert dag_ids(parsed(bundle, f"report.{OTHER}.py")) == []
    bundle.refresh()
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND, OTHER]


def test_two_that_could_meet_in_one_place_are_errors_until_one_of_them_moves(
    bundle: ReportBundle, other: Path, home: Path
) -> None:
    """The one that stays is parsed again, though nothing of its own has changed."""
    account = home / "include" / "account.yaml"
    account.write_text(f"{account.read_text()}    folder: dt={{start:%Y-%m-%d}}\n")
    bundle.refresh()
    assert dag_ids(parsed(bundle, GROUP)) == []
    bundle.refresh()
    for one, two in ((SOUND, OTHER), (OTHER, SOUND)):
        (error,) = parsed(bundle, f"report.{one}.py").import_errors.values()
        assert f"reports/{one}.yaml:8: delivery[0].partner_export: could meet another report in one place" in error
        assert f"reports/{two}.yaml (delivery[0]) goes to s3://bi-exports/promo-reports/dt={{start" in error
    stays = bundle.path / f"report.{SOUND}.py"
    before = stays.stat().st_ino
    other.write_text(other.read_text().replace("bucket: bi-exports", "bucket: bi-exports, prefix: other"))
    bundle.refresh()
    assert stays.stat().st_ino != before
    assert dag_ids(parsed(bundle, GROUP)) == [OTHER]
    assert parsed(bundle, stays.name).import_errors == {}
    bundle.refresh()
    assert dag_ids(parsed(bundle, GROUP)) == [SOUND, OTHER]
