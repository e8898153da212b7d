"""PostgreSQL, the fast path: its own COPY renders every cell, and the bytes are passed through (design, decision 6)."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import ColumnType, ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.interruptible import interruptible
from promo_reports.pipeline.postgres_errors import checked_url, login_failed, query_failed
from promo_reports.pipeline.source import RecordSink, Source
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import Rows

Answer = TypeVar("Answer")

# A silent network is noticed within 60 s (reliability, "black-holed connection").
_KEEPALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_HAS_CONNECTION_CHECK = 140_000
_TIMESTAMPTZ = 1184
_SECONDS_TO_CANCEL = 2.0


class _Sink:
    """What psycopg2 writes to: one call is one COPY message, and one message is one record."""

    def __init__(self, write: RecordSink) -> None:
        self.write = write


class PostgresSnapshot:
    """One REPEATABLE READ, READ ONLY transaction that renders timestamps in the report's timezone.

    Its settings end with it, so that a connection pooler hands nothing of them to the next session.
    """

    formula_test: str | None = "~"
    timeless = Rows.NULL_OR_INFINITE_TIME

    def __init__(
        self, source: Source, zone: ZoneInfo, *, statement_timeout_minutes: float, exported: str | None = None
    ) -> None:
        self._source, self._zone, self._minutes, self._exported = source, zone, statement_timeout_minutes, exported
        self.taken_at: datetime

    def __enter__(self) -> PostgresSnapshot:
        import psycopg2

        url = checked_url(self._source)
        try:
            self._connection = psycopg2.connect(
                url, application_name="promo-reports", client_encoding="UTF8", **_KEEPALIVE
            )
        except psycopg2.Error as error:
            raise login_failed(self._source, error) from None
        try:
            self._begin()
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def beside(self) -> PostgresSnapshot:
        """The same snapshot on another connection, which must be entered before this one is left."""
        ((exported,),) = self.fetch(BoundQuery("SELECT pg_export_snapshot()", {}))
        return PostgresSnapshot(
            self._source, self._zone, statement_timeout_minutes=self._minutes, exported=str(exported)
        )

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        """All rows of a small answer."""

        def ask(cursor: Any) -> list[Sequence[object]]:
            cursor.execute(query.pyformat(), dict(query.values))
            return list(cursor.fetchall())

        return self._asked(ask)

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        """Stream every row; formulas are already escaped by the query, so `spreadsheet` changes nothing here."""

        def send(cursor: Any) -> int:
            # Around it, because a preview's query ends with a LIMIT of its own.
            described = f"SELECT * FROM (\n{query.pyformat()}\n) AS described LIMIT 0"  # noqa: S608 - no value is in it
            cursor.execute(described, dict(query.values))
            _refuse_local_times(report_type, {column.name: column.type_code for column in cursor.description})
            # COPY takes no parameters: libpq's own quoting binds the values on this side.
            statement = cursor.mogrify(query.pyformat(), dict(query.values)).decode()
            cursor.copy_expert(f"COPY (\n{statement}\n) TO STDOUT (FORMAT csv)", _Sink(sink))
            return int(cursor.rowcount)

        return self._asked(send)

    def cancel(self) -> None:
        """Ask the server to stop, which takes a connection of its own and may therefore be in vain."""
        import psycopg2

        def ask() -> None:
            with contextlib.suppress(psycopg2.Error):
                self._connection.cancel()

        asking = threading.Thread(target=ask, name="export-cancel", daemon=True)
        asking.start()
        asking.join(_SECONDS_TO_CANCEL)

    def hang_up(self) -> None:
        """End the wait of another thread: libpq finds its connection closed. The server notices by itself."""
        import psycopg2

        with (
            contextlib.suppress(OSError, psycopg2.Error),
            socket.socket(fileno=os.dup(self._connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)

    def _begin(self) -> None:
        settings = {
            "TimeZone": self._zone.key,
            "DateStyle": "ISO, YMD",
            "IntervalStyle": "iso_8601",
            "bytea_output": "hex",
            "extra_float_digits": "1",
            "statement_timeout": f"{round(self._minutes * 60_000)}ms",
        }
        if self._connection.server_version >= _HAS_CONNECTION_CHECK:
            # A worker that was killed must not leave hours of sorting behind.
            settings["client_connection_check_interval"] = "2s"
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)

        def begin(cursor: Any) -> datetime:
            if self._exported is not None:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", (self._exported,))
            cursor.execute("SELECT transaction_timestamp()")
            (taken_at,) = cursor.fetchone()
            for name, value in settings.items():
                # Only servers on Linux can watch a connection while they work.
                anywhere = "" if name != "client_connection_check_interval" else " WHERE version() LIKE '%%linux%%'"
                cursor.execute(f"SELECT set_config(%s, %s, true){anywhere}", (name, value))
            return taken_at  # type: ignore[no-any-return]

        self.taken_at = self._asked(begin, reads_rows=False)

    def _asked(self, question: Callable[[Any], Answer], *, reads_rows: bool = True) -> Answer:
        import psycopg2

        def ask() -> Answer:
            with self._connection.cursor() as cursor:
                return question(cursor)

        try:
            return interruptible(ask, self.cancel, self.hang_up)
        except psycopg2.Error as error:
            raise query_failed(self._source, error, self._minutes, reads_rows=reads_rows) from None


def _refuse_local_times(report_type: ReportType, types: Mapping[str, int]) -> None:
    """A `timestamp` without time zone is no instant: compared with the window, it would be off by the offset."""
    for column in report_type.columns:
        if column.type is ColumnType.TIMESTAMP and types.get(column.name, _TIMESTAMPTZ) != _TIMESTAMPTZ:
            raise DataRefused(
                f"Column {column.name!r} of report type {report_type.id!r} is not of type timestamptz.",
                f"In its SQL, say which zone its times are in, also where the window is: "
                f"t.{column.name} AT TIME ZONE 'UTC' AS {column.name}.",
            )
