"""Sessions of each SQLAlchemy dialect: how a snapshot begins, which time limits it gets, how a query is ended."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.source import Source
from promo_reports.sql.template import Rows

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_ISOLATION_LEVELS: tuple[Any, ...] = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")
_LONGEST = 31_536_000  # seconds; a year is what MySQL and MariaDB take


class Session:
    """Any dialect: a transaction of the first isolation level that its driver knows and that is a snapshot.

    `ends_queries` says whether the database itself ends a query at the statement timeout.
    """

    timeless = Rows.NULL_TIME
    ends_queries = False

    def __init__(self, source: Source) -> None:
        self._source = source

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Open one consistent, read-only snapshot; SourceRefused where the driver has none."""
        raw = connection.connection.dbapi_connection
        known = connection.dialect.get_isolation_level_values(raw)  # type: ignore[arg-type]
        for level in _ISOLATION_LEVELS:
            if level in known:
                return connection.execution_options(isolation_level=level)
        raise SourceRefused(
            f"Connection {self._source.connection!r}: no consistent snapshot is known for {self._source.dialect!r}.",
            f"Its driver has none of the isolation levels {', '.join(_ISOLATION_LEVELS)}.",
        )

    def end(self) -> None:
        """Make the database end what it does for this session; called on a thread of its own, within seconds."""


class SqliteSession(Session):
    """A file: the snapshot begins with the first look into it."""

    timeless = Rows.NULL_OR_ODD_TEXT_TIME

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Open a read transaction."""
        self._raw: Any = connection.connection.dbapi_connection
        begin = ("PRAGMA query_only = ON", "BEGIN", "SELECT count(*) FROM sqlite_master")
        return _executed(connection.execution_options(isolation_level="AUTOCOMMIT"), begin)

    def end(self) -> None:
        """Interrupt the statement that runs."""
        self._raw.interrupt()


class MySqlSession(Session):
    """MySQL and MariaDB: every wait of the server, for locks too, has the statement timeout as its limit."""

    timeless = Rows.NULL_OR_ZERO_TIME
    ends_queries = True

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Set the session up and start a consistent snapshot."""
        self._engine: Engine = connection.engine
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
        return _executed(connection, begin)

    def end(self) -> None:
        """Kill the session on another connection: the server does not notice a client that is gone before it sends."""
        kill_session(self._engine, self._number)


def kill_session(engine: Engine, number: int) -> None:
    """Kill a session of MySQL or MariaDB, if the server answers within seconds."""
    import sqlalchemy

    with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError), engine.connect() as other:
        other.exec_driver_sql(f"KILL {int(number)}")


def session_of(source: Source) -> Session:
    """Return a new session of a source's dialect."""
    return {"sqlite": SqliteSession, "mysql": MySqlSession}.get(source.dialect, Session)(source)


def _executed(connection: Connection, statements: Sequence[str]) -> Connection:
    for statement in statements:
        connection.exec_driver_sql(statement).close()
    return connection
