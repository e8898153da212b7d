"""SQLite: a file that is opened for reading only, whose times are texts of UTC."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused
from promo_reports.pipeline.databases.columns import Fetch, Row
from promo_reports.pipeline.databases.dialect import Dialect, executed
from promo_reports.pipeline.databases.sqlite.expressions import EXACT_SUM, ExactSum, SqliteExpressions
from promo_reports.pipeline.databases.sqlite.sums import add_sum, with_compensated_sums
from promo_reports.pipeline.databases.sqlite.times import (
    INSIDE,
    TIMELESS,
    Ascending,
    TimeComparisons,
    refuse_mixed_times,
)
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.lexer import Kind, tokens
from promo_reports.sql.template import WindowPredicates

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine
    from sqlalchemy.exc import DBAPIError

# What a SQLite that was compiled in another way may have as another default, and changes what a query means.
_SETTINGS = (
    "PRAGMA query_only = ON",
    "PRAGMA case_sensitive_like = OFF",
    "PRAGMA reverse_unordered_selects = OFF",
    "PRAGMA short_column_names = ON",
    "PRAGMA full_column_names = OFF",
)
# Primary codes (https://sqlite.org/rescode.html): busy, locked, no memory, interrupted, I/O, full, protocol, schema.
_PASSING = frozenset((5, 6, 7, 9, 10, 13, 15, 17))
_READ_ONLY, _CORRUPT, _CANNOT_OPEN, _NO_DATABASE = 8, 11, 14, 26
_MAY_NOT = (
    "Let the user that runs exports read the file, its directory, and the -wal file beside it. Where they "
    "may not write to that directory, no database in WAL mode is read: set journal_mode = DELETE, or export a copy "
    "that VACUUM INTO has made."
)
_FIXES = {
    _READ_ONLY: _MAY_NOT,
    _CORRUPT: "The file is damaged or not whole (PRAGMA integrity_check): put a sound copy in its place.",
    _CANNOT_OPEN: _MAY_NOT,
    _NO_DATABASE: "The address names another kind of file, or a damaged one: correct it, or put a sound copy there.",
}


class SqliteDialect(Dialect):
    """SQLite, whose snapshot begins with the first read of the file.

    It keeps times as texts of UTC, `YYYY-MM-DD HH:MM:SS` with or without a fraction. Rows of a log whose time is
    written in another way are counted as excluded; where an aggregate or a snapshot compares one, it is refused.
    """

    expressions = SqliteExpressions()
    predicates = WindowPredicates(INSIDE, TIMELESS)

    def engine(self, limits: TimeLimits) -> Engine:
        """Return an engine of a file that is there; `SourceRefused` where it is not."""
        path = Path((self._url().database or "").removeprefix("file:").partition("?")[0])
        if not path.is_file():
            raise SourceRefused(
                f"Connection {self.source.connection!r}: there is no SQLite file {path}.",
                f"Correct the address, that of the Airflow connection {self.source.connection!r} or of --database: "
                "sqlite:////absolute/path.",
            )
        return self._engine("sqlite://", creator=lambda: _read_only(path))

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Open a read transaction."""
        self._raw: Any = connection.connection.dbapi_connection
        self._comparisons = TimeComparisons(self._raw)
        add_sum(self._raw, self._comparisons.refuse)
        begin = (*_SETTINGS, "BEGIN", "SELECT count(*) FROM sqlite_master")
        return executed(connection.execution_options(isolation_level="AUTOCOMMIT"), begin)

    def records(
        self,
        connection: Connection,
        query: BoundQuery,
        report_type: ReportType,
        zone: ZoneInfo,
        *,
        transform: CellTransform,
    ) -> Generator[list[bytes], None, None]:
        """The CSV records of a query's rows in batches; `DataRefused` for times that SQLite would not tell apart."""
        if report_type.window_column is None:
            refuse_mixed_times(connection, query.named(), self._values(query))
        yield from super().records(connection, query, report_type, zone, transform=transform)

    def end(self) -> None:
        """Interrupt the statement that runs."""
        self._raw.interrupt()

    def _said(self, error: DBAPIError, message: str, seconds: float) -> PromoReportsError:
        comparisons: TimeComparisons | None = getattr(self, "_comparisons", None)  # none before a session is open
        if comparisons is not None and comparisons.refused is not None:
            return comparisons.refused
        if "Could not decode to UTF-8" in message:
            where = f"Connection {self.source.connection!r}"
            return DataRefused(f"{where}: a row holds bytes that are no UTF-8.", "Correct the data.")
        if (fix := _FIXES.get(_code(error))) is not None:
            return SourceRefused(f"{message}.", fix)
        return super()._said(error, message, seconds)

    def _passes(self, error: DBAPIError) -> bool:
        return _code(error) in _PASSING

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        values = self._values(query)
        times = {name: str(values[name]) for name, value in query.values.items() if isinstance(value, datetime)}
        text = _never_texts(with_compensated_sums(self._comparisons.put_into(query.text, times)))
        return connection.exec_driver_sql(BoundQuery(text, values).named(), values)

    def _fetching(self, result: CursorResult[Any], report_type: ReportType) -> Fetch:
        fetch = super()._fetching(result, report_type)
        names = [column.name for column in report_type.columns]
        if report_type.window_column not in names:
            return fetch
        place = names.index(report_type.window_column)
        times = Ascending(report_type.window_column)

        def fetch_in_order(count: int) -> Sequence[Row]:
            rows = fetch(count)
            times.check([row[place] for row in rows])
            return rows

        return fetch_in_order

    def _time(self, utc: datetime) -> object:
        return utc.isoformat(" ").rstrip("0") if utc.microsecond else utc.isoformat(" ")


def _code(error: DBAPIError) -> int:
    """Return the primary result code of SQLite; 0 where the driver itself refuses."""
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def _never_texts(text: str) -> str:
    """SQL text with its quoted names in backticks: SQLite takes `"kind"` for a text where there is no such column."""
    pieces: list[str] = []
    at = 0
    for word in tokens(text):
        if word.kind is Kind.NAME and word.text.startswith('"'):
            name = word.text[1:-1].replace('""', '"').replace("`", "``")
            pieces += [text[at : word.at], f"`{name}`"]
            at = word.at + len(word.text)
    return "".join([*pieces, text[at:]])


def _read_only(path: Path) -> Any:
    """Return a connection that cannot write, and that does not make the file where there is none."""
    import sqlite3

    # One thread at a time asks it, but each question has a thread of its own.
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
    connection.create_aggregate(EXACT_SUM, 2, ExactSum)  # type: ignore[arg-type]  # its stub only has integers
    return connection
