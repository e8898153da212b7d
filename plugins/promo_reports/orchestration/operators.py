"""The two tasks of every export: extract stages a verified file, deliver publishes it to one destination.

They take a report's id and load its definition when they run; no part of a definition is an Airflow template.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowException
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, AirflowTaskTimeout

from promo_reports.delivery import payload as hand
from promo_reports.domain.dag_ids import report_id_of, report_type_of
from promo_reports.domain.export_status import ENDED_STATES
from promo_reports.errors import InvalidInput, PromoReportsError
from promo_reports.orchestration.project import registry
from promo_reports.orchestration.supervision import ended_with_supervisor
from promo_reports.orchestration.task_state import TaskStateWriter
from promo_reports.pipeline.run_export import Run, one_time_export, previous_export, scheduled_export

if TYPE_CHECKING:
    from airflow.sdk import Context

    from promo_reports.domain.delivery import Destination
    from promo_reports.pipeline.export import Export

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOG_LINES = 5.0


class TaskStopped(BaseException):
    """The task was told to stop: its run was cancelled or cleared, or its worker is shutting down.

    A `BaseException`, like Airflow's own timeout: code that catches `Exception` and goes on, such as Airflow's lookup
    of a connection, must not swallow it. Airflow retries the task if only the worker is shutting down.
    """


class ExportTask(BaseOperator):
    """Base of extract and deliver: skips tasks of ended runs and stops cleanly on SIGTERM."""

    def pre_execute(self, context: Context) -> None:
        """Skip a task whose run has ended: the scheduler may start one right after its run was cancelled."""
        ti, run = context["ti"], context["dag_run"]
        state = ti.get_dagrun_state(dag_id=run.dag_id, run_id=run.run_id)
        if state in ENDED_STATES:
            raise AirflowSkipException(f"The run has ended already: Airflow says {state}. Retry it when you want it.")

    def on_kill(self) -> None:
        """Raise in the running work, so that it removes its temporary files.

        Airflow calls this after a timeout too, when the work has been left already.
        """
        if isinstance(sys.exc_info()[1], AirflowTaskTimeout):
            log.error("Stopped after PROMO_REPORTS_EXECUTION_TIMEOUT_MINUTES; ask for a shorter window.")
            return
        raise TaskStopped("The task was told to stop; what it had begun is removed.")


class ExtractOperator(ExportTask):
    """Extracts, verifies and stages the export of its run, and returns a handover for each destination.

    `report_id` names the definition of a report's own DAG. The on-demand DAG has `report_type` instead: its definition
    is the run's conf.
    """

    def __init__(self, *, report_id: str | None = None, report_type: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.report_id, self.report_type = report_id, report_type

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Extract, verify and stage; return one handover for each destination."""
        from promo_reports.object_stores.staged_export import files_of
        from promo_reports.orchestration.connections import promo_source, with_hash_key
        from promo_reports.pipeline.extract import extract
        from promo_reports.pipeline.staging.area import staging_area

        with ended_with_supervisor(), TaskStateWriter(context["task_state_store"]) as state, airflow_failures(state):
            export = with_hash_key(self._export(context))
            source = promo_source(export.definition.report_type.connection)
            settings = registry().settings
            area = staging_area(settings)
            staged = extract(export, source, area, settings, now=_now, progress=self._progress(state))
            # What the page shows of an export is what people download.
            definition = export.definition
            manifest = staged.at(definition.deliveries.index(definition.for_people)).manifest
            self.log.info("%s rows verified in %s", f"{manifest.rows:,}", ", ".join(f.name for f in files_of(staged)))
            state.staged(manifest, [each.manifest for each in staged.deliveries])
            if export.window is not None:
                context["ti"].xcom_push(key=hand.left_key(export.window.end), value=hand.window_left(manifest))
            return hand.handovers(staged, definition.destinations)

    def _export(self, context: Context) -> Export:
        run = _run(context)
        if self.report_type is not None:
            conf = context["dag_run"].conf or {}
            definition = registry().from_conf(conf, run_id=run.run_id, at=run.run_after, report_type=self.report_type)
            return one_time_export(definition, run)
        assert self.report_id is not None  # noqa: S101 - the DAG factory gives one of the two
        definition = registry().definition(self.report_id)
        export = scheduled_export(definition, run)
        if export.window is None:
            return export
        earlier = context["ti"].xcom_pull(
            task_ids=self.task_id, key=hand.left_key(export.window.start), map_indexes=-1, include_prior_dates=True
        )
        return scheduled_export(definition, run, previous_export(earlier))

    def _progress(self, state: TaskStateWriter) -> Callable[[int, int], None]:
        last = time.monotonic()

        def progress(rows: int, expected: int) -> None:
            nonlocal last
            state.progress(rows, expected)
            if time.monotonic() - last >= _SECONDS_BETWEEN_LOG_LINES:
                last = time.monotonic()
                self.log.info("%s of %s rows written", f"{rows:,}", f"{expected:,}")

        return progress


class DeliverOperator(ExportTask):
    """Publishes a staged export to one destination and emits the report's asset event; idempotent."""

    def __init__(self, *, handover: object, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.handover = handover

    def execute(self, context: Context) -> str:
        """Publish the export; return the address of its manifest."""
        from promo_reports.delivery import area_for, publish
        from promo_reports.pipeline.staging.area import staging_area

        context["destination"] = hand.map_index_title(str(hand.part_of(self.handover, "title")))
        store = context["task_state_store"]
        with ended_with_supervisor(), TaskStateWriter(store, delivers=True) as state, airflow_failures(state):
            run, settings = context["dag_run"], registry().settings
            address = hand.part_of(self.handover, "staged")
            area = staging_area(settings)
            staged = area.open(address, dag_id=run.dag_id, run_id=run.run_id)
            destinations = tuple(each.destination for each in staged.deliveries) or _registered_destinations(context)
            index = context["ti"].map_index
            destination = hand.destination_at(self.handover, index, destinations)
            staged = staged.at(index)
            published = publish(staged, area_for(destination, registry().account, settings))
            area.mark_delivered(staged, index + 1, len(destinations))
            manifest, title = staged.manifest, str(destination)
            done = "Delivered" if published.changed else "Already there:"
            self.log.info("%s %s rows, %s", done, f"{manifest.rows:,}", published.manifest)
            state.delivered(title, manifest, published.manifest, published.files)
            events = context["outlet_events"]
            for asset in self.outlets:
                events[asset].extra = hand.asset_extra(manifest, title, published.manifest, published.files)
            return published.manifest


def _registered_destinations(context: Context) -> tuple[Destination, ...]:
    """Return the definition's present destinations, for an export that an earlier release staged without any."""
    run = context["dag_run"]
    report_type = report_type_of(run.dag_id)
    if report_type is None:
        return registry().definition(report_id_of(run.dag_id) or "").destinations
    conf = run.conf or {}
    return registry().from_conf(conf, run_id=run.run_id, at=run.run_after, report_type=report_type).destinations


@contextmanager
def airflow_failures(state: TaskStateWriter) -> Iterator[None]:
    """Fail the task at once for a person's mistake, with retries for a fault of the infrastructure (reliability, P10).

    The failure is recorded in `state`; of an unexpected error only the name, because its text may contain data.
    """
    try:
        yield
    except PromoReportsError as error:
        log.error("%s", error)
        state.failed(type(error).__name__, *_for_people(error), retryable=error.retryable)
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(str(error)) from None
    except AirflowTaskTimeout:
        state.failed(
            AirflowTaskTimeout.__name__,
            f"The task took longer than {registry().settings.execution_timeout_minutes} min, its limit.",
            "Choose a shorter date range, or have PROMO_REPORTS_EXECUTION_TIMEOUT_MINUTES raised.",
            retryable=True,
        )
        raise
    except TaskStopped:
        said = "The task was told to stop before it had ended."
        state.failed(TaskStopped.__name__, said, "Retry it when you want it.", retryable=True)
        raise
    except BaseException as error:
        state.failed(
            type(error).__name__,
            f"An unexpected error ({type(error).__name__}).",
            "The log of the task has the details; retry, and tell the operators if it stays.",
            retryable=True,
        )
        raise


def _for_people(error: PromoReportsError) -> tuple[str, str]:
    """Return reason and fix; of invalid input the rules only, because the place is the export itself."""
    if not isinstance(error, InvalidInput):
        return error.reason, error.fix
    said = "; ".join(f"{each.path}: {each.message}" if each.path else each.message for each in error.problems)
    return said, "Duplicate it, and correct these values."


def _run(context: Context) -> Run:
    dag_run = context["dag_run"]
    return Run(
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
        run_after=dag_run.run_after,
        interval_start=dag_run.data_interval_start,
        interval_end=dag_run.data_interval_end,
    )


def _now() -> datetime:
    return datetime.now(UTC)
