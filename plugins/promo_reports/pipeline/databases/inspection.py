"""What a database tells of itself beyond what a snapshot refuses; each dialect tells what it can (docs/cli.md, doctor).

Nothing is changed, and no row of a report is read. What cannot be asked is left out, or is a result of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from promo_reports.domain.check_result import CheckResult, not_checked
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.databases.source import Snapshot, Source
from promo_reports.sql.bound import BoundQuery

Ask = Callable[..., list[list[str | None]]]
"""Asks a small question with values by name, and answers texts; None is NULL."""
Reads = Mapping[str, frozenset[str]]
"""The columns that queries read by table, as `sql.references` finds them."""

MARK = ".123457"
"""Digits of `MARKED_WINDOW`'s start that a plan writes in any timezone, and that no other constant has."""
MARKED_WINDOW = Window(datetime(1970, 1, 1, 0, 0, 0, 123457, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""All times, so that a plan shows every partition that has rows."""
BIG = 8 << 20
"""Bytes of a table, or of a partition, from which on a log wants an index."""

FOUND_BY_INDEX = "The window's rows are found by an index, or the table is small."
NO_COLUMN_COMPARED = "The window is compared with no column of a table."


def no_table(table: str) -> str:
    """Return the sentence about a table that is not there."""
    return (
        f"There is no table or view {table}: create it, or a view of that name on what your ledger calls it "
        "(docs/your-schema.md)."
    )


def no_column(relation: str, column: str) -> str:
    """Return the sentence about a column that a table or view lacks."""
    return f"{relation} has no column {column}: add it, or a view that has it (docs/your-schema.md says what it holds)."


class Inspection:
    """Looks at the database of an open snapshot; of any dialect without one of its own, nothing is told.

    A method may leave the snapshot's transaction unusable where it raises a `PromoReportsError`.
    """

    def __init__(self, source: Source, snapshot: Snapshot) -> None:
        self._source, self._snapshot = source, snapshot

    def server(self, connections: int) -> Iterator[CheckResult]:
        """Yield results about the server, the database and the role; `connections` are wanted at one time."""
        yield not_checked("server", f"nothing looks at a server of {self._source.dialect!r} yet.")

    def tables(self, reads: Reads) -> Iterator[tuple[str, CheckResult]]:
        """Yield results about tables, each with the name that the queries have for it."""
        for table in reads:
            yield table, not_checked(f"table {table}", "only the reports that read it tell whether it is there.")

    def index(self, rows: BoundQuery, report_type: ReportType) -> Iterator[CheckResult]:
        """Yield results about the index that the rows of a log are found by; `MARKED_WINDOW` is their window."""
        return iter(())

    def _ask(self, text: str, **values: object) -> list[list[str | None]]:
        """Return the rows of a small answer, as texts; None is NULL."""
        rows = self._snapshot.fetch(BoundQuery(text, values))
        return [[None if value is None else str(value) for value in row] for row in rows]
