"""MySQL and MariaDB: sessions that read SQL as PostgreSQL does, and whose every wait has a limit."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.dialect import Dialect, executed
from promo_reports.pipeline.databases.mysql_text import sent_records
from promo_reports.pipeline.databases.time_limits import TimeLimits, too_slow
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import WindowPredicates

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine
    from sqlalchemy.exc import DBAPIError

# Left alone, MySQL Connector/Python asks for a collation that MariaDB lacks, and SQLAlchemy has it read whole answers.
_CONNECTOR = {"charset": "utf8mb4", "collation": "utf8mb4_bin", "buffered": False}
_BEHIND = 5  # seconds after the limits that `Waiting` keeps
_LONGEST = 31_536_000  # seconds; a year is what MySQL and MariaDB take

# Too many connections, shutting down, no answer, lock timeout, deadlock, interrupted, aborted or killed, changed table:
# what the servers take back when they are asked again.
_PASSING = frozenset((1040, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1412, 1927))
_STATEMENT_TIMEOUT = frozenset((1969, 3024))  # MariaDB's, MySQL's
_NO_CODE = -1  # MySQL Connector/Python's own errors that have none: "MySQL Connection not available."
# Codes of the client: the server is away, or the connection was lost. Not those of a wrong setting: character set, TLS,
# authentication plugin.
_AWAY = frozenset(range(2000, 2100)) - {2019, 2026, 2049, 2059, 2061}


class MySqlDialect(Dialect):
    """Every wait of the server, for locks too, has the statement timeout as its limit.

    A time that no window can hold is NULL or '0000-00-00 00:00:00', which old applications write for "none".
    """

    predicates = WindowPredicates(timeless="({column} IS NULL OR {column} < '0001-01-01')")
    ends_queries = True

    def engine(self, limits: TimeLimits) -> Engine:
        """An engine of MySQL Connector/Python, unless the address names another driver."""
        url = self._url()
        if "+" not in url.drivername:
            url = url.set(drivername=f"{url.drivername}+mysqlconnector")
        if url.get_driver_name() == "mysqlconnector":
            return self._engine(url, connect_args={**_CONNECTOR, **_timeouts(limits)})
        return self._engine(url)

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Set the session up and start a consistent snapshot."""
        self._of_session: Engine = connection.engine
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        self._number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
        query = min(limits.query, _LONGEST)
        limit = (
            f"max_statement_time = {max(0.001, query):.3f}"
            if getattr(connection.dialect, "is_mariadb", False)
            else f"max_execution_time = {min(max(1, round(query * 1000)), 2**32 - 1)}"
        )
        seconds = max(1, math.ceil(query))
        begin = (
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            f"SET SESSION {limit}, lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}",
            # Quotes and || as the standard and `sql.lexer` read them. NO_BACKSLASH_ESCAPES must not be on: drivers
            # escape values with backslashes.
            "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', time_zone = '+00:00'",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        )
        return executed(connection, begin)

    def end(self) -> None:
        """Kill the session on another connection: the server does not notice a client that is gone before it sends."""
        kill_session(self._of_session, self._number)

    def records(
        self, connection: Connection, query: BoundQuery, report_type: ReportType, zone: ZoneInfo, *, spreadsheet: bool
    ) -> Generator[list[bytes], None, None]:
        """The CSV records of a query's rows in batches, as text where the driver gives it."""
        if not _is_connector(connection):
            yield from super().records(connection, query, report_type, zone, spreadsheet=spreadsheet)
            return
        rows = sent_records(
            connection, query.connector(), self._values(query), report_type.columns, zone, spreadsheet=spreadsheet
        )
        with contextlib.closing(rows), self._unread_rows_left(connection):
            yield from rows

    @contextlib.contextmanager
    def _unread_rows_left(self, connection: Connection) -> Generator[None, None, None]:
        """Close a connection whose rows were not all read; the driver would read all of them first."""
        try:
            yield
        except BaseException:
            kill_session(connection.engine, self._number)
            with contextlib.suppress(connection.dialect.loaded_dbapi.Error):
                connection.invalidate()
            raise

    def _said(self, error: DBAPIError, message: str, seconds: float) -> PromoReportsError:
        if _code(error) in _STATEMENT_TIMEOUT:
            return too_slow(message, seconds)
        return super()._said(error, message, seconds)

    def _passes(self, error: DBAPIError) -> bool:
        import sqlalchemy

        code = _code(error)
        lost = code == _NO_CODE and isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        return lost or code in _PASSING or code in _AWAY

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        text = query.connector() if _is_connector(connection) else query.pyformat()
        return connection.exec_driver_sql(text, self._values(query))


def kill_session(engine: Engine, number: int) -> None:
    """Kill a session of MySQL or MariaDB, if the server answers within seconds."""
    import sqlalchemy

    with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError), engine.connect() as other:
        other.exec_driver_sql(f"KILL {int(number)}")


def _is_connector(connection: Connection) -> bool:
    return connection.dialect.driver == "mysqlconnector"


def _timeouts(limits: TimeLimits) -> dict[str, int]:
    """The driver's own limits, which end the thread of a call that is waited for no longer: whole seconds."""
    connect = max(1, math.ceil(min(limits.connect, 10.0)))
    return {
        "connection_timeout": connect,
        "read_timeout": math.ceil(limits.query + limits.network + _BEHIND),
        "write_timeout": math.ceil(limits.network + _BEHIND),
    }


def _code(error: DBAPIError) -> object:
    return next(iter(error.orig.args if error.orig else ()), None)
