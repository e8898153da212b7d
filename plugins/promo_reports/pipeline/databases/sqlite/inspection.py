"""SQLite's `Inspection`: the file and its directory, its schema, and the plans of its queries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.inspection import (
    BIG,
    FOUND_BY_INDEX,
    NO_COLUMN_COMPARED,
    Inspection,
    Reads,
    no_column,
    no_table,
)
from promo_reports.pipeline.databases.window_index import WindowIndex, wanted_index
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.references import unquoted

_FACTS = """
SELECT sqlite_version(), file, journal_mode, encoding, page_count * page_size
FROM pragma_database_list, pragma_journal_mode, pragma_encoding, pragma_page_count, pragma_page_size
WHERE name = 'main'
"""
_RELATION = f"""
SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND lower(name) = lower({mark("name")})
"""  # noqa: S608 - the place of a bind
_COLUMNS = f"SELECT lower(name) FROM pragma_table_xinfo({mark('name')})"  # noqa: S608 - the place of a bind
# Partial indexes serve some rows only, and an expression has no name.
_INDEXES = f"""
SELECT owned.name, lower(COALESCE(key.name, ''))
FROM pragma_index_list({mark("name")}) AS owned, pragma_index_xinfo(owned.name) AS key
WHERE owned.partial = 0 AND key.key = 1
ORDER BY owned.name, key.seqno
"""  # noqa: S608 - the place of a bind
_COUNTS_PAGES = "SELECT count(*) FROM pragma_module_list WHERE name = 'dbstat'"
# No more pages are looked at than tell whether a table is big; the smallest page has 512 bytes.
_PAGES = f"""
SELECT COALESCE(sum(pgsize), 0) FROM (SELECT pgsize FROM dbstat WHERE name = {mark("name")} LIMIT {BIG // 512})
"""  # noqa: S608 - the place of a bind


class SqliteInspection(Inspection):
    """Asks pragmas that change nothing; the file is open for reading only."""

    def server(self, connections: int) -> Iterator[CheckResult]:
        """Yield results about the file; whether it is sound is not checked, because all of it would be read."""
        ((version, file, journal, encoding, size),) = self._ask(_FACTS)
        directory = Path(str(file)).parent
        if journal == "wal" and not os.access(directory, os.W_OK | os.X_OK):
            yield problem(
                "server",
                f"{file} is in WAL mode, and {directory} may not be written by this user: it is read only while "
                "another process has it open. Set journal_mode = DELETE, let the user that runs exports write there, "
                "or export a copy that VACUUM INTO has made.",
            )
            return
        waits = "" if journal == "wal" else ", in which writers wait for exports"
        yield ok(
            "server",
            f"SQLite {version}, {file} with {int(str(size)) / (1 << 20):,.1f} MiB in {encoding}, journal_mode = "
            f"{journal}{waits}; whether it is whole, PRAGMA integrity_check tells.",
        )

    def tables(self, reads: Reads) -> Iterator[tuple[str, CheckResult]]:
        """Yield results about tables and views: whether they are there, and their columns."""
        for table, columns in reads.items():
            subject = f"table {table}"
            relation = self._relation(table)
            if relation is None:
                yield table, problem(subject, no_table(table))
                continue
            name, kind = relation
            try:
                there = {column for (column,) in self._ask(_COLUMNS, name=name)}
            except PromoReportsError as error:
                yield table, problem(subject, f"The view {name} cannot be read: {error.reason} Create it anew.")
                continue
            missing = sorted(each for each in map(_stored, columns) if each not in there)
            yield from ((table, problem(subject, no_column(name, column))) for column in missing)
            if not missing:
                yield table, ok(subject, f"The {kind} {name}, {len(columns)} columns read.")

    def index(self, rows: BoundQuery, report_type: ReportType) -> Iterator[CheckResult]:
        """Yield results about the index that the rows of a log are found by."""
        subject = f"index of {report_type.id}"
        wanted = wanted_index(rows, report_type)
        relation = self._relation(wanted.table) if wanted is not None else None
        if wanted is None or relation is None:
            yield not_checked(subject, NO_COLUMN_COMPARED)
            return
        name, kind = relation
        plan = [str(detail) for *_, detail in self._ask(f"EXPLAIN QUERY PLAN {rows.text}", **rows.values)]
        if kind == "view":
            yield self._of_view(subject, name, wanted, plan)
        elif self._is_big(name) and not self._is_served(name, wanted):
            columns = ", ".join(wanted.columns)
            yield problem(
                subject,
                f"{name} is not found by its time, and read from end to end or by another index for each window "
                f"({_scanned(plan)}): CREATE INDEX {_quoted(f'{name}_window')} ON {_quoted(name)} ({columns}).",
            )
        else:
            yield ok(subject, FOUND_BY_INDEX)

    def _of_view(self, subject: str, name: str, wanted: WindowIndex, plan: Sequence[str]) -> CheckResult:
        """Return the result for a log that is a view: which columns its time is made of, only its definition tells."""
        ((_, _, _, _, size),) = self._ask(_FACTS)
        if int(str(size)) < BIG or any(">?" in step and "<?" in step for step in plan):
            return ok(subject, "The window's rows are found by an index, or the file is small.")
        return problem(
            subject,
            f"The view {name} is read from end to end for each window ({_scanned(plan)}): CREATE INDEX on what its "
            f"columns {', '.join(wanted.columns)} are in the table, and leave LIMIT, DISTINCT, GROUP BY and window "
            "functions out of the view.",
        )

    def _relation(self, table: str) -> tuple[str, str] | None:
        """Return a table or a view as the schema has its name, and which of them it is."""
        found = self._ask(_RELATION, name=_stored(table.removeprefix("main.")))
        return (str(found[0][0]), str(found[0][1])) if found else None

    def _is_served(self, name: str, wanted: WindowIndex) -> bool:
        indexes: dict[str, list[str]] = {}
        for index, column in self._ask(_INDEXES, name=name):
            indexes.setdefault(str(index), []).append(str(column))
        return any(map(wanted.is_served_by, indexes.values()))

    def _is_big(self, name: str) -> bool:
        """Return whether a table is big; where SQLite was compiled without its counts of pages, whether the file is."""
        if self._ask(_COUNTS_PAGES) == [["0"]]:
            ((_, _, _, _, size),) = self._ask(_FACTS)
        else:
            ((size,),) = self._ask(_PAGES, name=name)
        return int(str(size)) >= BIG


def _scanned(plan: Sequence[str]) -> str:
    """Return the steps of a plan that read tables."""
    return "; ".join(step for step in plan if step.startswith(("SCAN", "SEARCH"))) or "its plan has no step"


def _stored(name: str) -> str:
    """Return a name without its quotes; SQLite takes capitals for small letters, in quotes too."""
    return unquoted(name).lower()


def _quoted(name: str) -> str:
    return name if name.isidentifier() else '"' + name.replace('"', '""') + '"'
