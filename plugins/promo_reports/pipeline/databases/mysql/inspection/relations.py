"""Tables and views that queries name: whether the user finds and may read them, their columns and storage engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.inspection import Ask, Reads, no_column, no_table
from promo_reports.pipeline.databases.mysql.inspection.grants import Grants
from promo_reports.pipeline.databases.mysql.inspection.server import account
from promo_reports.sql.bound import mark

_RELATION = f"""
SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS, t.DATA_LENGTH
FROM information_schema.TABLES AS t
LEFT JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = COALESCE({mark("schema")}, DATABASE()) AND t.TABLE_NAME = {mark("name")}
"""  # noqa: S608 - the place of a bind
_COLUMNS = f"""
SELECT lower(COLUMN_NAME), PRIVILEGES
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {mark("schema")} AND TABLE_NAME = {mark("name")}
"""  # noqa: S608 - the place of a bind


class Relation(NamedTuple):
    """A table or a view as information_schema has it; views have no engine and no bytes."""

    schema: str
    table: str
    kind: str
    engine: str | None
    transactions: str | None
    size: str | None

    @property
    def name(self) -> str:
        """The name with its schema, as statements have it."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return self.kind.endswith("VIEW")


def relation_of(ask: Ask, table: str) -> Relation | None:
    """Return the table or view that queries name; None where the user sees none."""
    schema, name = _parts(table)
    found = [Relation(*row) for row in ask(_RELATION, schema=schema, name=name)]  # type: ignore[arg-type]
    return next((each for each in found if each.table == name), next(iter(found), None))


def relation_results(ask: Ask, reads: Reads) -> Iterator[tuple[str, CheckResult]]:
    """Yield, for each table by its name in the queries, what is wrong with it, or what it is."""
    user, grants = account(ask), Grants(ask)
    ((current,),) = ask("SELECT DATABASE()")
    for table, columns in reads.items():
        subject = f"table {table}"
        try:
            relation = relation_of(ask, table)
        except DataRefused:  # the server warns of what cannot be opened
            yield (
                table,
                problem(
                    subject,
                    f"The server cannot open {table}: create the view anew, on tables and columns that are there and "
                    "that its definer may read, or repair the table.",
                ),
            )
            continue
        if relation is None:
            schema = _parts(table)[0] or current or ""
            yield table, problem(subject, _unseen(table, user, is_missing=grants.read_all(schema)))
            continue
        wrong = list(_wrong(ask, relation, columns, user, grants))
        yield from ((table, problem(subject, sentence)) for sentence in wrong)
        if not wrong:
            what = "a view" if relation.is_view else f"{relation.engine}"
            yield table, ok(subject, f"{relation.name}, {what}, {len(columns)} columns read.")


def quoted(name: str) -> str:
    """Return a name as statements have it."""
    return name if name.isidentifier() else f"`{name.replace('`', '``')}`"


def _parts(table: str) -> tuple[str | None, str]:
    """Return the schema, where one is named, and the table of a name in a query."""
    *schema, name = [each.replace('"', "") for each in table.split(".")]
    return (schema[0] if schema else None), name


def _unseen(table: str, user: str, *, is_missing: bool) -> str:
    if is_missing:
        return no_table(table)
    return (
        f"{user} sees no table or view {table}: GRANT SELECT, SHOW VIEW ON {table} TO {user}, or create it, or a view "
        "of that name on what your ledger calls it (docs/your-schema.md)."
    )


def _wrong(ask: Ask, relation: Relation, columns: frozenset[str], user: str, grants: Grants) -> Iterator[str]:
    rows = ask(_COLUMNS, schema=relation.schema, name=relation.table)
    there = {column: str(privileges).lower().split(",") for column, privileges in rows}
    wanted = sorted({each.replace('"', "").lower() for each in columns})
    missing = [each for each in wanted if each not in there]
    if any("select" not in there[each] for each in wanted if each in there):
        yield f"{user} may not read all of {relation.name}: GRANT SELECT ON {relation.name} TO {user}."
    elif missing and not grants.read_all(relation.schema, relation.table):
        # Columns that a user has no privilege on are hidden from them.
        yield (
            f"{user} sees no column {', '.join(missing)} of {relation.name}: GRANT SELECT ON {relation.name} TO "
            f"{user}; if it is missing then, add it, or a view that has it (docs/your-schema.md)."
        )
    else:
        yield from (no_column(relation.name, column) for column in missing)
    if relation.engine is not None and relation.transactions != "YES":
        yield (
            f"{relation.name} is a table of the storage engine {relation.engine}, which has no transactions, so that "
            f"no snapshot covers it: ALTER TABLE {relation.name} ENGINE = InnoDB."
        )
