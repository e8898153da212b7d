"""Tables and views that queries name: whether the role finds and may read them, and whether their columns are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.pipeline.databases.inspection import Ask, Reads, no_column, no_table
from promo_reports.sql.bound import mark
from promo_reports.sql.references import unquoted

# `place` is that of the schema in the search path, of those that the role may use.
_CANDIDATES = f"""
SELECT
    pg_catalog.quote_ident(space.nspname),
    pg_catalog.quote_ident(relation.relname),
    CAST(relation.oid AS pg_catalog.text),
    relation.relkind,
    pg_catalog.array_position(pg_catalog.current_schemas(false), space.nspname) AS place,
    pg_catalog.has_schema_privilege(space.oid, 'USAGE'),
    pg_catalog.has_table_privilege(relation.oid, 'SELECT'),
    pg_catalog.has_table_privilege(relation.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'),
    pg_catalog.current_setting('row_security') = 'off' AND pg_catalog.row_security_active(relation.oid),
    pg_catalog.quote_ident(CURRENT_USER)
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.parse_ident({mark("name")}) AS parts) AS named
WHERE relation.relkind IN ('r', 'v', 'm', 'f', 'p')
    AND relation.relname = named.parts[pg_catalog.array_length(named.parts, 1)]
    AND (pg_catalog.array_length(named.parts, 1) = 1 OR space.nspname = named.parts[1])
    AND space.nspname NOT IN ('pg_catalog', 'information_schema')
    AND space.nspname !~ '^pg_(toast|temp)'
ORDER BY place, space.nspname
"""  # noqa: S608 - the place of a bind
_COLUMNS = f"""
SELECT attname, pg_catalog.has_column_privilege(attrelid, attnum, 'SELECT'), pg_catalog.format_type(atttypid, NULL)
FROM pg_catalog.pg_attribute
WHERE attrelid = CAST({mark("table")} AS pg_catalog.oid) AND attnum > 0 AND NOT attisdropped
"""  # noqa: S608 - the place of a bind
# What a view reads is read with the rights of its owner, or of whoever asks where it is a security_invoker (15).
_HIDDEN_FROM_OWNERS = f"""
WITH RECURSIVE reads (view, owner, relation) AS (
    SELECT rule.ev_class, owned.by, depends.refobjid
    FROM pg_catalog.pg_class AS seen
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = seen.oid AND rule.ev_type = '1'
    JOIN pg_catalog.pg_depend AS depends ON depends.classid = CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)
        AND depends.objid = rule.oid
        AND depends.refclassid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)
        AND depends.refobjid <> seen.oid
    CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_options_to_table(seen.reloptions)
            WHERE option_name = 'security_invoker' AND option_value IN ('true', 'on', '1', 'yes')
        ) THEN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) ELSE seen.relowner END AS by
    ) AS owned
    WHERE seen.oid = CAST({mark("table")} AS pg_catalog.oid) AND seen.relkind = 'v'
    UNION
    SELECT rule.ev_class, seen.relowner, depends.refobjid
    FROM reads
    JOIN pg_catalog.pg_class AS seen ON seen.oid = reads.relation AND seen.relkind = 'v'
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = seen.oid AND rule.ev_type = '1'
    JOIN pg_catalog.pg_depend AS depends ON depends.classid = CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)
        AND depends.objid = rule.oid
        AND depends.refclassid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)
        AND depends.refobjid <> seen.oid
)
SELECT DISTINCT
    CAST(CAST(reads.view AS pg_catalog.regclass) AS pg_catalog.text),
    pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(reads.owner)),
    pg_catalog.quote_ident(space.nspname) || '.' || pg_catalog.quote_ident(relation.relname)
FROM reads
JOIN pg_catalog.pg_class AS relation ON relation.oid = reads.relation AND relation.relkind IN ('r', 'v', 'm', 'f', 'p')
JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
WHERE NOT pg_catalog.has_any_column_privilege(reads.owner, reads.relation, 'SELECT')
ORDER BY 3
"""  # noqa: S608 - the place of a bind


class _Candidate(NamedTuple):
    """A relation of the name that a query has; `place` is that of its schema in the search path."""

    schema: str
    relation: str
    oid: str
    kind: str
    place: str | None
    may_use_schema: str
    may_read: str
    may_write: str
    hides_rows: str
    role: str

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.relation}"


def relation_results(ask: Ask, reads: Reads) -> Iterator[tuple[str, CheckResult]]:
    """Yield, for each table by its name in the queries, what is wrong with it, or what it is; "" for all of them."""
    written: list[_Candidate] = []
    for table, columns in reads.items():
        candidates = [_Candidate(*row) for row in ask(_CANDIDATES, name=table)]  # type: ignore[arg-type]
        chosen = _chosen(table, candidates)
        subject = f"table {table}"
        if chosen is None:
            yield table, problem(subject, _missing(table, candidates))
            continue
        others = [each.name for each in candidates if each is not chosen and each.place is not None]
        if others and "." not in table:
            # The queries can be asked all the same.
            yield (
                "",
                problem(
                    "search path",
                    f"{chosen.name} is read, and {', '.join(others)} has the same name: say which is meant by ALTER "
                    f"ROLE {chosen.role} SET search_path = {chosen.schema}.",
                ),
            )
        wrong = list(_wrong(ask, chosen, columns))
        yield from ((table, problem(subject, sentence)) for sentence in wrong)
        if not wrong:
            yield table, ok(subject, f"{chosen.name}, {len(columns)} columns read.")
        if chosen.may_write == "t":
            written.append(chosen)
    if written:
        names = ", ".join(each.name for each in written)
        role = written[0].role
        yield (
            "",
            problem(
                "role",
                f"{role} may write to {names}: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {names} FROM {role}, or give "
                "exports another role than the one that owns them.",
            ),
        )


def _chosen(table: str, candidates: Sequence[_Candidate]) -> _Candidate | None:
    """Return the relation that the server takes a name for: the first of the search path, or the one of its schema."""
    if "." in table:
        return next((each for each in candidates if each.may_use_schema == "t"), None)
    return next((each for each in candidates if each.place is not None), None)


def _missing(table: str, candidates: Sequence[_Candidate]) -> str:
    if not candidates:
        return no_table(table)
    found = candidates[0]
    if found.may_use_schema != "t":
        return (
            f"{found.name} is in a schema that {found.role} may not use: GRANT USAGE ON SCHEMA {found.schema} TO "
            f"{found.role}."
        )
    return (
        f"{found.name} is not in the search path of {found.role}: ALTER ROLE {found.role} SET search_path = "
        f"{found.schema}."
    )


def _wrong(ask: Ask, chosen: _Candidate, columns: frozenset[str]) -> Iterator[str]:
    there = {str(name): may_read == "t" for name, may_read, _ in ask(_COLUMNS, table=chosen.oid)}
    wanted = sorted(_stored(each) for each in columns)
    for missing in (each for each in wanted if each not in there):
        yield no_column(chosen.name, missing)
    refused = [each for each in wanted if each in there and not there[each]]
    if chosen.may_read != "t" and (refused or not wanted):
        granted = len(refused) < len([each for each in wanted if each in there])
        what = f"SELECT ({', '.join(refused)})" if granted else "SELECT"
        yield (
            f"{chosen.role} may not read {'all columns of ' if granted else ''}{chosen.name}: GRANT {what} ON "
            f"{chosen.name} TO {chosen.role}."
        )
    if chosen.hides_rows == "t":
        yield (
            f"Row-level security of {chosen.name} would leave rows out for {chosen.role}: ALTER ROLE {chosen.role} "
            "BYPASSRLS, or write allow_row_security: true in the report types that are meant to hold only what the "
            "policies show."
        )
    if chosen.kind == "v":
        for view, owner, relation in ask(_HIDDEN_FROM_OWNERS, table=chosen.oid):
            yield (
                f"View {view} reads {relation}, which {owner}, with whose rights it reads, may not: GRANT SELECT ON "
                f"{relation} TO {owner}."
            )


def _stored(column: str) -> str:
    """Return a column's name as the catalog has it."""
    return unquoted(column) if column.startswith('"') else column.lower()
