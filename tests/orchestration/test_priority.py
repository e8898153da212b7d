"""Which task is queued first: scheduled deliveries before whatever people have started."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.task.priority_strategy import validate_and_load_priority_weight_strategy

from promo_reports.definitions.registry import Registry
from promo_reports.orchestration.dag_factory import report_dag, type_dag
from promo_reports.orchestration.priority import ExportPriority
from tests.support.project import write_weekly

REPORT, TYPE = "promo_reports.report.weekly_credits", "promo_reports.type.user_errors"
IN_ORDER = [
    (REPORT, "scheduled__2026-11-23T11:00:00+00:00", "deliver"),
    (REPORT, "scheduled__2026-11-23T11:00:00+00:00", "extract"),
    (TYPE, "page__1234", "deliver"),
    (TYPE, "manual__2026-11-23T11:00:00+00:00", "extract"),
    (REPORT, "backfill__2026-01-05T11:00:00+00:00", "deliver"),
    (REPORT, "manual__2026-11-23T11:00:00+00:00", "extract"),
]


def test_what_is_scheduled_goes_before_what_people_started() -> None:
    weights = [
        ExportPriority().get_weight(SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id))
        for dag_id, run_id, task_id in IN_ORDER
    ]
    assert all(first > second for first, second in pairwise(weights))


@pytest.mark.parametrize("kind", ["report", "type"])
def test_the_scheduler_makes_the_priority_again_from_what_is_stored(home: Path, registry: Registry, kind: str) -> None:
    """It is a plugin of Airflow's, and so an error there where a process does not load it."""
    write_weekly(home, "weekly_credits")
    dag = report_dag("weekly_credits") if kind == "report" else type_dag("user_errors")
    stored: Any = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    again = DagSerialization.from_dict(stored)
    for task_id in ("extract", "deliver"):
        rule = again.get_task(task_id).weight_rule
        assert isinstance(validate_and_load_priority_weight_strategy(rule), ExportPriority)


def test_both_tasks_of_an_on_demand_export_are_in_a_pool_of_their_own(home: Path, registry: Registry) -> None:
    write_weekly(home, "weekly_credits")
    pools = {
        dag.dag_id: [task.pool for task in dag.tasks] for dag in (report_dag("weekly_credits"), type_dag("user_errors"))
    }
    assert pools == {REPORT: ["promo_reports", "default_pool"], TYPE: ["promo_reports_on_demand"] * 2}
