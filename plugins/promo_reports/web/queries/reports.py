"""The list of recurring reports (Recurring tab): DAGs of definitions, and definitions that have no DAG yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import Origin
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.web.queries import airflow_tables as tables
from promo_reports.web.queries.airflow_tables import Column, dag, first_version, run, version
from promo_reports.web.queries.cursors import fingerprint
from promo_reports.web.queries.dags import DAG_COLUMNS, dag_record, tags_of
from promo_reports.web.queries.filters import Readable, ReportQuery, ReportSort
from promo_reports.web.queries.paging import Keyset
from promo_reports.web.queries.records import LastExport, Page, PendingReport, ReportRecord, ReportWindows
from promo_reports.web.queries.undelivered_exports import is_doubtful, undelivered_among

LATEST_RUNS = 100
"""Runs of a report whose windows are looked at for days that no delivery covers."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS = {
    ReportSort.PROMOTION_TYPE: "promotion_type",
    ReportSort.CREATED_BY: "created_by",
    ReportSort.CREATED_AT: "created_at",
    ReportSort.FREQUENCY: "frequency",
}
_first_version = sa.select(sa.func.min(version.c.created_at)).where(version.c.dag_id == dag.c.dag_id).scalar_subquery()
_ROW = (
    dag.c.timetable_summary,
    *(dag.c[name] for name in ("next_dagrun_create_after", "next_dagrun_data_interval_start")),
    dag.c.next_dagrun_data_interval_end,
    sa.func.coalesce(_first_version, dag.c.last_parsed_time).label("created_at"),
    *DAG_COLUMNS,
)


def list_reports(
    session: Session,
    question: ReportQuery,
    readable: Readable,
    *,
    stopped: Collection[str] = (),
    pending: Collection[PendingReport] = (),
) -> Page[ReportRecord]:
    """Return one page of the recurring reports that the caller may read; `InvalidCursor` for a cursor of another query.

    `stopped` are the DAG ids of the reports that the store of stop marks calls stopped. A `pending` report is listed
    like any other as long as Airflow does not have its DAG; the caller passes only those that the user may read.
    """
    listed = _listed(session, readable, pending)
    status = _status(listed, stopped, session)
    keyset = Keyset(
        _key(listed, status, question.sort),
        listed.c.dag_id,
        question.order,
        _fingerprint(question),
        by_time=question.sort is ReportSort.CREATED_AT,
        numbered=False,
    )
    cursor = keyset.cursor(question.cursor)
    where = _where(listed, status, question)
    scan = keyset.scan(listed, where, cursor, question.limit)
    found = session.execute(
        sa.select(*_ROW, *scan.columns)
        .select_from(scan.source.outerjoin(dag, dag.c.dag_id == scan.id))
        .order_by(*scan.order)
    ).all()
    rows, forward, back = keyset.cut(found, cursor, question.limit)
    waiting = {each.dag_id: each for each in pending}
    in_airflow = iter(_records(session, [row for row in rows if row.known_dag_id is not None], stopped))
    items = (
        next(in_airflow) if row.known_dag_id is not None else pending_record(waiting[row.page_id], stopped)
        for row in rows
    )
    return Page(tuple(items), forward, back, found[0].page_total)


def one_report(session: Session, dag_id: str, *, stopped: bool = False) -> ReportRecord | None:
    """Return the report of one DAG, also a one-time one; None where Airflow has no such DAG, or it is not a report's.

    It is not authorized here; `stopped` is whether the store has a stop mark of it.
    """
    statement = sa.select(*_ROW).where(dag.c.dag_id == dag_id, tables.of_report(dag.c.dag_id))
    row = session.execute(statement).one_or_none()
    return _records(session, [row], {dag_id} if stopped else ())[0] if row is not None else None


def report_windows(session: Session, dag_id: str) -> ReportWindows:
    """Return the windows of the latest runs of a report's DAG."""
    statement = (
        sa.select(run.c.run_type, run.c.data_interval_start, run.c.data_interval_end, run.c.logical_date)
        .where(run.c.dag_id == dag_id, run.c.data_interval_end.is_not(None))
        .order_by(run.c.data_interval_end.desc())
        .limit(LATEST_RUNS)
    )
    found = [
        (row.run_type, window, row.logical_date)
        for row in session.execute(statement)
        if (window := _window(row.data_interval_start, row.data_interval_end)) is not None
    ]
    # As Airflow finds the run that its schedule goes on from.
    automated = [(at, window.end) for kind, window, at in found if kind in ("scheduled", "backfill") and at is not None]
    return ReportWindows(
        scheduled=tuple(window for kind, window, _ in found if kind == "scheduled"),
        others=tuple(window for kind, window, _ in found if kind != "scheduled"),
        last_end=max(automated)[1] if automated else None,
    )


def recurring(readable: Readable, session: Session) -> tuple[sa.FromClause, list[Column]]:
    """Return the DAGs of recurring reports, and the conditions that the caller may read one."""
    source = dag.join(tables.frequency, tables.frequency.c.dag_id == dag.c.dag_id)
    return source, [
        tables.of_report(dag.c.dag_id),
        *tables.readable_dags(dag.c.dag_id, readable, session),
    ]


def _listed(session: Session, readable: Readable, pending: Collection[PendingReport]) -> sa.Subquery:
    """Return every recurring report with what it is searched, filtered and sorted by."""
    source, where = recurring(readable, session)
    created_at = sa.func.coalesce(
        first_version.c.created_at, dag.c.last_parsed_time, sa.literal(_NEVER, dag.c.last_parsed_time.type)
    )
    in_airflow = (
        sa.select(
            dag.c.dag_id,
            tables.dag_name.label("name"),
            sa.func.coalesce(tables.promotion.c.tag, "").label("promotion_type"),
            tables.frequency.c.tag.label("frequency"),
            sa.func.coalesce(dag.c.owners, "").label("created_by"),
            created_at.label("created_at"),
            sa.or_(dag.c.is_paused, dag.c.is_stale).label("is_off"),
        )
        .select_from(
            source.outerjoin(tables.promotion, tables.promotion.c.dag_id == dag.c.dag_id).outerjoin(
                first_version, first_version.c.dag_id == dag.c.dag_id
            )
        )
        .where(*where)
    )
    if not pending:
        return in_airflow.subquery("listed")
    rows = sa.values(
        *(sa.column(name, each.type) for name, each in in_airflow.selected_columns.items()), name="pending"
    ).data(
        [
            (
                each.dag_id,
                each.name,
                each.promotion_type.label,
                each.frequency.value,
                each.created_by,
                each.created_at,
                False,
            )
            for each in pending
        ]
    )
    known = sa.exists().where(dag.c.dag_id == rows.c.dag_id)
    return sa.union_all(in_airflow, sa.select(rows).where(~known)).subquery("listed")


def _status(listed: sa.Subquery, stopped: Collection[str], session: Session) -> Column:
    marks = [tables.among_dags(listed.c.dag_id, stopped, session)] if stopped else []
    off = sa.or_(listed.c.is_off, *marks)
    return sa.case((off, ReportStatus.STOPPED.value), else_=ReportStatus.ACTIVE.value)


def _key(listed: sa.Subquery, status: Column, sort: ReportSort) -> Column:
    if sort is ReportSort.NAME:
        return sa.func.lower(listed.c.name)
    return status if sort is ReportSort.STATUS else listed.c[_KEYS[sort]]


def _where(listed: sa.Subquery, status: Column, question: ReportQuery) -> list[Column]:
    where: list[Column] = []
    if question.search:
        where.append(tables.contains(sa.func.lower(listed.c.name), question.search))
    if question.statuses:
        where.append(tables.among(status, question.statuses))
    if question.promotion_types:
        where.append(tables.among(listed.c.promotion_type, [each.label for each in question.promotion_types]))
    if question.created_by:
        where.append(tables.among(listed.c.created_by, question.created_by))
    if question.frequencies:
        where.append(tables.among(listed.c.frequency, question.frequencies))
    return where


def _fingerprint(question: ReportQuery) -> str:
    return fingerprint(
        {
            "list": "reports",
            "search": question.search,
            "statuses": sorted(question.statuses),
            "promotion_types": sorted(question.promotion_types),
            "created_by": sorted(question.created_by),
            "frequencies": sorted(question.frequencies),
            "sort": question.sort,
            "order": question.order,
        }
    )


def _last_exports(session: Session, dag_ids: Collection[str]) -> dict[str, LastExport]:
    last = sa.select(sa.func.max(run.c.id)).where(run.c.dag_id.in_(sorted(dag_ids))).group_by(run.c.dag_id)
    doubtful = is_doubtful(last).label("doubtful")
    statement = (
        sa.select(
            run.c.dag_id,
            run.c.id,
            tables.export_status.label("status"),
            tables.export_created_at,
            doubtful,
        )
        .select_from(tables.exports)
        .where(run.c.id.in_(last))
    )
    rows = session.execute(statement).all()
    created = [row.id for row in rows if row.doubtful and row.status == ExportStatus.CREATED.value]
    failed = undelivered_among(session, created)
    return {
        dag_id: LastExport(export_id, ExportStatus.FAILED if export_id in failed else ExportStatus(status), created_at)
        for dag_id, export_id, status, created_at, _ in rows
    }


def _records(session: Session, rows: Sequence[Any], stopped: Collection[str]) -> tuple[ReportRecord, ...]:
    if not rows:
        return ()
    dag_ids = {row.known_dag_id for row in rows}
    tags, last = tags_of(session, dag_ids), _last_exports(session, dag_ids)
    return tuple(_record(row, tags.get(row.known_dag_id, ()), last.get(row.known_dag_id), stopped) for row in rows)


def _record(row: Any, tags: tuple[str, ...], last_export: LastExport | None, stopped: Collection[str]) -> ReportRecord:
    known = dag_record(row, tags)
    assert known is not None  # noqa: S101 - asked of rows that have a DAG
    off = known.is_paused or known.is_stale or row.known_dag_id in stopped
    return ReportRecord(
        dag_id=row.known_dag_id,
        name=known.display_name,
        promotion_type=tables.promotion_type_of(tags),
        frequency=tables.frequency_of(tags),
        created=Origin.CREATED.value in tags,
        status=ReportStatus.STOPPED if off else ReportStatus.ACTIVE,
        created_by=known.owners,
        created_at=row.created_at,
        schedule=row.timetable_summary or "",
        due=row.next_dagrun_create_after,
        dag=known,
        last_export=last_export,
        next_window=_window(row.next_dagrun_data_interval_start, row.next_dagrun_data_interval_end),
    )


def pending_record(report: PendingReport, stopped: Collection[str]) -> ReportRecord:
    """Return the row of a report whose DAG Airflow does not have yet."""
    return ReportRecord(
        dag_id=report.dag_id,
        name=report.name,
        promotion_type=report.promotion_type,
        frequency=report.frequency,
        created=report.created,
        status=ReportStatus.STOPPED if report.dag_id in stopped else ReportStatus.ACTIVE,
        created_by=report.created_by,
        created_at=report.created_at,
        schedule=report.schedule,
        due=None,
        dag=None,
        last_export=None,
        deletion=report.deletion,
    )


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    return Window(start, end) if start is not None and end is not None and start < end else None
