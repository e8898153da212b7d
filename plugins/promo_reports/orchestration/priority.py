"""Priority weights of export tasks.

Scheduled runs come before on-demand exports, backfills and manual runs, so that no number of those delays a scheduled
delivery; `deliver` comes before `extract`. The weight depends on the run, because scheduled runs and backfills share a
DAG. Executors run queued tasks in order of arrival: priorities hold while the pools have no more slots than the workers
(docs/deploy.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

from promo_reports.domain.dag_ids import TYPE_PREFIX

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance  # noqa: TID251 - a type alone

SCHEDULED, ON_DEMAND, PAST = 30, 20, 10
"""Priority weights of scheduled runs, runs of on-demand DAGs, and backfills or manual runs of a report's DAG."""
DELIVERY_FIRST = 5
"""Added to the weight of `deliver`."""
_SCHEDULED_RUN = "scheduled__"


class ExportPriority(PriorityWeightStrategy):
    """The priority weight of an export's task, by the kind of its run."""

    def get_weight(self, ti: TaskInstance) -> int:
        """Return the weight of one task instance; a higher one is queued first."""
        if ti.dag_id.startswith(TYPE_PREFIX):
            of_run = ON_DEMAND
        else:
            of_run = SCHEDULED if ti.run_id.startswith(_SCHEDULED_RUN) else PAST
        return of_run + (DELIVERY_FIRST if ti.task_id == "deliver" else 0)


EXPORT_PRIORITY = f"{ExportPriority.__module__}.{ExportPriority.__qualname__}"
"""Import path of the strategy, as a task's `weight_rule`: Airflow cannot serialize an instance with a mapped task."""
