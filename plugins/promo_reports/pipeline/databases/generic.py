"""Every other SQLAlchemy dialect: one streamed read, rendered as PostgreSQL would, bounded in memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ReportType
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.pipeline.cells import ROWS_AT_A_TIME, record_renderer
from promo_reports.pipeline.databases.database_socket import DatabaseSocket, watch_for_socket
from promo_reports.pipeline.databases.generic_engine import engine_of
from promo_reports.pipeline.databases.generic_errors import failed
from promo_reports.pipeline.databases.generic_sessions import session_of
from promo_reports.pipeline.databases.mysql_text import sent_records
from promo_reports.pipeline.databases.time_limits import TimeLimits, Waiting, close_in_time, open_in_time
from promo_reports.pipeline.source import RecordSink, Source
from promo_reports.sql.bound import BoundQuery

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

Answer = TypeVar("Answer")


class GenericSnapshot:
    """One transaction of a SQLAlchemy engine; times are bound and read as UTC without offset.

    SQLite keeps times as text, which is in order where all are written `YYYY-MM-DD HH:MM:SS`, with or without a
    fraction; rows whose time is written in another way are counted as excluded.
    """

    formula_test: str | None = None

    def __init__(self, source: Source, zone: ZoneInfo, limits: TimeLimits) -> None:
        self._source, self._zone, self._limits = source, zone, limits
        self._session = session_of(source)
        self.timeless = self._session.timeless
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

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """All rows of a small answer."""

        def ask(waiting: Waiting) -> list[Sequence[object]]:
            with self._run(self._connection, query) as result:
                return [tuple(row) for row in result.fetchall()]

        return self._asked(ask)

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        """Stream every row through the renderer of its columns."""

        def send(waiting: Waiting) -> int:
            rows = 0
            write = waiting.sink(sink)
            with contextlib.closing(self._records(query, report_type.columns, spreadsheet=spreadsheet)) as batches:
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
        threading.Thread(target=self._session.end, name="export-cancel", daemon=True).start()

    def _open(self) -> contextlib.ExitStack:
        with contextlib.ExitStack() as opened:
            engine = engine_of(self._source, self._limits)
            opened.callback(engine.dispose)
            with watch_for_socket(engine.url.port) as find_socket:
                connection = opened.enter_context(engine.connect())
                self._socket = find_socket()
            self.taken_at = datetime.now(UTC)
            self._connection = self._session.begin(connection, self._limits)
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
            ends_itself=self._session.ends_queries,
        )
        try:
            with self._explained():
                return interruptible(lambda: question(waiting), end=self.end, remaining=waiting.remaining)
        except LimitReached:
            raise waiting.failure(self._source) from None

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
            raise failed(self._source, error, self._limits.query) from None
