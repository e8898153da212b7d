"""PostgreSQL, the fast path: its own COPY renders every cell, and the bytes are passed through (design, decision 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import PromoReportsError, SourceRefused, SourceUnavailable
from promo_reports.pipeline.source import RecordSink, Source
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import Rows

if TYPE_CHECKING:
    import psycopg2

# A silent network is noticed within 60 s (reliability, "black-holed connection").
_KEEPALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# SQLSTATE classes that a retry may cure: connection, resources, transaction rollback, operator intervention.
_PASSING = ("08", "40", "53", "55", "57", "58")
_REFUSED_AT_LOGIN = re.compile(r"authentication failed|does not exist|no pg_hba\.conf entry|permission denied")


class _Sink:
    """What psycopg2 writes to: one call is one COPY message, and one message is one record."""

    def __init__(self, write: RecordSink) -> None:
        self.write = write


class PostgresSnapshot:
    """One REPEATABLE READ, READ ONLY transaction whose session renders timestamps in the report's timezone."""

    formula_test: str | None = "~"
    timeless = Rows.NULL_OR_INFINITE_TIME

    def __init__(self, source: Source, zone: ZoneInfo, *, statement_timeout_minutes: int) -> None:
        self._source, self._zone, self._minutes = source, zone, statement_timeout_minutes
        self.taken_at: datetime

    def __enter__(self) -> PostgresSnapshot:
        import psycopg2

        url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", self._source.url)
        try:
            self._connection = psycopg2.connect(url, application_name="promo-reports", **_KEEPALIVE)
            self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            self._connection.set_client_encoding("UTF8")
            with self._connection.cursor() as cursor:
                settings = {
                    "TimeZone": self._zone.key,
                    "DateStyle": "ISO, YMD",
                    "IntervalStyle": "iso_8601",
                    "bytea_output": "hex",
                    "extra_float_digits": "1",
                    "statement_timeout": f"{self._minutes}min",
                }
                for name, value in settings.items():
                    cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
                cursor.execute("SELECT clock_timestamp()")
                self.taken_at = cursor.fetchone()[0]
        except psycopg2.Error as error:
            raise self._explained(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def fetch(self, query: BoundQuery, limit: int | None = None) -> list[Sequence[object]]:
        """All rows of a small answer, or its first `limit`."""
        import psycopg2

        try:
            with self._connection.cursor() as cursor:
                if limit is None:
                    cursor.execute(query.pyformat(), query.values)
                else:
                    cursor.execute(query.pyformat() + "\nLIMIT %(first_rows)s", {**query.values, "first_rows": limit})
                return list(cursor.fetchall())
        except psycopg2.Error as error:
            raise self._explained(error) from None

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        """Stream every row; formulas are already escaped by the query, so `spreadsheet` changes nothing here."""
        import psycopg2

        try:
            with self._connection.cursor() as cursor:
                # COPY takes no parameters: libpq's own quoting binds the values on this side.
                statement = cursor.mogrify(query.pyformat(), query.values).decode()
                cursor.copy_expert(f"COPY (\n{statement}\n) TO STDOUT (FORMAT csv)", _Sink(sink))
                return int(cursor.rowcount)
        except psycopg2.Error as error:
            if isinstance(error.__cause__ or error.__context__, PromoReportsError):
                raise (error.__cause__ or error.__context__) from None  # type: ignore[misc]
            raise self._explained(error) from None

    def _explained(self, error: psycopg2.Error) -> PromoReportsError:
        connection, state = self._source.connection, error.pgcode
        said = (error.diag.message_primary or str(error)).strip().splitlines()
        message = f"Connection {connection!r}: {said[0] if said else type(error).__name__}"
        if state == "57014":
            return SourceUnavailable(
                f"{message} (limit {self._minutes} min).",
                "Raise PROMO_REPORTS_STATEMENT_TIMEOUT_MINUTES, or ask for a shorter window.",
            )
        if state is None:
            if _REFUSED_AT_LOGIN.search(str(error)):
                return SourceRefused(message + ".", f"Correct the Airflow connection {connection!r}.")
            return SourceUnavailable(message + ".", "The export is tried again in a new snapshot.")
        if state[:2] in _PASSING:
            return SourceUnavailable(f"{message} (SQLSTATE {state}).", "The export is tried again in a new snapshot.")
        return SourceRefused(
            f"{message} (SQLSTATE {state}).",
            f"Check the report type's SQL template and the rights of the role of connection {connection!r}.",
        )
