"""Airflow's tables as of 3.3, and SQL expressions of an export's name, creator, creation time and status.

Every statement joins all tables that a row may need; PostgreSQL drops outer joins whose columns are not used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.domain.dag_ids import report_dag_id, type_dag_id
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.export_status import ENDED_STATES, ExportStatus, states_of
from promo_reports.domain.report_type import PromotionType
from promo_reports.orchestration.airflow_internals import models
from promo_reports.web.queries.filters import Readable

Column = sa.ColumnElement[Any]
T = TypeVar("T")

EXTRACT, DELIVER = "extract", "deliver"
RUN = "(run)"
"""Task id of the api-server's own records of a run, with the attempt as map index (`run_marks`).

It is not a valid task id, and Airflow's API writes task state of existing task instances only.
"""
CANCELLED = "cancelled"
CANCELLED_BY = "Cancelled by "
"""Prefix of the note of a run that was cancelled on the page or through the API."""

LONGEST_KEY = 200
"""Characters of a name that exports are sorted by, since cursors hold them."""

_models = models()
run: sa.Table = _models.DagRun.__table__
dag: sa.Table = _models.DagModel.__table__
tag: sa.Table = _models.DagTag.__table__
note: sa.Table = _models.DagRunNote.__table__
version: sa.Table = _models.DagVersion.__table__
state_store: sa.Table = _models.TaskStateStoreModel.__table__
task: sa.Table = _models.TaskInstance.__table__
backfill: sa.Table = _models.Backfill.__table__
pool: sa.Table = _models.Pool.__table__
log: sa.Table = _models.Log.__table__
job: sa.Table = _models.Job.__table__

_OF_TYPE, _OF_REPORT = type_dag_id(""), report_dag_id("")
_LABELS = {each.label: each for each in PromotionType}
_FREQUENCIES = {each.value: each for each in Interval}


def _tagged(names: Iterable[str], name: str) -> sa.Subquery:
    """Return the DAGs that have one of these tags, one row each."""
    first = sa.func.min(tag.c.name).label("tag")
    return sa.select(tag.c.dag_id, first).where(tag.c.name.in_(list(names))).group_by(tag.c.dag_id).subquery(name)


def of_report(dag_id: Column) -> Column:
    """Return whether a DAG is that of a report."""
    return dag_id.startswith(_OF_REPORT, autoescape=True)


def of_type(dag_id: Column) -> Column:
    """Return whether a DAG is a report type's on-demand DAG."""
    return dag_id.startswith(_OF_TYPE, autoescape=True)


dag_name: Column = sa.func.coalesce(sa.func.nullif(dag.c.dag_display_name, ""), dag.c.dag_id)
promotion = _tagged(_LABELS, "promotion")
frequency = _tagged(_FREQUENCIES, "frequency")
first_version = (
    sa.select(version.c.dag_id, sa.func.min(version.c.created_at).label("created_at"))
    .group_by(version.c.dag_id)
    .subquery("first_version")
)

# The names in small letters are made here, once for each DAG, and not once for each of its runs.
_lowered = (
    sa.select(dag.c.dag_id, sa.func.min(sa.func.lower(dag_name)).label("name"))
    .group_by(dag.c.dag_id)
    .subquery("lowered")
)
exports = (
    run.outerjoin(dag, dag.c.dag_id == run.c.dag_id)
    .outerjoin(_lowered, _lowered.c.dag_id == run.c.dag_id)
    .outerjoin(note, note.c.dag_run_id == run.c.id)
    .outerjoin(promotion, promotion.c.dag_id == run.c.dag_id)
)
"""Airflow's runs, joined with the tables that the expressions below use."""


def _export_name(conf_name: Column, name_of_dag: Column) -> Column:
    """Return the name of an export; only on-demand runs take it from their conf."""
    return sa.case((of_type(run.c.dag_id), sa.func.coalesce(conf_name, name_of_dag)), else_=name_of_dag)


_conf_name = sa.func.nullif(run.c.conf["name"].as_string(), "")
_lowered_name = sa.func.coalesce(_lowered.c.name, sa.func.lower(run.c.dag_id))
export_name = _export_name(_conf_name, sa.func.coalesce(dag_name, run.c.dag_id))
lowered_export_name = _export_name(sa.func.lower(_conf_name), _lowered_name)
export_name_key = _export_name(sa.func.lower(sa.func.substr(_conf_name, 1, LONGEST_KEY)), _lowered_name)
"""Sort key of an export's name, truncated to LONGEST_KEY."""
export_created_by: Column = sa.func.coalesce(
    sa.func.nullif(run.c.triggering_user_name, ""), sa.func.nullif(dag.c.owners, ""), ""
)
export_created_at: Column = sa.func.coalesce(run.c.created_at, run.c.queued_at, run.c.run_after)
_CREATED, _CANCELLED = (sorted(states_of(each)) for each in (ExportStatus.CREATED, ExportStatus.CANCELLED))
_marked_cancelled = sa.exists().where(
    state_store.c.dag_run_id == run.c.id,
    state_store.c.task_id == RUN,
    state_store.c.map_index == run.c.clear_number,
    state_store.c.key == CANCELLED,
    # A run that somebody sets back to queued keeps the number.
    state_store.c.updated_at >= sa.func.coalesce(run.c.queued_at, state_store.c.updated_at),
)
# Earlier releases left the note alone, as does a cancel that Airflow answers too late. Anybody may edit it: it
# counts only where it was written in the attempt that ended, before its end. (A run that is cleared is queued anew.)
_noted_cancelled = sa.and_(
    note.c.content.startswith(CANCELLED_BY, autoescape=True),
    note.c.updated_at >= sa.func.coalesce(run.c.queued_at, note.c.updated_at),
    note.c.updated_at <= sa.func.coalesce(run.c.end_date, note.c.updated_at),
)
_cancelled = sa.and_(run.c.state.in_(_CANCELLED), sa.or_(_marked_cancelled, _noted_cancelled))
# A run that somebody marked, or of which only a part was cleared, succeeds without its delivery.
_delivered = sa.exists().where(
    state_store.c.dag_run_id == run.c.id, state_store.c.task_id == DELIVER, state_store.c.key == "delivered"
)
# A run that is cancelled in the moment of its end is failed by Airflow with all of it done: everybody may have the
# export already, so it is Created. As a count, which is asked of cancelled runs alone and one by one: PostgreSQL may
# turn an EXISTS into a scan of all task instances.
_undelivered = (
    sa.select(sa.func.count())
    .where(
        task.c.dag_id == run.c.dag_id,
        task.c.run_id == run.c.run_id,
        task.c.task_id == DELIVER,
        task.c.state.is_distinct_from("success"),
    )
    .scalar_subquery()
)
_after_all = sa.and_(_delivered, _undelivered == 0)
export_status: Column = sa.case(
    (sa.and_(run.c.state.in_(_CREATED), _delivered), ExportStatus.CREATED.value),
    (_cancelled, sa.case((_after_all, ExportStatus.CREATED.value), else_=ExportStatus.CANCELLED.value)),
    (run.c.state.in_(sorted(ENDED_STATES)), ExportStatus.FAILED.value),
    else_=ExportStatus.CREATING.value,
)


def contains(lowered: Column, text: str) -> Column:
    """Return whether a name in small letters contains a text, in any case and with no wildcards."""
    if "\0" in text:
        return sa.false()
    literal = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return lowered.like(sa.func.lower(f"%{literal}%"), escape="/")


def among(column: Column, texts: Collection[str]) -> Column:
    """Return whether a column is one of a few texts."""
    return column.in_(sorted(text for text in texts if "\0" not in text))


def among_dags(column: Column, dag_ids: Collection[str], session: Session) -> Column:
    """Return whether a column is one of up to 10,000 DAG ids, bound to PostgreSQL as one comma-separated text.

    As rows and not as an array: PostgreSQL searches an array that is not a constant from its beginning, for each row.
    """
    known = sorted(each for each in dag_ids if "," not in each and "\0" not in each)
    if session.get_bind().dialect.name != "postgresql":
        return column.in_(known)
    rows = sa.func.unnest(sa.func.string_to_array(",".join(known), ",")).table_valued("dag_id").render_derived()
    return column.in_(sa.select(sa.cast(rows.c.dag_id, sa.String)))


def readable_dags(column: Column, readable: Readable, session: Session) -> list[Column]:
    """Return the condition that the caller may read a DAG."""
    return [] if readable.dag_ids is None else [among_dags(column, readable.dag_ids, session)]


def promotion_type_of(tags: Iterable[str]) -> PromotionType | None:
    """Return the promotion type that a DAG's tags name."""
    return _first(_LABELS, tags)


def frequency_of(tags: Iterable[str]) -> Interval | None:
    """Return the frequency that a DAG's tags name; None for a one-time one."""
    return _first(_FREQUENCIES, tags)


def _first(known: dict[str, T], tags: Iterable[str]) -> T | None:
    return next((known[each] for each in sorted(tags) if each in known), None)
