"""The last exports of a report type, from which the size of the next one is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.domain.dag_ids import type_dag_id
from promo_reports.domain.estimate import PastExport, PastFile
from promo_reports.domain.file_format import format_of
from promo_reports.domain.report_type import ReportType
from promo_reports.web.queries import airflow_tables as tables
from promo_reports.web.queries.airflow_tables import EXTRACT, run, tag
from promo_reports.web.queries.filters import Readable
from promo_reports.web.queries.records import TaskFacts, TaskRecord
from promo_reports.web.queries.task_facts import NOTHING, facts_of_rows, tasks_of_runs

MOST = 10


def past_exports(session: Session, report_type: ReportType, readable: Readable) -> tuple[PastExport, ...]:
    """Return the last exports of a type, on demand and of reports, that the caller may read and that had rows."""
    titled = sa.select(tag.c.dag_id).where(tag.c.name == report_type.title)
    of_reports = sa.and_(tables.of_report(run.c.dag_id), run.c.dag_id.in_(titled))
    last = (
        sa.select(run.c.id)
        .where(sa.or_(run.c.dag_id == type_dag_id(report_type.id), of_reports))
        .where(run.c.state == "success", *tables.readable_dags(run.c.dag_id, readable, session))
        .order_by(run.c.id.desc())
        .limit(MOST)
    )
    ids = session.scalars(last).all()
    facts, tasks = facts_of_rows(session, ids), tasks_of_runs(session, ids)
    found = [PastExport(_files(facts.get(each, NOTHING)), _seconds(tasks.get(each, ()))) for each in ids]
    return tuple(each for each in found if each.files)


def _files(facts: TaskFacts) -> frozenset[PastFile]:
    """Return the different files that were delivered; earlier releases left their figures at extract alone."""
    made = facts.extract.get("facts")
    left = [each.get("facts") or made for each in facts.delivered]
    return frozenset(file for figures in left if figures for file in _file(figures))


def _file(figures: Mapping[str, Any]) -> Iterable[PastFile]:
    file_format = format_of((figures.get("file") or {}).get("name", ""))
    if file_format is not None and figures["rows"] > 0:
        yield PastFile(file_format, figures["rows"], figures["bytes"])


def _seconds(tasks: Iterable[TaskRecord]) -> float | None:
    """Return how long the last try of extract took."""
    times = ((each.started_at, each.ended_at) for each in tasks if each.task_id == EXTRACT)
    return next(((ended - started).total_seconds() for started, ended in times if started and ended), None)
