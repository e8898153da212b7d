"""Every other SQLAlchemy dialect: one streamed read, rendered as PostgreSQL would, bounded in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import PromoReportsError, SourceRefused, SourceUnavailable
from promo_reports.pipeline.cells import record_renderer
from promo_reports.pipeline.source import RecordSink, Source
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import Rows

if TYPE_CHECKING:
    from sqlalchemy import Executable
    from sqlalchemy.exc import SQLAlchemyError

_ROWS_AT_A_TIME = 2_000
# What opens one consistent, read-only snapshot, by dialect; SQLite's snapshot begins with its first read.
_BEGIN = {
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET time_zone = '+00:00'",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
}


class GenericSnapshot:
    """One transaction of a SQLAlchemy engine; times are bound and read as UTC without offset."""

    formula_test: str | None = None
    timeless = Rows.NULL_TIME

    def __init__(self, source: Source, zone: ZoneInfo) -> None:
        self._source, self._zone = source, zone
        self.taken_at: datetime

    def __enter__(self) -> GenericSnapshot:
        import sqlalchemy

        try:
            self._engine = sqlalchemy.create_engine(
                self._source.url, hide_parameters=True, poolclass=sqlalchemy.pool.NullPool
            )
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            begin = _BEGIN.get(self._engine.dialect.name)
            if begin is None:
                raise SourceRefused(
                    f"Connection {self._source.connection!r}: no consistent snapshot is known for "
                    f"{self._engine.dialect.name!r}.",
                    f"Use PostgreSQL or one of: {', '.join(sorted(_BEGIN))}.",
                )
            for statement in begin:
                self._connection.exec_driver_sql(statement)
            self._connection.exec_driver_sql("SELECT 1")
            self.taken_at = datetime.now(timezone.utc)
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            raise self._explained(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._engine.dispose()

    def fetch(self, query: BoundQuery, limit: int | None = None) -> list[Sequence[object]]:
        """All rows of a small answer, or its first `limit`."""
        import sqlalchemy

        try:
            result = self._connection.execute(*self._executable(query))
            return [tuple(row) for row in (result.fetchall() if limit is None else result.fetchmany(limit))]
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise self._explained(error) from None

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        """Stream every row through the renderer of its columns."""
        import sqlalchemy

        record = record_renderer(report_type.columns, self._zone, spreadsheet=spreadsheet)
        rows = 0
        try:
            streaming = self._connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_A_TIME)
            result = streaming.execute(*self._executable(query))
            for batch in result.partitions(_ROWS_AT_A_TIME):
                for row in batch:
                    sink(record(row))
                rows += len(batch)
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise self._explained(error) from None
        return rows

    def _executable(self, query: BoundQuery) -> tuple[Executable, dict[str, Any]]:
        from sqlalchemy import DateTime, bindparam, text

        times = [name for name, value in query.values.items() if isinstance(value, datetime)]
        statement = text(query.named()).bindparams(*(bindparam(name, type_=DateTime()) for name in times))
        return statement, {name: _naive_utc(value) for name, value in query.values.items()}

    def _explained(self, error: SQLAlchemyError | ImportError) -> PromoReportsError:
        import sqlalchemy

        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        message = f"Connection {self._source.connection!r}: {cause}."
        lost = isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated
        if lost or (isinstance(error, sqlalchemy.exc.OperationalError) and "no such" not in cause):
            return SourceUnavailable(message, "The export is tried again in a new snapshot.")
        return SourceRefused(message, "Check the report type's SQL template and the connection.")


def _naive_utc(value: object) -> object:
    return value.astimezone(timezone.utc).replace(tzinfo=None) if isinstance(value, datetime) else value
