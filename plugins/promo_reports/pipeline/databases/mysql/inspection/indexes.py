"""The index that the rows of a log are found by: on its filter, its time and its unique key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.inspection import BIG, FOUND_BY_INDEX, NO_COLUMN_COMPARED, Ask
from promo_reports.pipeline.databases.mysql.inspection.relations import Relation, quoted, relation_of
from promo_reports.pipeline.databases.window_index import WindowIndex, wanted_index
from promo_reports.sql.bound import BoundQuery, mark

_ENDS = {"ALL", "index"}  # types of access that read a table, or an index, from end to end
_WITH_PARTITIONS = 9  # columns of a plan behind the name of the table
_BYTES_OF_ROW = 100  # of a small row of a log: a plan has rows alone
_PREFIX = 64
_LONGEST_KEY = 500  # characters: an index takes 3072 bytes

_INDEXES = f"""
SELECT INDEX_NAME, lower(COALESCE(COLUMN_NAME, ''))
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {mark("schema")} AND TABLE_NAME = {mark("name")}
ORDER BY INDEX_NAME, SEQ_IN_INDEX
"""  # noqa: S608 - the place of a bind
_LONG_TEXTS = f"""
SELECT lower(COLUMN_NAME)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = {mark("schema")} AND TABLE_NAME = {mark("name")} AND CHARACTER_MAXIMUM_LENGTH > {_LONGEST_KEY}
"""  # noqa: S608 - the place of a bind


class _Step(NamedTuple):
    """A table of a plan, by its alias, how it is read, the indexes that may serve, and an estimate of its rows."""

    table: str
    access: str
    possible: tuple[str, ...]
    rows: int


def index_results(ask: Ask, rows: BoundQuery, report_type: ReportType) -> Iterator[CheckResult]:
    """Yield whether the window's rows are found by an index."""
    subject = f"index of {report_type.id}"
    wanted = wanted_index(rows, report_type)
    relation = relation_of(ask, wanted.table) if wanted is not None else None
    if wanted is None or relation is None:
        yield not_checked(subject, NO_COLUMN_COMPARED)
        return
    if not relation.is_view and int(relation.size or 0) < BIG:
        yield ok(subject, FOUND_BY_INDEX)
        return
    try:
        plan = _plan(ask, rows)
    except PromoReportsError as error:
        yield not_checked(subject, f"The server does not explain the query: {error.reason}")
        return
    yield _of_view(subject, relation, plan) if relation.is_view else _of_table(ask, subject, relation, wanted, plan)


def _of_table(ask: Ask, subject: str, relation: Relation, wanted: WindowIndex, plan: Sequence[_Step]) -> CheckResult:
    indexes: dict[str, list[str]] = {}
    for index, column in ask(_INDEXES, schema=relation.schema, name=relation.table):
        indexes.setdefault(str(index), []).append(str(column))
    serving = {index for index, columns in indexes.items() if wanted.is_served_by(columns)}
    if not serving:
        long = {column for (column,) in ask(_LONG_TEXTS, schema=relation.schema, name=relation.table)}
        keys = ", ".join(f"{each}({_PREFIX})" if each.lower() in long else each for each in wanted.columns)
        return problem(
            subject,
            f"{relation.name} has no index by which the rows of a window are found: CREATE INDEX "
            f"{quoted(f'{relation.table}_window')} ON {relation.name} ({keys}).",
        )
    if plan and not any(serving & set(step.possible) for step in plan):
        return problem(
            subject,
            f"The server cannot use index {min(serving)} of {relation.name} for the query: compare its columns with "
            "values of their own type and collation, and see that it is not ignored or invisible.",
        )
    return ok(subject, FOUND_BY_INDEX)


def _of_view(subject: str, relation: Relation, plan: Sequence[_Step]) -> CheckResult:
    """Return the result for a log that is a view: which columns its time is made of, the plan does not tell."""
    whole = [step.table for step in plan if _is_read_whole(step)]
    if whole:
        return problem(
            subject,
            f"The view {relation.name} is read from end to end for each window ({', '.join(whole)}): create an index "
            "on what its filter and its time are in the table, and leave LIMIT, DISTINCT, GROUP BY and window "
            "functions out of the view (docs/your-schema.md).",
        )
    return not_checked(
        subject, "The log is a view, whose plan tells of an index, and not whether it has the filter and the time."
    )


def _is_read_whole(step: _Step) -> bool:
    return step.access in _ENDS and not step.possible and step.rows * _BYTES_OF_ROW >= BIG


def _plan(ask: Ask, rows: BoundQuery) -> list[_Step]:
    """Return the tables of the plan; none where a table of one row lacks that row."""
    times = {name for name, value in rows.values.items() if isinstance(value, datetime)}
    values = {name: _text(value) if isinstance(value, datetime) else value for name, value in rows.values.items()}
    asked = rows.wrapped(times, "CAST({} AS DATETIME(6))")
    steps = []
    for _, _, table, *more in ask(f"EXPLAIN FORMAT=TRADITIONAL\n{asked.text}", **values):
        if table is not None:
            # MySQL has the partitions before them.
            access, possible, _, _, _, estimate, *_ = more[1:] if len(more) == _WITH_PARTITIONS else more
            keys = tuple(possible.split(",")) if possible else ()
            steps.append(_Step(table, str(access), keys, int(estimate or 0)))
    return steps


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
