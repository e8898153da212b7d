"""What a definition may hold fits into Airflow's columns, and what does not is cut before it fails a finished task."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.exceptions import AirflowException
from airflow.models.dag import TAG_MAX_LEN, DagModel
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance

from promo_reports.definitions.inputs.fields import MAX_TITLE
from promo_reports.definitions.registry import Registry
from promo_reports.delivery.payload import LONGEST_MAP_INDEX, map_index_title
from promo_reports.domain.dag_ids import report_dag_id, type_dag_id
from promo_reports.domain.definition import MAX_DESTINATIONS, MAX_NAME, MAX_OWNER
from promo_reports.orchestration.dag_factory import report_dag, type_dag
from promo_reports.orchestration.operators import DeliverOperator
from tests.support.airflow.supervisor import Supervisor
from tests.support.project import WEEKLY


def length(model: Any, column: str) -> int:
    return int(model.__table__.c[column].type.length)


def test_our_limits_are_those_of_airflow() -> None:
    assert length(TaskInstance, "rendered_map_index") == LONGEST_MAP_INDEX
    assert length(Log, "owner") == MAX_OWNER
    assert MAX_TITLE == TAG_MAX_LEN
    assert length(DagModel, "dag_display_name") > MAX_NAME + len(" (on demand)")
    assert length(DagModel, "owners") >= MAX_OWNER
    assert min(length(DagModel, "dag_id"), length(DagRun, "dag_id")) >= len(report_dag_id("r" * 100))
    assert length(DagModel, "dag_id") >= len(type_dag_id("t" * 63))
    assert MAX_DESTINATIONS <= 1024  # [core] max_map_length


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("download", "download"),
        ("amazon_s3:bi-exports/" + "p" * 229, "amazon_s3:bi-exports/" + "p" * 229),
        ("amazon_s3:bi-exports/" + "p" * 230, "amazon_s3:bi-exports/" + "p" * 228 + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_the_title_of_a_delivery_is_cut_to_its_column(title: str, shown: str) -> None:
    assert map_index_title(title) == shown
    assert len(shown) <= LONGEST_MAP_INDEX


def test_a_delivery_below_a_long_prefix_names_its_task_within_the_column(home: Path, supervisor: Supervisor) -> None:
    run = SimpleNamespace(dag_id="promo_reports.report.r", run_id="manual__1")
    context: dict[str, Any] = {"task_state_store": supervisor.store, "dag_run": run}
    handover = {"title": "amazon_s3:bi-exports/" + "p" * 300, "staged": "/nowhere"}
    operator = DeliverOperator(task_id="deliver", handover=handover)
    with pytest.raises(AirflowException):
        vars(type(operator))["execute"].__wrapped__(operator, context)
    assert len(context["destination"]) == LONGEST_MAP_INDEX


def test_the_longest_texts_make_dags_that_airflow_takes(home: Path, registry: Registry) -> None:
    types = home / "report_types" / "wallet_transactions.yaml"
    text = types.read_text()
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    types.write_text(text.replace(title, f"title: {'t' * MAX_TITLE}"))
    report_id = "r" * 100
    definition = WEEKLY.format(id=report_id).replace("Weekly Credits", "\N{GRINNING FACE}" * MAX_NAME)
    owner = "o" * (MAX_OWNER - len("@example.com")) + "@example.com"
    definition = definition.replace("growth@example.com", owner).replace(
        "bi-exports}", f"bi-exports, prefix: {'p' * 300}}}"
    )
    (home / "reports" / f"{report_id}.yaml").write_text(definition)
    for dag in (report_dag(report_id), type_dag("wallet_transactions")):
        assert len(dag.dag_id) <= length(DagModel, "dag_id")
        assert len(dag.dag_display_name) <= length(DagModel, "dag_display_name")
        assert all(len(tag) <= TAG_MAX_LEN for tag in dag.tags)
        assert len(dag.owner) <= length(DagModel, "owners")
        assert len(str(getattr(dag.timetable, "description", ""))) <= length(DagModel, "timetable_description")
