"""Values that the queries return, free of Airflow's models. Times are aware and in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.dates.window import Window
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.domain.report_type import PromotionType

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list in its order, the cursors of the pages beside it, and the rows of all pages together."""

    items: tuple[T, ...]
    next: str | None
    previous: str | None
    total: int


@dataclass(frozen=True)
class DagRecord:
    """What Airflow knows of the DAG of an export or a report.

    `is_stale`: its definition is gone or broken. A run of a paused or stale DAG does not move.
    """

    display_name: str
    owners: str
    is_paused: bool
    is_stale: bool
    has_import_errors: bool
    max_active_runs: int | None
    tags: tuple[str, ...]


@dataclass(frozen=True)
class TaskFacts:
    """What the tasks of one export left in the task state store, by key: of extract, and of deliver by map index.

    A key that is not there was not written yet, was deleted, has expired, or is kept elsewhere (`task_facts`).
    `cancelled` is who cancelled an attempt and when, by `clear_number`; `outdated` are the deliveries whose `delivered`
    is left out, being an earlier attempt's; `last_delivered` is what each delivery left of the export that it delivered
    last, in whichever attempt, by map index; `left_at` is when a value was left, by task id, map index and key.
    """

    extract: Mapping[str, Any]
    deliveries: Mapping[int, Mapping[str, Any]]
    cancelled: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    outdated: frozenset[int] = frozenset()
    last_delivered: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    left_at: Mapping[tuple[str, int, str], datetime] = field(default_factory=dict)

    @property
    def delivered(self) -> tuple[Mapping[str, Any], ...]:
        """What the deliveries that have succeeded in this attempt left."""
        return tuple(each["delivered"] for each in self.deliveries.values() if each.get("delivered"))


@dataclass(frozen=True)
class TaskRecord:
    """One task of an export; `title` is deliver's destination, `try_number` 0 before the first try.

    `full_pool` and `missing_pool` name the pool that a scheduled task waits for, which has no free slot or does not
    exist; `queued_at` is when it was last handed to the executor.
    """

    task_id: str
    map_index: int
    title: str | None
    state: str | None
    try_number: int
    max_tries: int
    started_at: datetime | None
    ended_at: datetime | None
    full_pool: str | None = None
    missing_pool: str | None = None
    queued_at: datetime | None = None


@dataclass(frozen=True)
class BackfillRecord:
    """The backfill that a run belongs to. Airflow starts no queued run of one that is paused.

    One that was cancelled stays paused for good: `ended`.
    """

    is_paused: bool
    ended: bool
    max_active_runs: int

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self.is_paused and self.ended


@dataclass(frozen=True)
class ExportRecord:
    """One export: a run of a report's DAG or of a report type's on-demand DAG.

    `id` is `dag_run.id`; `state` is Airflow's own and `run_type` one of scheduled, backfill and manual. `dag` is None
    where somebody deleted the DAG's row alone. `running_before` counts the runs of the same DAG and backfill that are
    running, for an export that is queued; None for any other. `scheduler_seen` is the last heartbeat of Airflow's
    schedulers, for an export that is Creating.
    """

    id: int
    dag_id: str
    run_id: str
    run_type: str
    triggered_by: str | None
    state: str | None
    status: ExportStatus
    name: str
    promotion_type: PromotionType | None
    created_by: str
    created_at: datetime
    conf: Mapping[str, Any]
    run_after: datetime
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    clear_number: int
    note: str | None
    dag: DagRecord | None
    running_before: int | None
    facts: TaskFacts
    backfill: BackfillRecord | None = None
    tasks: tuple[TaskRecord, ...] = ()
    scheduler_seen: datetime | None = None


@dataclass(frozen=True)
class WindowExport:
    """An export of one window of a report.

    Its `logical_date` is the window's start unless somebody started the run by hand; only then does Airflow's backfill
    know it as the window's run. `succeeded` says that Airflow calls the run a success, whatever the status: only a
    backfill that exports windows again makes it anew.
    """

    id: int
    run_id: str
    status: ExportStatus
    logical_date: datetime | None
    created_at: datetime
    succeeded: bool = False


@dataclass(frozen=True)
class LastExport:
    """The export of a report that was created last."""

    id: int
    status: ExportStatus
    created_at: datetime


@dataclass(frozen=True)
class Deletion:
    """When somebody deleted a DAG in Airflow, with the history of its runs, and who did."""

    at: datetime
    by: str


@dataclass(frozen=True)
class ReportWindows:
    """The windows of a report's latest runs: those of its schedule, and those of backfills and runs by hand.

    `last_end` is the end of the window that the scheduler goes on from; None where it has made no run.
    """

    scheduled: tuple[Window, ...] = ()
    others: tuple[Window, ...] = ()
    last_end: datetime | None = None


@dataclass(frozen=True)
class PendingReport:
    """A recurring report that is registered, but whose DAG Airflow does not have yet, or no more."""

    dag_id: str
    name: str
    promotion_type: PromotionType
    frequency: Interval
    created: bool
    created_by: str
    created_at: datetime
    schedule: str
    deletion: Deletion | None = None


@dataclass(frozen=True)
class ReportRecord:
    """One report. `created`: on the page or through the API, not in git. `dag` is None while it is pending.

    `frequency` is None for a one-time definition; `created_at` is when Airflow first had the DAG, as far as its
    versions are still kept; `due` is when the scheduler makes the next run, and `next_window` that run's window. A
    pending one has its `deletion` where somebody deleted its DAG.
    """

    dag_id: str
    name: str
    promotion_type: PromotionType | None
    frequency: Interval | None
    created: bool
    status: ReportStatus
    created_by: str
    created_at: datetime | None
    schedule: str
    due: datetime | None
    dag: DagRecord | None
    last_export: LastExport | None
    next_window: Window | None = None
    deletion: Deletion | None = None

    @property
    def pending(self) -> bool:
        """Whether Airflow does not have the report's DAG yet."""
        return self.dag is None
