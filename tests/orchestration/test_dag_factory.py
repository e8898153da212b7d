"""Generated DAGs: golden files of what Airflow stores, stable over parses."""

from __future__ import annotations

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from promo_reports.definitions.registry import Registry
from promo_reports.errors import InvalidInput, SqlTemplateError
from promo_reports.orchestration.dag_factory import report_dag, type_dag
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


@pytest.fixture
def everything(home: Path, registry: Registry) -> Registry:
    write_weekly(home, "weekly_credits")
    (home / "reports" / "members.yaml").write_text(ONE_TIME)
    from datetime import datetime

    registry.create(CREATED, by="ada@example.com", at=datetime(2026, 11, 1, tzinfo=UTC))
    registry.stop("created", by="ada@example.com", at=datetime(2026, 11, 20, tzinfo=UTC))
    return registry


@pytest.mark.parametrize("report_id", ["weekly_credits", "members", "created"])
def test_a_definitions_dag_is_its_golden_file(everything: Registry, report_id: str) -> None:
    check_golden(f"report.{report_id}", report_dag(report_id))


def test_an_on_demand_dag_is_its_golden_file(home: Path, registry: Registry) -> None:
    check_golden("type.wallet_transactions", type_dag("wallet_transactions"))


@pytest.mark.parametrize("report_type", sorted(path.stem for path in (ROOT / "report_types").glob("*.yaml")))
def test_every_shipped_report_type_has_an_on_demand_dag(home: Path, registry: Registry, report_type: str) -> None:
    dag = type_dag(report_type)
    assert dag.dag_id == f"promo_reports.type.{report_type}"
    assert dag.task_ids == ["extract", "deliver"]


def test_three_parses_give_the_same_dag(everything: Registry) -> None:
    first, *others = [json.dumps(serialized(report_dag("created"))) for _ in range(3)]
    assert set(others) == {first}


def test_the_task_arguments_hold_ids_only(everything: Registry) -> None:
    for dag in (report_dag("weekly_credits"), type_dag("wallet_transactions")):
        for task in dag.tasks:
            assert not task.template_fields


def test_a_broken_definition_says_what_is_wrong_where(home: Path, registry: Registry) -> None:
    path = write_weekly(home, "weekly_credits")
    path.write_text(path.read_text().replace("grocery-rewards", "[a, b]").replace("delivery_day: monday", "hour: 6"))
    with pytest.raises(InvalidInput) as refused:
        report_dag("weekly_credits")
    message = str(refused.value)
    assert "weekly_credits.yaml:5: filters.wallet" in message
    assert "weekly_credits.yaml:6: frequency" in message


def test_broken_sql_hurts_its_report_type_alone(everything: Registry) -> None:
    (everything.settings.sql / "wallet_summary.sql").write_text("SELECT 1")
    with pytest.raises(SqlTemplateError, match=r"wallet_summary\.sql"):
        type_dag("wallet_summary")
    assert type_dag("wallet_transactions").dag_id
    assert report_dag("created").dag_id


def test_plugins_are_loaded_once_and_shadow_nothing() -> None:
    """Airflow's loader runs every file below plugins/ that .airflowignore does not name, under its bare stem."""
    from airflow._shared.module_loading import find_path_from_directory

    found = [Path(each).name for each in find_path_from_directory(str(ROOT / "plugins"), ".airflowignore")]
    assert [name for name in found if name.endswith(".py")] == ["promo_reports_plugin.py"]
