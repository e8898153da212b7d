"""The list of exports (One Time tab) and single exports: runs of our DAGs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.domain.export_status import OPEN_STATES, ExportStatus
from promo_reports.web.queries import airflow_tables as tables
from promo_reports.web.queries.airflow_tables import Column, backfill, dag, job, note, run
from promo_reports.web.queries.cursors import LARGEST_ID, fingerprint
from promo_reports.web.queries.dags import DAG_COLUMNS, dag_record, tags_of
from promo_reports.web.queries.filters import ExportQuery, ExportSort, Readable
from promo_reports.web.queries.paging import Keyset
from promo_reports.web.queries.records import BackfillRecord, ExportRecord, Page, TaskFacts, TaskRecord, WindowExport
from promo_reports.web.queries.task_facts import NOTHING, facts_of_rows, tasks_of_runs
from promo_reports.web.queries.task_state_schema import plain_name
from promo_reports.web.queries.undelivered_exports import is_undelivered, status_but, undelivered

_KEYS: Mapping[ExportSort, Column] = {
    ExportSort.NAME: tables.export_name_key,
    ExportSort.PROMOTION_TYPE: sa.func.coalesce(tables.promotion.c.tag, ""),
    ExportSort.CREATED_BY: tables.export_created_by,
    ExportSort.CREATED_AT: tables.export_created_at,
}
_RUN_COLUMNS = (
    *(run.c[name] for name in ("id", "dag_id", "run_id", "run_type", "triggered_by", "state", "conf", "run_after")),
    *(run.c[name] for name in ("logical_date", "data_interval_start", "data_interval_end", "queued_at")),
    *(run.c[name] for name in ("start_date", "end_date", "clear_number", "backfill_id")),
)
_ROW = (
    *_RUN_COLUMNS,
    note.c.content.label("note"),
    tables.export_name.label("name"),
    tables.export_status.label("status"),
    tables.export_created_by.label("created_by"),
    tables.export_created_at.label("created_at"),
    backfill.c.is_paused.label("backfill_is_paused"),
    backfill.c.completed_at.label("backfill_completed_at"),
    backfill.c.max_active_runs.label("backfill_max_active_runs"),
    *DAG_COLUMNS,
)


@dataclass(frozen=True)
class _Beside:
    """What is read apart from the rows of `dag_run`, for the rows of a page together."""

    tags: Mapping[str, tuple[str, ...]]
    facts: Mapping[int, TaskFacts]
    tasks: Mapping[int, tuple[TaskRecord, ...]]
    running: Mapping[tuple[str, int | None], int]
    scheduler_seen: datetime | None


def list_exports(session: Session, question: ExportQuery, readable: Readable) -> Page[ExportRecord]:
    """Return one page of the exports that the caller may read; raise `InvalidCursor` for a cursor of another query."""
    where = _where(session, question, readable)
    status = status_but(undelivered(session, *where)) if _is_about_success(question) else tables.export_status
    if question.statuses:
        where.append(tables.among(status, question.statuses))
    keyset = Keyset(
        status if question.sort is ExportSort.STATUS else _KEYS[question.sort],
        run.c.id,
        question.order,
        _fingerprint(question),
        by_time=question.sort is ExportSort.CREATED_AT,
        numbered=True,
    )
    cursor = keyset.cursor(question.cursor)
    scan = keyset.scan(tables.exports, where, cursor, question.limit)
    found = session.execute(
        sa.select(*_ROW, *scan.columns)
        .select_from(
            scan.source.outerjoin(run, run.c.id == scan.id)
            .outerjoin(dag, dag.c.dag_id == run.c.dag_id)
            .outerjoin(note, note.c.dag_run_id == run.c.id)
            .outerjoin(backfill, backfill.c.id == run.c.backfill_id)
        )
        .order_by(*scan.order)
    ).all()
    rows, forward, back = keyset.cut(found, cursor, question.limit)
    return Page(_records(session, rows), forward, back, found[0].page_total)


def one_export(session: Session, export_id: int) -> ExportRecord | None:
    """The export of one `dag_run.id`; None where there is none, or it is not one of ours. Whether the asker may see its
    DAG is the caller's to ask.
    """
    return _one(session, run.c.id == export_id) if 0 < export_id <= LARGEST_ID else None


def export_of(session: Session, dag_id: str, run_id: str) -> ExportRecord | None:
    """Return the export of one run; None as for `one_export`."""
    return _one(session, run.c.dag_id == dag_id, run.c.run_id == run_id)


def exports_of_windows(
    session: Session, dag_id: str, starts: Collection[datetime]
) -> dict[datetime, tuple[WindowExport, ...]]:
    """Return a report's exports of the windows that start at these instants, newest first."""
    of_windows = run.c.dag_id == dag_id, run.c.data_interval_start.in_(sorted(starts))
    failed = undelivered(session, *of_windows)
    statement = (
        sa.select(
            run.c.data_interval_start,
            run.c.id,
            run.c.run_id,
            status_but(failed),
            run.c.logical_date,
            tables.export_created_at,
            run.c.state,
        )
        .select_from(tables.exports)
        .where(*of_windows)
        .order_by(run.c.id.desc())
    )
    found: dict[datetime, tuple[WindowExport, ...]] = {}
    for start, export_id, run_id, status, logical_date, created_at, state in session.execute(statement):
        done = state == "success"
        export = WindowExport(export_id, run_id, ExportStatus(status), logical_date, created_at, done)
        found[start] = (*found.get(start, ()), export)
    return found


def backfill_is_paused(session: Session, dag_id: str) -> bool:
    """Return whether a report's open backfill is paused; Airflow lets a DAG have one that has not ended."""
    is_open = backfill.c.dag_id == dag_id, backfill.c.completed_at.is_(None)
    return session.scalar(sa.select(backfill.c.id).where(*is_open, backfill.c.is_paused).limit(1)) is not None


def open_on_demand(session: Session, person: str) -> int:
    """Return how many on-demand exports of a person are in the making, over all report types."""
    statement = (
        sa.select(sa.func.count())
        .select_from(run)
        .where(tables.of_type(run.c.dag_id), run.c.state.in_(sorted(OPEN_STATES)))
        .where(run.c.triggering_user_name == person)
    )
    return session.execute(statement).scalar_one()


def ours(readable: Readable, session: Session) -> list[Column]:
    """Return the conditions that a run is an export which the caller may read."""
    known = sa.or_(tables.of_report(run.c.dag_id), tables.of_type(run.c.dag_id))
    return [known, *tables.readable_dags(run.c.dag_id, readable, session)]


def _is_about_success(question: ExportQuery) -> bool:
    """Return whether it matters to a question which exports are Created and which have failed."""
    return (
        question.sort is ExportSort.STATUS or len(question.statuses & {ExportStatus.CREATED, ExportStatus.FAILED}) == 1
    )


def _where(session: Session, question: ExportQuery, readable: Readable) -> list[Column]:
    where = ours(readable, session)
    if question.search:
        where.append(tables.contains(tables.lowered_export_name, question.search))
    if question.promotion_types:
        where.append(tables.among(tables.promotion.c.tag, [each.label for each in question.promotion_types]))
    if question.created_by:
        where.append(tables.among(tables.export_created_by, question.created_by))
    if question.dag_id is not None:
        where.append(tables.among(run.c.dag_id, [question.dag_id]))
    return where


def _fingerprint(question: ExportQuery) -> str:
    return fingerprint(
        {
            "list": "exports",
            "search": question.search,
            "statuses": sorted(question.statuses),
            "promotion_types": sorted(question.promotion_types),
            "created_by": sorted(question.created_by),
            "dag_id": question.dag_id,
            "sort": question.sort,
            "order": question.order,
        }
    )


def _one(session: Session, *where: Column) -> ExportRecord | None:
    known = ours(Readable(), session)
    rows = tables.exports.outerjoin(backfill, backfill.c.id == run.c.backfill_id)
    row = session.execute(sa.select(*_ROW).select_from(rows).where(*known, *where)).one_or_none()
    return _records(session, [row])[0] if row is not None else None


def _records(session: Session, rows: Sequence[Any]) -> tuple[ExportRecord, ...]:
    if not rows:
        return ()
    is_open = any(row.status == ExportStatus.CREATING.value for row in rows)
    beside = _Beside(
        tags_of(session, {row.dag_id for row in rows}),
        facts_of_rows(session, [row.id for row in rows]),
        tasks_of_runs(session, [row.id for row in rows]),
        _running(session, {row.dag_id for row in rows if row.state == "queued"}),
        _scheduler_seen(session) if is_open else None,
    )
    return tuple(_record(row, beside) for row in rows)


def _running(session: Session, dag_ids: Iterable[str]) -> dict[tuple[str, int | None], int]:
    """Return how many runs of each DAG are running, apart for each backfill: Airflow limits them so."""
    if not (wanted := sorted(dag_ids)):
        return {}
    groups = run.c.dag_id, run.c.backfill_id
    counted = sa.select(*groups, sa.func.count().label("running")).group_by(*groups)
    statement = counted.where(run.c.state == "running", run.c.dag_id.in_(wanted))
    return {(row.dag_id, row.backfill_id): row.running for row in session.execute(statement)}


def _scheduler_seen(session: Session) -> datetime | None:
    """Return when a scheduler of Airflow was last alive; None where none is known."""
    alive = sa.select(sa.func.max(job.c.latest_heartbeat)).where(job.c.job_type == "SchedulerJob")
    seen: datetime | None = session.scalar(alive)
    return seen


def _record(row: Any, beside: _Beside) -> ExportRecord:
    tags = beside.tags.get(row.dag_id, ())
    facts = beside.facts.get(row.id, NOTHING)
    tasks = beside.tasks.get(row.id, ())
    status = ExportStatus(row.status)
    if status is ExportStatus.CREATED and is_undelivered(facts, tasks):
        status = ExportStatus.FAILED
    running = beside.running.get((row.dag_id, row.backfill_id), 0)
    return ExportRecord(
        id=row.id,
        dag_id=row.dag_id,
        run_id=row.run_id,
        run_type=row.run_type,
        triggered_by=row.triggered_by.value if row.triggered_by is not None else None,
        state=row.state,
        status=status,
        name=plain_name(row.name) or row.dag_id,
        promotion_type=tables.promotion_type_of(tags),
        created_by=row.created_by,
        created_at=row.created_at,
        conf=row.conf or {},
        run_after=row.run_after,
        logical_date=row.logical_date,
        data_interval_start=row.data_interval_start,
        data_interval_end=row.data_interval_end,
        queued_at=row.queued_at,
        started_at=row.start_date,
        ended_at=row.end_date,
        clear_number=row.clear_number,
        note=row.note,
        dag=dag_record(row, tags),
        running_before=running if row.state == "queued" else None,
        facts=facts,
        backfill=_backfill(row),
        tasks=tasks,
        scheduler_seen=beside.scheduler_seen if status.is_open else None,
    )


def _backfill(row: Any) -> BackfillRecord | None:
    if row.backfill_max_active_runs is None:
        return None
    return BackfillRecord(
        is_paused=bool(row.backfill_is_paused),
        ended=row.backfill_completed_at is not None,
        max_active_runs=row.backfill_max_active_runs,
    )
