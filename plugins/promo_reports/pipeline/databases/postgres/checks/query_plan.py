"""PostgreSQL's plan of a query, in which views, partitions and inlined functions are opened up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.sql.bound import BoundQuery

# Named by its parameter before PostgreSQL 17.
_SUBPLAN = re.compile(r"((?:Init|Sub)Plan \d+)(?: \(returns (\$\d+)\))?")

_LEFT_OPEN = {
    "WindowAgg": "the results of a window function",
    "Limit": "the first rows of a subquery",
    "Unique": "the first row of each group",
    "Sample Scan": "a sample of a table",
}

Node = Mapping[str, Any]


@dataclass(frozen=True)
class QueryPlan:
    """The nodes of a plan as `EXPLAIN (VERBOSE, FORMAT JSON)` writes them, parents first."""

    nodes: tuple[Node, ...]

    def relations(self) -> dict[str, tuple[str, str]]:
        """Schema and name of the tables by the alias that the plan's expressions use."""
        return {
            node["Alias"]: (node["Schema"], node["Relation Name"])
            for node in self.nodes
            if node.keys() >= {"Alias", "Schema", "Relation Name"}
        }

    def expressions(self) -> Iterator[str]:
        """Yield every expression of the plan, as PostgreSQL writes it."""
        for node in self.nodes:
            for value in node.values():
                if isinstance(value, str):
                    yield value
                elif isinstance(value, list):
                    yield from (each for each in value if isinstance(each, str))

    def origins(self) -> dict[str, Sequence[str]]:
        """Return what a column of a CTE or subquery, or the result of a subquery, is in the terms of what that reads.

        One that another one passes on has its origin in turn. A plan does not name the columns of a CTE: where a part
        of them is read, a column may be any of those.
        """
        subplans = {node["Subplan Name"]: node for node in self.nodes if "Subplan Name" in node}
        origins: dict[str, Sequence[str]] = {}
        for node in self.nodes:
            read: Node | None = None
            if node["Node Type"] == "CTE Scan":
                read = subplans.get(f"CTE {node['CTE Name']}")
            elif node["Node Type"] == "Subquery Scan":
                read = next(iter(node.get("Plans", ())), None)
            own, theirs = node.get("Output", []), read.get("Output", []) if read else []
            if len(own) == len(theirs):
                origins.update((each, [origin]) for each, origin in zip(own, theirs, strict=True))
            elif read:
                for each in own:
                    of_name = [origin for origin in theirs if origin.rpartition(".")[2] == each.rpartition(".")[2]]
                    origins.setdefault(each, of_name or theirs)
        for name, node in subplans.items():
            if (found := _SUBPLAN.fullmatch(name)) and node.get("Output"):
                for place, output in enumerate(node["Output"], start=1):
                    origins[f"({found[1]}).col{place}"] = [output]
                origins[found[2] or f"({found[1]})"] = node["Output"][:1]
        return origins

    def united(self) -> Iterator[tuple[str, ...]]:
        """Yield what stands in the same column of the parts of each UNION."""
        for node in self.nodes:
            if node["Node Type"] in ("Append", "Merge Append", "Recursive Union"):
                yield from zip(*(part.get("Output", []) for part in node.get("Plans", ())), strict=False)

    def beyond_snapshot(self) -> str | None:
        """What the query reads that may differ on connections of one snapshot, in words; None where there is nothing.

        An exported snapshot does not cover it, or the rows leave open what it is, as the numbers of equal rows.
        That is a foreign table, what an extension reads in its own way, and a function in FROM, which may be `dblink`.
        """
        for node in self.nodes:
            kind = node["Node Type"]
            if kind in _LEFT_OPEN:
                return _LEFT_OPEN[kind]
            if kind == "Foreign Scan":
                return f"the foreign table {node.get('Relation Name') or node.get('Relations') or node.get('Alias')}"
            if kind == "Custom Scan":
                return f"what {node.get('Custom Plan Provider')} reads"
            if kind == "Function Scan" and node.get("Schema", "pg_catalog") != "pg_catalog":
                return f"the function {node['Schema']}.{node.get('Function Name')}"
        return None


def plan_of(cursor: Any, query: BoundQuery) -> QueryPlan:
    """Return the plan of a query, which is not run."""
    asked = explained(query)
    cursor.execute(asked.pyformat(), literals(asked.values))
    ((answer,),) = cursor.fetchall()
    return plan_in(answer)


def explained(query: BoundQuery) -> BoundQuery:
    """Return the query whose answer is the plan of another one, for `plan_in`."""
    return BoundQuery(f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON)\n{query.text}", query.values)


def plan_in(answer: Any) -> QueryPlan:
    """Return the plan of an answer, as text or as what JSON stands for."""
    plans = json.loads(answer) if isinstance(answer, str) else answer
    return QueryPlan(tuple(_flat(plans[0]["Plan"])))


def _flat(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from _flat(child)
