"""The index that the rows of a log are found by: on its filter, its time and its unique key.

The plan of the query tells which tables it finds by an index and which it reads from end to end. Sequential scans are
turned off for it, so that one is left only where no index serves, whatever the window's length and the statistics say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.databases.inspection import BIG, FOUND_BY_INDEX, MARK, Ask
from promo_reports.pipeline.databases.postgres.checks.plan_expressions import comparison, parenthesized
from promo_reports.pipeline.databases.postgres.checks.query_plan import Node, QueryPlan, explained, plan_in
from promo_reports.pipeline.databases.source import Snapshot
from promo_reports.sql.bound import BoundQuery, mark

_NO_SCANS = "SELECT pg_catalog.set_config('enable_seqscan', 'off', true)"
_BY_INDEX = ("Index Cond", "Recheck Cond")
_UNQUOTED = re.compile(r"[a-z_][a-z0-9_]*")
_PLAIN = re.compile(r'[a-z_][a-z0-9_]*|"(?:[^"]|"")+"')
_MOST_NAMED = 3

_RELATION = f"""
SELECT
    CAST(relation.oid AS pg_catalog.text),
    pg_catalog.pg_relation_size(relation.oid),
    (
        SELECT CAST(parent.inhparent AS pg_catalog.regclass)
        FROM pg_catalog.pg_inherits AS parent WHERE parent.inhrelid = relation.oid AND relation.relispartition
    )
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
WHERE space.nspname = {mark("schema")} AND relation.relname = {mark("table")}
"""  # noqa: S608 - the place of a bind
_INDEXES = f"""
SELECT
    CAST(CAST(owned.indexrelid AS pg_catalog.regclass) AS pg_catalog.text),
    owned.indisvalid AND owned.indisready,
    key.place,
    pg_catalog.pg_get_indexdef(owned.indexrelid, CAST(key.place AS integer), false)
FROM pg_catalog.pg_index AS owned
CROSS JOIN LATERAL pg_catalog.generate_series(1, owned.indnkeyatts) AS key (place)
WHERE owned.indrelid = CAST({mark("relation")} AS pg_catalog.oid) AND owned.indpred IS NULL
ORDER BY 1, key.place
"""  # noqa: S608 - the place of a bind


@dataclass(frozen=True)
class _Scan:
    """A table that is read from end to end: its name, the partitioned table above it, and the index it wants.

    `invalid` is such an index that a failed CREATE INDEX CONCURRENTLY has left.
    """

    name: str
    parent: str | None
    keys: tuple[str, ...]
    invalid: str | None

    @property
    def fix(self) -> str:
        keys = ", ".join(self.keys)
        drop = f"DROP INDEX CONCURRENTLY {self.invalid}; " if self.invalid else ""
        return f"{drop}CREATE INDEX CONCURRENTLY ON {self.name} ({keys})"


def index_results(snapshot: Snapshot, ask: Ask, rows: BoundQuery, report_type: ReportType) -> Iterator[CheckResult]:
    """Yield whether the window's rows are found by an index; nothing of a report type that has no window column."""
    if report_type.window_column is None:
        return
    subject = f"index of {report_type.id}"
    ask(_NO_SCANS)
    ((answer,),) = snapshot.fetch(explained(rows))
    plan = plan_in(answer)
    keys = _key_columns(plan, report_type)
    scans, above = [], []
    for node in plan.nodes:
        if MARK not in _condition(node, "Filter") or any(MARK in _condition(node, each) for each in _BY_INDEX):
            continue
        if "Relation Name" not in node:
            above.append(node)
        elif (scan := _scan(ask, node, keys)) is not None:
            scans.append(scan)
    if scans:
        yield problem(subject, _sentence(scans))
    for node in above:
        if any(_size(ask, each) >= BIG for each in _below(node)):
            yield problem(
                subject,
                f"The window is compared after {node.get('Alias', 'a subquery')} was read as a whole: leave "
                "LIMIT, OFFSET, DISTINCT, GROUP BY and window functions out of the view.",
            )
    conditions = ("Filter", *_BY_INDEX)
    if not any(MARK in _condition(node, each) for node in plan.nodes for each in conditions):
        yield not_checked(subject, "Its filter has no choice yet, so that no table is looked up.")
    elif not scans and not above:
        yield ok(subject, FOUND_BY_INDEX)


def _scan(ask: Ask, node: Node, keys: Sequence[str]) -> _Scan | None:
    """Return the scan of a big table that no index serves."""
    found = ask(_RELATION, schema=node["Schema"], table=node["Relation Name"])
    if not found or node["Node Type"] == "Foreign Scan" or int(found[0][1] or 0) < BIG:
        return None
    oid, _, parent = found[0]
    condition, alias = _condition(node, "Filter"), str(node["Alias"])
    time = next(iter(_compared(condition, alias, lambda operator, other: MARK in other)), None)
    if time is None:
        return None
    equal = _compared(
        " ".join([condition, *(_condition(node, each) for each in _BY_INDEX)]),
        alias,
        lambda operator, other: operator == "=" and not other.startswith(("ANY", "ALL")) and MARK not in other,
    )
    filters = [each for each in dict.fromkeys(equal) if each != time]
    indexes: dict[str, list[str]] = {}
    states: dict[str, bool] = {}
    for name, is_valid, _, key in ask(_INDEXES, relation=oid):
        indexes.setdefault(str(name), []).append(_bare(str(key)))
        states[str(name)] = is_valid == "t"
    serving = [name for name, key in indexes.items() if _serves(key, [_bare(each) for each in filters], _bare(time))]
    if any(states[name] for name in serving):
        return None
    wanted = tuple(map(_as_key, dict.fromkeys([*filters, time, *keys])))
    name = f"{_quoted(node['Schema'])}.{_quoted(node['Relation Name'])}"
    return _Scan(name, parent, wanted, next(iter(serving), None))


def _serves(key: Sequence[str], filters: Sequence[str], time: str) -> bool:
    """Return whether an index begins with filters, in any order, and then the time."""
    return time in key and set(key[: key.index(time)]) <= set(filters)


def _sentence(scans: Sequence[_Scan]) -> str:
    parents = {scan.parent for scan in scans}
    if len(scans) == 1 or parents == {None}:
        why = " (a CREATE INDEX CONCURRENTLY that failed has left one that is invalid)" if scans[0].invalid else ""
        names = " and ".join(scan.name for scan in scans)
        return f"{names} is read from end to end for each window{why}: {'; '.join(scan.fix for scan in scans)}."
    names = ", ".join(scan.name for scan in scans[:_MOST_NAMED])
    more = f" and {len(scans) - _MOST_NAMED} others" if len(scans) > _MOST_NAMED else ""
    return (
        f"Partitions of {scans[0].parent} are read from end to end for each window ({names}{more}): on each of them "
        f"{scans[0].fix}."
    )


def _key_columns(plan: QueryPlan, report_type: ReportType) -> list[str]:
    """Return what the columns of the order behind the window's are in the table, where they are its columns."""
    output = plan.nodes[0].get("Output", [])
    names = [column.name for column in report_type.columns]
    found = []
    for name in report_type.order[1:]:
        place = names.index(name)
        alias, _, column = str(output[place] if place < len(output) else "").partition(".")
        if alias and _PLAIN.fullmatch(column):
            found.append(column)
    return found


def _compared(condition: str, alias: str, wanted: Callable[[str, str], bool]) -> list[str]:
    """Return the sides of comparisons that are made of columns of a table, as an index on it has them."""
    own = re.compile(rf"(?<![\w\"]){re.escape(alias)}\.")
    found = []
    for inner, _ in parenthesized(condition):
        compared = comparison(inner)
        if compared is None:
            continue
        operator, *operands = compared
        for one, other in (operands, operands[::-1]):
            if own.search(one) and not own.search(other) and wanted(operator, other):
                found.append(own.sub("", one))
    return found


def _as_key(expression: str) -> str:
    """Return a column, or an expression in the parentheses that CREATE INDEX wants around it."""
    bare = _bare(expression)
    return bare if _PLAIN.fullmatch(bare) else f"({bare})"


def _bare(expression: str) -> str:
    """Return an expression without the parentheses around all of it."""
    while expression.startswith("(") and any(
        end == len(expression) and inner == expression[1:-1] for inner, end in parenthesized(expression)
    ):
        expression = expression[1:-1]
    return expression


def _condition(node: Node, name: str) -> str:
    condition = node.get(name, "")
    return condition if isinstance(condition, str) else " ".join(condition)


def _below(node: Node) -> Iterator[Node]:
    for child in node.get("Plans", ()):
        yield child
        yield from _below(child)


def _size(ask: Ask, node: Node) -> int:
    if not node.keys() >= {"Schema", "Relation Name"}:
        return 0
    found = ask(_RELATION, schema=node["Schema"], table=node["Relation Name"])
    return int(found[0][1] or 0) if found else 0


def _quoted(name: str) -> str:
    return name if _UNQUOTED.fullmatch(name) else '"' + name.replace('"', '""') + '"'
