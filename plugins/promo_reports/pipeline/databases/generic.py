"""Every other SQLAlchemy dialect: one streamed read, rendered as PostgreSQL would, bounded in memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.pipeline.databases.database_socket import DatabaseSocket, watch_for_socket
from promo_reports.pipeline.databases.dialect import Dialect
from promo_reports.pipeline.databases.mysql.dialect import MySqlDialect
from promo_reports.pipeline.databases.source import Option, RecordSink, Source, values_and_titles
from promo_reports.pipeline.databases.sqlite.dialect import SqliteDialect
from promo_reports.pipeline.databases.time_limits import TimeLimits, Waiting, close_in_time, open_in_time
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.expressions import Expressions

if TYPE_CHECKING:
    from sqlalchemy import Connection

Answer = TypeVar("Answer")

_DIALECTS: dict[str, type[Dialect]] = {"sqlite": SqliteDialect, "mysql": MySqlDialect}


class GenericSnapshot:
    """One transaction of a SQLAlchemy engine, asked as the dialect of its source wants to be.

    `row_security` is for PostgreSQL: no other database has a setting that refuses what policies would change.
    """

    def __init__(self, source: Source, zone: ZoneInfo, limits: TimeLimits, *, row_security: bool = False) -> None:
        self._source, self._zone, self._limits = source, zone, limits
        self._dialect = _DIALECTS.get(source.dialect, Dialect)(source)
        self.predicates = self._dialect.predicates
        self._socket: DatabaseSocket | None = None
        self._ended = False
        self.taken_at: datetime

    def __enter__(self) -> GenericSnapshot:
        with self._explained():
            self._opened = open_in_time(self._source, self._limits, self._open, lambda opened: opened.close())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import sqlalchemy

        # Drivers end the transaction first, and wait for the answer.
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
            close_in_time(self._close, self._shut)
        if self._socket is not None:
            self._socket.close()

    def expressions(self, rows: BoundQuery, report_type: ReportType) -> Expressions:
        """The SQL of the dialect, whatever the types: cells are refused as they are rendered, each by its column's."""
        return self._dialect.expressions

    def text_of(self, column: Column) -> Callable[[object], str]:
        """Return a function from a value of the driver to the text of its cell."""
        return self._dialect.text_of(column, self._zone)

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """Return all rows of a small answer."""

        return self._asked(lambda waiting: self._dialect.fetch(self._connection, query))

    def options(self, query: BoundQuery) -> list[Option]:
        """Return the values of a filter, bound as the dialect says."""
        text = self.text_of(Column("value", ColumnType.TEXT, ""))
        return [
            Option(self._dialect.bound(value, text(value)), text(value), text(title))
            for value, title in values_and_titles(self.fetch(query))
        ]

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, transform: CellTransform) -> int:
        """Stream every row through the renderer of its columns."""

        def send(waiting: Waiting) -> int:
            rows = 0
            write = waiting.sink(sink)
            batches = self._dialect.records(self._connection, query, report_type, self._zone, transform=transform)
            with contextlib.closing(batches):
                for records in batches:
                    for record in records:
                        write(record)
                    rows += len(records)
            return rows

        return self._asked(send)

    def end(self) -> None:
        """End the wait of another thread."""
        self._ended = True
        self._shut()
        threading.Thread(target=self._dialect.end, name="export-cancel", daemon=True).start()

    def _open(self) -> contextlib.ExitStack:
        with contextlib.ExitStack() as opened:
            engine = self._dialect.engine(self._limits)
            opened.callback(engine.dispose)
            with watch_for_socket(engine.url.port) as find_socket:
                connection = opened.enter_context(engine.connect())
                self._socket = find_socket()
            self.taken_at = datetime.now(UTC)
            try:
                self._connection: Connection = self._dialect.begin(connection, self._limits)
            except BaseException:
                if self._socket is not None:
                    self._socket.close()
                raise
            return opened.pop_all()

    def _close(self) -> None:
        if self._ended:
            self._connection.invalidate()
        self._opened.close()

    def _shut(self) -> None:
        if self._socket is not None:
            self._socket.shut()

    def _asked(self, question: Callable[[Waiting], Answer]) -> Answer:
        waiting = Waiting(
            self._limits,
            self._socket,
            query=min(self._limits.query, self._limits.left),
            ends_itself=self._dialect.ends_queries,
        )
        try:
            with self._explained():
                return interruptible(lambda: question(waiting), end=self.end, remaining=waiting.remaining)
        except LimitReached:
            raise waiting.failure(self._source) from None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        import sqlalchemy

        try:
            yield
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            raise self._dialect.failed(error, self._limits.query) from None
