"""Every other SQLAlchemy dialect: one streamed read, rendered as PostgreSQL would, bounded in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ReportType
from promo_reports.errors import SourceRefused
from promo_reports.pipeline.cells import ROWS_AT_A_TIME, record_renderer
from promo_reports.pipeline.generic_engine import engine_of
from promo_reports.pipeline.generic_errors import failed
from promo_reports.pipeline.mysql_text import sent_records
from promo_reports.pipeline.source import RecordSink, Source
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import Rows

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

# What opens one consistent, read-only snapshot, by dialect; SQLite's begins with the first look into its file. Any
# other dialect gets a transaction of the first of these isolation levels that its driver knows.
_ISOLATION_LEVELS: tuple[Any, ...] = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")
_BEGIN = {
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        # Quotes and || as the standard and `sql.lexer` read them. NO_BACKSLASH_ESCAPES must not be on: drivers escape
        # values with backslashes.
        "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', time_zone = '+00:00'",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN", "SELECT count(*) FROM sqlite_master"),
}
_TIMELESS = {"sqlite": Rows.NULL_OR_ODD_TEXT_TIME, "mysql": Rows.NULL_OR_ZERO_TIME}


class GenericSnapshot:
    """One transaction of a SQLAlchemy engine; times are bound and read as UTC without offset.

    SQLite keeps times as text, which is in order where all are written `YYYY-MM-DD HH:MM:SS`, with or without a
    fraction; rows whose time is written in another way are counted as excluded.
    """

    formula_test: str | None = None

    def __init__(self, source: Source, zone: ZoneInfo) -> None:
        self._source, self._zone = source, zone
        self.timeless = _TIMELESS.get(source.dialect, Rows.NULL_TIME)
        self.taken_at: datetime

    def __enter__(self) -> GenericSnapshot:
        with contextlib.ExitStack() as opened:
            with self._explained():
                engine = engine_of(self._source)
                opened.callback(engine.dispose)
                connection = opened.enter_context(engine.connect())
                begin = _BEGIN.get(self._source.dialect)
                level = "AUTOCOMMIT" if begin else self._isolation_level(connection)
                self._connection = connection.execution_options(isolation_level=level)
                self.taken_at = datetime.now(UTC)
                for statement in begin or ():
                    self._connection.exec_driver_sql(statement).close()
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """All rows of a small answer."""
        with self._explained(), self._run(self._connection, query) as result:
            return [tuple(row) for row in result.fetchall()]

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        """Stream every row through the renderer of its columns."""
        rows = 0
        batches = self._records(query, report_type.columns, spreadsheet=spreadsheet)
        with self._explained(), contextlib.closing(batches):
            for records in batches:
                for record in records:
                    sink(record)
                rows += len(records)
        return rows

    def _records(
        self, query: BoundQuery, columns: Sequence[Column], *, spreadsheet: bool
    ) -> Generator[list[bytes], None, None]:
        if self._sends_text:
            sql, values = self._driver_sql(query)
            yield from sent_records(self._connection, sql, values, columns, self._zone, spreadsheet=spreadsheet)
            return
        streaming = self._connection.execution_options(stream_results=True, max_row_buffer=ROWS_AT_A_TIME)
        with self._run(streaming, query) as result:
            yield from map(
                record_renderer(columns, self._zone, spreadsheet=spreadsheet), result.partitions(ROWS_AT_A_TIME)
            )

    @property
    def _sends_text(self) -> bool:
        return self._connection.dialect.driver == "mysqlconnector"

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        import sqlalchemy

        if self._source.dialect in ("sqlite", "mysql"):
            return connection.exec_driver_sql(*self._driver_sql(query))
        values = self._values(query)
        times = [name for name, value in values.items() if isinstance(value, datetime)]
        text = sqlalchemy.text(query.sqlalchemy())
        typed = text.bindparams(*(sqlalchemy.bindparam(name, type_=sqlalchemy.DateTime()) for name in times))
        return connection.execute(typed, values)

    def _driver_sql(self, query: BoundQuery) -> tuple[str, dict[str, object]]:
        values = self._values(query)
        if self._source.dialect == "sqlite":
            return query.named(), values
        return query.connector() if self._sends_text else query.pyformat(), values

    def _values(self, query: BoundQuery) -> dict[str, object]:
        return {name: self._bound(value) for name, value in query.values.items()}

    def _isolation_level(self, connection: Connection) -> Any:
        raw = connection.connection.dbapi_connection
        known = connection.dialect.get_isolation_level_values(raw)  # type: ignore[arg-type]
        for level in _ISOLATION_LEVELS:
            if level in known:
                return level
        raise SourceRefused(
            f"Connection {self._source.connection!r}: no consistent snapshot is known for {self._source.dialect!r}.",
            f"Its driver has none of the isolation levels {', '.join(_ISOLATION_LEVELS)}.",
        )

    def _bound(self, value: object) -> object:
        if not isinstance(value, datetime):
            return value
        utc = value.astimezone(UTC).replace(tzinfo=None)
        if self._source.dialect != "sqlite":
            return utc
        return utc.isoformat(" ").rstrip("0") if utc.microsecond else utc.isoformat(" ")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        import sqlalchemy

        try:
            yield
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            raise failed(self._source.connection, self._source.dialect, error) from None
