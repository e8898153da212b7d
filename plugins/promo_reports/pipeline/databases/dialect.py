"""The dialect of a database that SQLAlchemy reaches: sessions, types, values and errors; subclasses differ from it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ReportType
from promo_reports.errors import PromoReportsError, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.cells import Render, plain_text
from promo_reports.pipeline.databases.columns import ROWS_AT_A_TIME, Fetch, batches, record_renderer
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.expressions import Expressions
from promo_reports.sql.template import WindowPredicates

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_ISOLATION_LEVELS: tuple[Any, ...] = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")


class Dialect:
    """Any database with a SQLAlchemy driver: a transaction of the first isolation level that is a snapshot.

    An object belongs to one snapshot. `ends_queries` says whether the database itself ends a query at the statement
    timeout. Times are bound and read as UTC without offset.
    """

    predicates = WindowPredicates()
    expressions = Expressions()
    ends_queries = False

    def __init__(self, source: Source) -> None:
        self.source = source

    def engine(self, limits: TimeLimits) -> Engine:
        """Return an engine that keeps no connection and never shows a bound value.

        Raises `SourceRefused` for a database that is not there, and SQLAlchemy's errors for an address that is none.
        """
        return self._engine(self._url())

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Open one consistent, read-only snapshot; SourceRefused where the driver has none."""
        import sqlalchemy

        raw = connection.connection.dbapi_connection
        known = connection.dialect.get_isolation_level_values(raw)  # type: ignore[arg-type]
        level = next((level for level in _ISOLATION_LEVELS if level in known), None)
        if level is None:
            raise self._without_snapshot(f"Its driver has none of the isolation levels {', '.join(_ISOLATION_LEVELS)}.")
        try:
            return connection.execution_options(isolation_level=level)
        except sqlalchemy.exc.SQLAlchemyError:
            raise
        except Exception as error:
            # A dialect that was derived from another one may name levels that its driver has no way to set.
            raise self._without_snapshot(
                f"Its driver cannot set the isolation level {level}: {type(error).__name__}."
            ) from error

    def end(self) -> None:
        """Make the database end what it does for this session; called on a thread of its own, within seconds."""

    def fetch(self, connection: Connection, query: BoundQuery) -> list[Sequence[object]]:
        """Return all rows of a small answer."""
        with self._run(connection, query) as result:
            return [tuple(row) for row in result.fetchall()]

    def text_of(self, column: Column, zone: ZoneInfo) -> Render:
        """Return a function from a value of `fetch` to the text of its cell, as a CSV reader gives it back."""
        return plain_text(column, zone)

    def bound(self, value: object, text: str) -> object:
        """Return a value of a filter, which `fetch` has answered and whose text was chosen, as a query is given it.

        It keeps its type, because databases compare a number with a text in ways of their own.
        """
        return text if isinstance(value, datetime) else value

    def records(
        self,
        connection: Connection,
        query: BoundQuery,
        report_type: ReportType,
        zone: ZoneInfo,
        *,
        transform: CellTransform,
    ) -> Generator[list[bytes], None, None]:
        """Yield the CSV records of a query's rows in batches; `DataRefused` for what no file may carry."""
        streaming = connection.execution_options(stream_results=True, max_row_buffer=ROWS_AT_A_TIME)
        records = record_renderer(report_type.columns, zone, transform=transform)
        with self._run(streaming, query) as result:
            yield from batches(self._fetching(result, report_type), records)

    def failed(self, error: SQLAlchemyError | ImportError, seconds: float) -> PromoReportsError:
        """Return the product's error for a driver error; it quotes the message, never addresses or values.

        `seconds` is the statement timeout.
        """
        import sqlalchemy

        connection = self.source.connection
        if isinstance(error, sqlalchemy.exc.ArgumentError) and not isinstance(error, sqlalchemy.exc.NoSuchModuleError):
            return SourceRefused(
                f"Connection {connection!r}: its address is no valid URL.",
                "Special characters in user and password must be percent-encoded.",
            )
        if isinstance(error, ImportError | sqlalchemy.exc.NoSuchModuleError):
            return SourceRefused(
                f"Connection {connection!r}: no driver for {self.source.dialect!r} is installed.",
                "Install the database's SQLAlchemy driver; that of MySQL and MariaDB is promo-reports[mysql].",
            )
        if not isinstance(error, sqlalchemy.exc.DBAPIError):
            return SourceRefused(
                f"Connection {connection!r}: {type(error).__name__} of SQLAlchemy's dialect {self.source.dialect!r}.",
                "Name the database's own dialect in the address, with a release of its driver that fits SQLAlchemy's.",
            )
        said = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__).rstrip(".")
        return self._said(error, f"Connection {connection!r}: {said}", seconds)

    def _without_snapshot(self, why: str) -> SourceRefused:
        return SourceRefused(
            f"Connection {self.source.connection!r}: no consistent snapshot is known for {self.source.dialect!r}.", why
        )

    def _said(self, error: DBAPIError, message: str, seconds: float) -> PromoReportsError:
        """Classify a driver error; `message` names the connection and quotes it, without a full stop."""
        if error.connection_invalidated or self._passes(error):
            return SourceUnavailable(f"{message}.", SourceUnavailable.AGAIN)
        return SourceRefused(
            f"{message}.", f"Check the report type's SQL template and the connection {self.source.connection!r}."
        )

    def _passes(self, error: DBAPIError) -> bool:
        """Return whether the same question may succeed later."""
        import sqlalchemy

        return isinstance(error, sqlalchemy.exc.OperationalError)

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        import sqlalchemy

        values = self._values(query)
        times = [name for name, value in values.items() if isinstance(value, datetime)]
        text = sqlalchemy.text(query.sqlalchemy())
        typed = text.bindparams(*(sqlalchemy.bindparam(name, type_=sqlalchemy.DateTime()) for name in times))
        return connection.execute(typed, values)

    def _fetching(self, result: CursorResult[Any], report_type: ReportType) -> Fetch:
        """Return what fetches the rows of an answer."""
        return result.fetchmany

    def _values(self, query: BoundQuery) -> dict[str, object]:
        return {
            name: self._time(value.astimezone(UTC).replace(tzinfo=None)) if isinstance(value, datetime) else value
            for name, value in query.values.items()
        }

    def _time(self, utc: datetime) -> object:
        """Return a naive time of UTC as it is bound."""
        return utc

    def _url(self) -> Any:
        import sqlalchemy

        try:
            return sqlalchemy.make_url(self.source.url)
        except ValueError:  # a port that is no number
            raise sqlalchemy.exc.ArgumentError from None

    @staticmethod
    def _engine(url: Any, **options: Any) -> Engine:
        import sqlalchemy

        return sqlalchemy.create_engine(url, hide_parameters=True, poolclass=sqlalchemy.pool.NullPool, **options)


def executed(connection: Connection, statements: Sequence[str]) -> Connection:
    """Return the connection, on which the statements have been executed one after another."""
    for statement in statements:
        connection.exec_driver_sql(statement).close()
    return connection
