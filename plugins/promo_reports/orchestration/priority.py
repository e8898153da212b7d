"""Which task gets a slot first wherever tasks of exports compete: in a pool, in the executor, in Airflow's queue.

Scheduled deliveries go before everything that a person has started: nobody's on-demand exports, past windows or runs by
hand, however many, take a slot that a scheduled delivery could have. What is extracted is delivered first. The order is
of the run and not of its DAG alone, since scheduled runs and backfills share a DAG. Executors run what they were given
in the order of arrival, so it holds as long as the pools have no more slots than the workers (docs/deploy.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

from promo_reports.domain.dag_ids import TYPE_PREFIX

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

SCHEDULED, ON_DEMAND, PAST = 30, 20, 10
"""Priority weights of runs: of the schedule, of a report type's on-demand DAG, of a backfill or one started by hand."""
DELIVERY_FIRST = 5
"""What `deliver` has more than `extract` of the same kind of run."""
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
"""The name that a task gives as its weight rule: Airflow stores no instance of it with a mapped task."""
