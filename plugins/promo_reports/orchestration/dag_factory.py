"""DAGs of definitions and report types: display name, tags, documentation, two tasks.

This runs at each parse: it imports neither pandas, pyarrow, boto3, sqlalchemy nor a provider. A DAG depends on its
definition alone, so that an unchanged definition keeps its DAG version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, Param, get_parsing_context

from promo_reports.definitions.report.markdown import definition_doc, type_doc
from promo_reports.domain.dag_ids import report_dag_id, report_id_of, type_dag_id
from promo_reports.domain.dates.schedule import ONE_TIME
from promo_reports.domain.dates.window import Preset
from promo_reports.domain.definition import Definition, Origin
from promo_reports.domain.delivery import Download
from promo_reports.domain.report_type import DateRangeRule, ReportType
from promo_reports.errors import PlaceShared, StoreError
from promo_reports.orchestration.operators import DeliverOperator, ExtractOperator
from promo_reports.orchestration.priority import EXPORT_PRIORITY
from promo_reports.orchestration.project import registry
from promo_reports.orchestration.quarantine import deleted_at, quarantine, release, request_reparse
from promo_reports.orchestration.timetable import OneTimeTimetable, RecurringTimetable
from promo_reports.settings import Settings
from promo_reports.sql.report_query import load_report_query

# The pool limits how many work; each running one costs the scheduler time.
ON_DEMAND_RUNS_AT_ONE_TIME = 16
# A run uses the definition as it is when extract starts, not as it was when the run was created.
RUNS_PIN_NO_VERSION = True
# Else Airflow registers a DAG whose construction failed; finished ones are found in the file's namespace.
REGISTERED_UNFINISHED = False


def report_dags(states: Mapping[str, str], stub: str) -> dict[str, DAG]:
    """Return the DAGs of a group of definitions by id; `states` has the hash of each one's sources.

    A task start makes only the DAG of the task. A definition that is broken, or unreadable while others are readable,
    is left out and quarantined: it gets a file, and so an import error, of its own (`generated`). Raises `StoreError`
    if none can be read.
    """
    wanted = report_id_of(get_parsing_context().dag_id or "")
    if wanted is not None:
        return {wanted: report_dag(wanted, stub)}
    dags: dict[str, DAG] = {}
    broken: dict[str, Exception] = {}
    for report_id in states:
        try:
            dags[report_id] = report_dag(report_id, stub)
        except Exception as error:
            broken[report_id] = error
    unread = [error for error in broken.values() if isinstance(error, StoreError)]
    if unread and not dags:
        raise unread[0]
    for report_id in broken:
        quarantine(stub, report_id, states[report_id])
    return dags


def broken_report(report_id: str, stub: str) -> None:
    """Raise the error of a quarantined definition, or release it if it is valid again."""
    report_dag(report_id, stub)
    release(Path(stub).parent, [report_id])


def _reparsed(make: Callable[[str, str | None], DAG]) -> Callable[..., DAG]:
    """Request another parse of a generated file whose sources could not be read, or clash with those of another."""

    def made(key: str, stub: str | None = None) -> DAG:
        try:
            return make(key, stub)
        except (StoreError, PlaceShared):
            if stub is not None:
                request_reparse(stub)
            raise

    return made


@_reparsed
def report_dag(report_id: str, stub: str | None) -> DAG:
    """Return the DAG of one definition; its errors become the file's import error in Airflow.

    `stub` is the generated file that is parsed, beside which its exceptions are recorded.
    """
    definition = registry().definition(report_id)
    timetable = _timetable(definition, deleted_at(stub, report_id) if stub is not None else None)
    dag = DAG(
        dag_id=report_dag_id(report_id),
        dag_display_name=definition.name,
        description=f"{definition.report_type.title}, {timetable.description}",
        schedule=timetable,
        max_active_runs=1,
        is_paused_upon_creation=False,
        disable_bundle_versioning=RUNS_PIN_NO_VERSION,
        auto_register=REGISTERED_UNFINISHED,
        tags=_tags(definition.report_type, definition.frequency, definition.origin.value),
        doc_md=definition_doc(definition, registry().account),
        default_args=_task_arguments(registry().settings, definition.owner),
    )
    # The pool limits queries of the promo database; scheduled deliveries need no slot of it.
    _two_tasks(dag, registry().settings.pool, "default_pool", report_id=report_id)
    return dag


def _timetable(definition: Definition, deleted: datetime | None) -> RecurringTimetable | OneTimeTimetable:
    """Return the timetable of a definition; deliveries from before its DAG was deleted in Airflow are not repeated."""
    if definition.schedule is None:
        return OneTimeTimetable(
            definition.date_range, definition.timezone, definition.week_starts_on, has_run=deleted is not None
        )
    starts = [each for each in (definition.starts_at, deleted) if each is not None]
    return RecurringTimetable(definition.schedule, starts_at=max(starts, default=None), stops=definition.stops)


@_reparsed
def type_dag(report_type_id: str, _stub: str | None) -> DAG:
    """Return the on-demand DAG of one report type: each run is a one-time export whose conf is its definition."""
    report_type = registry().report_type(report_type_id)
    load_report_query(report_type, registry().settings.sql)
    dag = DAG(
        dag_id=type_dag_id(report_type_id),
        dag_display_name=f"{report_type.title} (on demand)",
        description=f"One-time exports: {report_type.description}",
        schedule=None,
        max_active_runs=ON_DEMAND_RUNS_AT_ONE_TIME,
        is_paused_upon_creation=False,
        disable_bundle_versioning=RUNS_PIN_NO_VERSION,
        auto_register=REGISTERED_UNFINISHED,
        tags=_tags(report_type, ONE_TIME, "on_demand"),
        doc_md=type_doc(report_type),
        params=_trigger_form(report_type),
        default_args=_task_arguments(registry().settings, "promo-reports"),
    )
    # Both in one pool, so that slow destinations hold no more of the executor's slots than the pool has.
    pool = registry().settings.on_demand_pool
    _two_tasks(dag, pool, pool, report_type=report_type_id)
    return dag


def _two_tasks(dag: DAG, extract_pool: str, deliver_pool: str, **of: str) -> None:
    with dag:
        extract = ExtractOperator(task_id="extract", pool=extract_pool, weight_rule=EXPORT_PRIORITY, **of)
        DeliverOperator.partial(
            task_id="deliver",
            pool=deliver_pool,
            weight_rule=EXPORT_PRIORITY,
            outlets=[Asset(name=dag.dag_id)],
            map_index_template="{{ destination }}",
        ).expand(handover=extract.output)


def _tags(report_type: ReportType, frequency: str, origin: str) -> list[str]:
    marks = [] if origin == Origin.GIT.value else [origin]
    return sorted({"promo_reports", report_type.promotion_type.label, report_type.title, frequency, *marks})


def _task_arguments(settings: Settings, owner: str) -> dict[str, Any]:
    return {
        "owner": owner,
        "retries": settings.retries,
        "retry_delay": timedelta(seconds=settings.retry_delay_seconds),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=settings.execution_timeout_minutes),
    }


def _trigger_form(report_type: ReportType) -> dict[str, Param]:
    """Return the fields of Airflow's trigger form; the task validates the conf again."""
    fields = {
        "name": Param(
            "", type="string", title="Name", description="What the export is called in the list.", minLength=1
        ),
        "filters": Param(
            {each.name: each.initial for each in report_type.filters},
            type="object",
            title="Filters",
            description="; ".join(f"{each.name}: {each.description}" for each in report_type.filters),
        ),
        "delivery": Param(
            [str(Download())], type="array", title="Delivery", description="download, or a partner_export mapping"
        ),
    }
    if report_type.date_range is not DateRangeRule.NONE:
        fields["date_range"] = Param(
            Preset.YESTERDAY.value,
            type=["string", "object"],
            title="Date range",
            description="A preset, or {first: DATE, last: DATE}",
            examples=[preset.value for preset in Preset],
        )
    return fields
