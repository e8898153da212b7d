"""PostgreSQL, the fast path: its own COPY renders every cell, and the bytes are passed through (decisions, 6)."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import SourceRefused
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.pipeline.databases.database_socket import DatabaseSocket
from promo_reports.pipeline.databases.postgres.checks.column_types import check_column_types
from promo_reports.pipeline.databases.postgres.checks.query_columns import TIMESTAMPTZ, columns_of
from promo_reports.pipeline.databases.postgres.checks.query_plan import plan_of
from promo_reports.pipeline.databases.postgres.checks.replaced_tables import check_replaced_tables
from promo_reports.pipeline.databases.postgres.checks.timezone_data import check_timezone_data, known_timezone
from promo_reports.pipeline.databases.postgres.checks.window_bounds import check_window_bounds
from promo_reports.pipeline.databases.postgres.checks.zoneless_columns import check_zoneless_columns
from promo_reports.pipeline.databases.postgres.errors import checked_url, login_failed, query_failed
from promo_reports.pipeline.databases.postgres.expressions import PostgresExpressions
from promo_reports.pipeline.databases.postgres.libpq import error_message, tell_states
from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.pipeline.databases.postgres.session_settings import (
    BUILT_IN_FIRST,
    FIND_HIDDEN_DAMAGE,
    HIDE_DAMAGE,
    SET_ALL,
    SHOW_ALL,
    session_settings,
)
from promo_reports.pipeline.databases.postgres.small_answers import filter_options, rows_as_sent
from promo_reports.pipeline.databases.postgres.standby import replayed_until
from promo_reports.pipeline.databases.source import Option, RecordSink, Source, changed_setting
from promo_reports.pipeline.databases.time_limits import TimeLimits, Waiting, close_in_time, open_in_time
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.template import WindowPredicates

Answer = TypeVar("Answer")

# A network that is gone is noticed within 60 s (reliability, "black-holed connection"); `Waiting` notices a peer that
# keeps the connection alive.
_KEEPALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SECONDS_FOR_A_HOST = 10  # of several that an address may name
_HAS_CONNECTION_CHECK = 140_000
_HAS_NONDETERMINISTIC_COLLATIONS = 120_000
_FIRST = "SELECT pg_catalog.transaction_timestamp(), pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery()"


class _Sink:
    """What psycopg2 writes to: one call is one COPY message, and one message is one record."""

    def __init__(self, write: RecordSink) -> None:
        self.write = write


class PostgresSnapshot:
    """One REPEATABLE READ, READ ONLY transaction that renders timestamps in the report's timezone.

    Its settings end with it, so that a connection pooler hands nothing of them to the next session.
    """

    predicates = WindowPredicates(timeless="({column} IS NULL OR {column} = 'infinity' OR {column} = '-infinity')")

    def __init__(
        self,
        source: Source,
        zone: ZoneInfo,
        limits: TimeLimits,
        *,
        row_security: bool = False,
        exported: str | None = None,
    ) -> None:
        self._source, self._zone, self._limits, self._exported = source, zone, limits, exported
        self._row_security = row_security
        self._query = limits.query
        self._process = 0
        self._server_checks = False
        self._settings: dict[str, str] = {}
        self.taken_at: datetime

    def __enter__(self) -> PostgresSnapshot:
        self._connection = self._connected()
        self._socket = DatabaseSocket(self._connection.fileno())
        try:
            self._begin()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def beside(self) -> PostgresSnapshot:
        """Return the same snapshot on another connection, which must be entered before this one is left."""
        ((exported,),) = self.fetch(BoundQuery("SELECT pg_export_snapshot()", {}))
        return PostgresSnapshot(
            self._source, self._zone, self._limits, row_security=self._row_security, exported=str(exported)
        )

    def beyond_snapshot(self, query: BoundQuery) -> str | None:
        """Return what the query reads that other connections would see in another state, in words; None for nothing."""
        return self._asked(lambda cursor: plan_of(cursor, query)).beyond_snapshot()

    def expressions(self, rows: BoundQuery, report_type: ReportType) -> PostgresExpressions:
        """Return the SQL for columns of the query's types, in a database of this encoding.

        Raises `DataRefused` where they, or what the query compares with its window, are of other types than declared,
        and `SourceRefused` where the server's timezone data and ours differ in what is exported.
        """

        def describe(cursor: Any) -> tuple[dict[str, int], PostgresExpressions]:
            types = columns_of(cursor, rows)
            cursor.execute("SHOW server_encoding")
            ((encoding,),) = cursor.fetchall()
            equal_texts = False
            if self._connection.server_version >= _HAS_NONDETERMINISTIC_COLLATIONS:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_collation WHERE NOT collisdeterministic)")
                ((equal_texts,),) = cursor.fetchall()
            return types, PostgresExpressions(types, utf8=encoding == "UTF8", equal_texts=equal_texts)

        def check(cursor: Any) -> None:
            check_column_types(cursor, rows, types, report_type)
            check_window_bounds(cursor, rows, report_type)
            check_zoneless_columns(cursor, plan_of(cursor, rows), report_type, self._zone.key)
            declared = (each.name for each in report_type.columns if each.type is ColumnType.TIMESTAMP)
            times = [name for name in declared if types[name] == TIMESTAMPTZ]  # one that is all NULL has another type
            check_timezone_data(cursor, self._source.connection, self._zone, rows, times)

        types, expressions = self._asked(describe, reads_rows=False)
        self._asked(check)
        return expressions

    def text_of(self, column: Column) -> Callable[[object], str]:
        """`fetch` answers texts as COPY writes them."""
        return str

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """Return all rows of a small answer, as the texts that PostgreSQL sends; None is NULL."""
        return self._read(lambda cursor: rows_as_sent(cursor, query))

    def options(self, query: BoundQuery) -> list[Option]:
        """Return the values of a filter, with the texts that earlier releases had of them."""
        return self._read(lambda cursor: filter_options(cursor, query))

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, transform: CellTransform) -> int:
        """Stream every row; the query has written the cells already, so `transform` changes nothing here."""

        def statement_of(cursor: Any) -> str:
            # COPY takes no parameters.
            return str(cursor.mogrify(query.pyformat(), literals(query.values)).decode())

        statement = self._asked(statement_of)
        waiting = self._waiting()

        def send(cursor: Any) -> int:
            cursor.copy_expert(f"COPY (\n{statement}\n) TO STDOUT (FORMAT csv)", _Sink(waiting.sink(sink)))
            return int(cursor.rowcount)

        return self._read(send, waiting=waiting)

    def end(self) -> None:
        """End the wait of another thread, without waiting for the server: libpq finds its connection closed.

        The server then ends the query by itself (`client_connection_check_interval`); one that is too old to notice is
        asked to, on another connection. psycopg2's own `cancel` holds the interpreter's lock while it waits.
        """
        self._socket.shut()
        if not self._server_checks and self._process:
            threading.Thread(target=self._cancel, name="export-cancel", daemon=True).start()

    def _cancel(self) -> None:
        import psycopg2

        with (
            contextlib.suppress(psycopg2.Error),
            contextlib.closing(psycopg2.connect(checked_url(self._source), connect_timeout=5, **_KEEPALIVE)) as other,
            other.cursor() as cursor,
        ):
            cursor.execute("SELECT pg_cancel_backend(%s)", (self._process,))

    def _connected(self) -> Any:
        try:
            import psycopg2
        except ModuleNotFoundError:
            raise SourceRefused(
                f"Connection {self._source.connection!r}: psycopg2, the driver for PostgreSQL, is not installed.",
                "Install promo-reports[postgres].",
            ) from None

        url, limits = checked_url(self._source), self._limits
        seconds_for_a_host = max(2, min(_SECONDS_FOR_A_HOST, math.ceil(min(limits.connect, limits.left))))

        def connect() -> Any:
            return psycopg2.connect(
                url,
                application_name="promo-reports",
                client_encoding="UTF8",
                connect_timeout=seconds_for_a_host,
                **_KEEPALIVE,
            )

        try:
            connection = open_in_time(self._source, limits, connect, lambda connection: connection.close())
        except (psycopg2.Error, UnicodeDecodeError) as error:
            raise login_failed(self._source, error) from None
        tell_states(connection)
        return connection

    def _close(self) -> None:
        # psycopg2 waits for whoever still uses the connection.
        close_in_time(self._connection.close, self._socket.shut)
        self._socket.close()

    def _begin(self) -> None:
        settings = session_settings(self._zone.key, self._query, row_security=self._row_security)
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)

        def begin(cursor: Any) -> None:
            if self._exported is not None:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", (self._exported,))
            cursor.execute(_FIRST)
            self.taken_at, self._process, is_standby = cursor.fetchone()
            if is_standby and self._exported is None:
                self.taken_at = replayed_until(cursor) or self.taken_at
                self._connection.rollback()  # so that the snapshot is no older than what was asked
                cursor.execute(_FIRST)
                _, self._process, _ = cursor.fetchone()

        def set_up(cursor: Any) -> None:
            cursor.execute(BUILT_IN_FIRST)
            with known_timezone(self._source.connection, self._zone):
                cursor.execute(SET_ALL, (list(settings.keys()), list(settings.values())))
            cursor.execute(FIND_HIDDEN_DAMAGE, (list(HIDE_DAMAGE),))
            for (name,) in cursor.fetchall():
                raise SourceRefused(
                    f"Connection {self._source.connection!r}: {name} is on, so that damaged pages are read without an "
                    "error, and their rows are missing or wrong.",
                    f"Have a superuser set it back: ALTER ROLE ... RESET {name}.",
                )
            if self._connection.server_version >= _HAS_CONNECTION_CHECK:
                # A worker that was killed must not leave hours of sorting behind. Only servers on Linux can watch a
                # connection while they work.
                cursor.execute(
                    "SELECT set_config('client_connection_check_interval', '2s', true) WHERE version() LIKE '%linux%'"
                )
                self._server_checks = cursor.rowcount == 1
            cursor.execute(SHOW_ALL, (["search_path", *settings],))
            self._settings = dict(cursor.fetchall())

        for question in (begin, set_up):
            waiting = Waiting(self._limits, self._socket, query=0.0)
            self._asked(question, waiting=waiting, reads_rows=False)

    def _waiting(self) -> Waiting:
        return Waiting(self._limits, self._socket, query=self._query)

    def _read(self, question: Callable[[Any], Answer], *, waiting: Waiting | None = None) -> Answer:
        """Ask a question about rows.

        Raises `SourceUnavailable` where a table that it has read is not the snapshot's, and `DataRefused` where a
        function of it has changed a setting of the session.
        """

        def ask(cursor: Any) -> Answer:
            answer = question(cursor)
            check_replaced_tables(cursor, self._source.connection)
            cursor.execute(SHOW_ALL, (list(self._settings),))
            for name, value in cursor.fetchall():
                if value != self._settings[name]:
                    raise changed_setting(self._source.connection, name)
            return answer

        return self._asked(ask, waiting=waiting)

    def _asked(
        self, question: Callable[[Any], Answer], *, waiting: Waiting | None = None, reads_rows: bool = True
    ) -> Answer:
        import psycopg2

        def ask() -> Answer:
            with self._connection.cursor() as cursor:
                return question(cursor)

        waiting = waiting or self._waiting()
        try:
            return interruptible(ask, end=self.end, remaining=waiting.remaining)
        except LimitReached:
            raise waiting.failure(self._source) from None
        except psycopg2.Error as error:
            raise query_failed(
                self._source,
                error,
                reported=error_message(self._connection),
                seconds=self._query,
                over=waiting.over,
                reads_rows=reads_rows,
            ) from None
