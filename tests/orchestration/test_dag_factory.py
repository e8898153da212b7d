"""DAGs as Airflow stores them: golden files, stable over parses, and the same through the bundle and the loader."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from promo_reports.definitions.registry import Registry
from tests.support.airflow.ways import WAYS, Parsed
from tests.support.project import ROOT, write_weekly

GOLDEN = ROOT / "tests" / "golden" / "dags"
ONE_TIME = """\
id: members
name: Members of Grocery Rewards
report_type: user_ledger_summary
owner: support@example.com
filters: {wallet: grocery-rewards}
frequency: one_time
delivery: [download]
"""
CREATED = {
    "id": "created",
    "name": "Made on the page",
    "report_type": "wallet_summary",
    "filters": {"wallet": "grocery-rewards"},
    "frequency": {"interval": "daily", "delivery_time": "07:30"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}, "download"],
    "timezone": "Asia/Kolkata",
}


def serialized(dag: DAG) -> dict[str, Any]:
    """What Airflow stores of a DAG, without where its file lies."""
    stored = DagSerialization.to_dict(dag)["dag"]
    for name in ("fileloc", "relative_fileloc", "_processor_dags_folder", "bundle_name"):
        stored.pop(name, None)
    plain: dict[str, Any] = json.loads(json.dumps(stored, sort_keys=True, default=str))
    return plain


def check_golden(name: str, dag: DAG) -> None:
    """Compare with the golden file; `UPDATE_GOLDEN=1 pytest tests/orchestration` writes it."""
    path = GOLDEN / f"{name}.json"
    text = json.dumps(serialized(dag), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.fixture(params=WAYS)
def parse(request: pytest.FixtureRequest, home: Path) -> Callable[[], Parsed]:
    """Parse all that is registered, in each of the two ways."""
    way = WAYS[request.param]
    return lambda: way(home)


@pytest.fixture
def everything(home: Path, registry: Registry) -> Registry:
    write_weekly(home, "weekly_credits")
    (home / "reports" / "members.yaml").write_text(ONE_TIME)
    registry.create(CREATED, by="ada@example.com", at=datetime(2026, 11, 1, tzinfo=UTC))
    registry.stop("created", by="ada@example.com", at=datetime(2026, 11, 20, tzinfo=UTC))
    return registry


def test_dags_are_their_golden_files(everything: Registry, parse: Callable[[], Parsed]) -> None:
    """Ids, tasks, tags, documentation, schedules, timetables, assets, pools: all that Airflow stores."""
    dags = parse().dags
    for name in ("report.weekly_credits", "report.members", "report.created", "type.wallet_transactions"):
        check_golden(name, dags[f"promo_reports.{name}"])


def test_every_report_type_has_an_on_demand_dag_and_every_definition_its_own(
    everything: Registry, parse: Callable[[], Parsed]
) -> None:
    parsed = parse()
    types = sorted(path.stem for path in (ROOT / "report_types").glob("*.yaml"))
    of_reports = [f"promo_reports.report.{each}" for each in ("created", "members", "weekly_credits")]
    assert sorted(parsed.dags) == of_reports + [f"promo_reports.type.{each}" for each in types]
    assert parsed.import_errors == {}
    for dag in parsed.dags.values():
        assert dag.task_ids == ["extract", "deliver"]
        assert not any(task.template_fields for task in dag.tasks)  # their arguments hold ids only


def test_three_parses_give_the_same_dags(everything: Registry, parse: Callable[[], Parsed]) -> None:
    first, *others = [
        json.dumps({dag_id: serialized(dag) for dag_id, dag in sorted(parse().dags.items())}) for _ in range(3)
    ]
    assert set(others) == {first}


@pytest.mark.parametrize("broken", ["yaml", "link", "fifo", "sql"])
def test_what_is_broken_is_an_import_error_and_the_other_dags_stay(
    everything: Registry, home: Path, parse: Callable[[], Parsed], broken: str
) -> None:
    healthy = set(parse().dags)
    path = home / "reports" / "weekly_credits.yaml"
    lost, said = _BROKEN[broken](path)
    parsed = parse()
    assert healthy - parsed.dags.keys() == lost
    error = "\n".join(parsed.import_errors.values())
    assert all(each in error for each in said)
    assert not any(dag.fileloc.endswith(file) for dag in parsed.dags.values() for file in parsed.import_errors)


def _break_yaml(path: Path) -> tuple[set[str], list[str]]:
    path.write_text(path.read_text().replace("grocery-rewards", "[a, b]").replace("delivery_day: monday", "hour: 6"))
    located = ["weekly_credits.yaml:5: filters.wallet", "weekly_credits.yaml:6: frequency"]
    return {"promo_reports.report.weekly_credits"}, located


def _lead_nowhere(path: Path) -> tuple[set[str], list[str]]:
    path.unlink()
    path.symlink_to("nowhere.yaml")
    return {"promo_reports.report.weekly_credits"}, ["reports/weekly_credits.yaml"]


def _make_fifo(path: Path) -> tuple[set[str], list[str]]:
    path.unlink()
    os.mkfifo(path)
    return {"promo_reports.report.weekly_credits"}, ["is a FIFO, which is not opened"]


def _break_sql(path: Path) -> tuple[set[str], list[str]]:
    (path.parents[1] / "include/sql/wallet_transactions.sql").write_text("SELECT 1")
    return {"promo_reports.type.wallet_transactions"}, ["wallet_transactions.sql"]


_BROKEN: Mapping[str, Callable[[Path], tuple[set[str], list[str]]]] = {
    "yaml": _break_yaml,
    "link": _lead_nowhere,
    "fifo": _make_fifo,
    "sql": _break_sql,
}


def test_plugins_are_loaded_once_and_shadow_nothing() -> None:
    """Airflow's loader runs every file below plugins/ that .airflowignore does not name, under its bare stem."""
    from airflow._shared.module_loading import find_path_from_directory

    found = [Path(each).name for each in find_path_from_directory(str(ROOT / "plugins"), ".airflowignore")]
    assert [name for name in found if name.endswith(".py")] == ["promo_reports_plugin.py"]
