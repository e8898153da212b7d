"""MySQL and MariaDB: sessions that read SQL as PostgreSQL does, and whose every wait has a limit."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.cells import Render
from promo_reports.pipeline.databases.columns import Fetch
from promo_reports.pipeline.databases.dialect import Dialect, executed
from promo_reports.pipeline.databases.mysql.column_types import NUMBERS, refuse_types
from promo_reports.pipeline.databases.mysql.engines import refuse_engines
from promo_reports.pipeline.databases.mysql.errors import NO_EXPLAIN, TIMED_OUT, code_of, passes
from promo_reports.pipeline.databases.mysql.impossible_days import looked_at
from promo_reports.pipeline.databases.mysql.session_settings import (
    WHOLE_ANSWERS,
    UnchangedSettings,
    assignments,
    refuse_variables,
)
from promo_reports.pipeline.databases.mysql.text import sent_records, sent_rows
from promo_reports.pipeline.databases.mysql.warnings import refuse_warnings
from promo_reports.pipeline.databases.mysql.zones import refuse_unknown_zones
from promo_reports.pipeline.databases.time_limits import TimeLimits, too_slow
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.expressions import Expressions
from promo_reports.sql.template import WindowPredicates

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine
    from sqlalchemy.exc import DBAPIError

# Left alone, MySQL Connector/Python asks for a collation that MariaDB lacks, and SQLAlchemy has it read whole answers.
_CONNECTOR = {"charset": "utf8mb4", "collation": "utf8mb4_bin", "buffered": False}
_BEHIND = 5  # seconds after the limits that `Waiting` keeps
_REWRITTEN = 1003  # the note that has the query as the server reads it, with the tables of merged views
_LONGEST = 31_536_000  # seconds; a year is what MySQL and MariaDB take


class MySqlExpressions(Expressions):
    """SQL for columns of MySQL and MariaDB, whose collations equate texts of other bytes or trailing blanks."""

    def text(self, column: Column) -> str:
        """Return the value as a text of the connection's character set."""
        return f"CAST(report.{column.name} AS CHAR)"

    def group(self, column: Column) -> tuple[str, Sequence[str]]:
        """Return the value, apart from those of other bytes."""
        return f"report.{column.name}", [f"CAST(report.{column.name} AS BINARY)"]

    def order(self, column: Column) -> Sequence[str]:
        """Return the column, and its bytes where its collation may call other ones equal."""
        keys = super().order(column)
        return keys if column.type is not ColumnType.TEXT else [*keys, f"CAST(report.{column.name} AS BINARY)"]


class MySqlDialect(Dialect):
    """Every wait of the server, for locks too, has the statement timeout as its limit.

    The servers warn where they cut a text or take one for a number, and go on; such an answer is refused. Times are
    bound as DATETIME, so that they are compared as instants with columns of text too. A time that no window can hold is
    NULL or '0000-00-00 00:00:00', which old applications write for "none".
    """

    expressions = MySqlExpressions()
    predicates = WindowPredicates(timeless="({column} IS NULL OR {column} < '0001-01-01')")
    ends_queries = True

    def engine(self, limits: TimeLimits) -> Engine:
        """Return an engine of MySQL Connector/Python, unless the address names another driver."""
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
        executed(connection, (f"SET SESSION {WHOLE_ANSWERS}",))
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
            *_database(connection),
            "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
            f"SET SESSION {assignments(connection)}",
            # Warnings of a setting, whose range differs from server to server, stay until a statement reads a table.
            "SELECT count(*) FROM information_schema.character_sets",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        )
        begun = executed(connection, begin)
        self._settings = UnchangedSettings(begun)
        return begun

    def end(self) -> None:
        """Kill the session on another connection: the server does not notice a client that is gone before it sends."""
        kill_session(self._of_session, self._number)

    def records(
        self,
        connection: Connection,
        query: BoundQuery,
        report_type: ReportType,
        zone: ZoneInfo,
        *,
        transform: CellTransform,
    ) -> Generator[list[bytes], None, None]:
        """Yield the CSV records of a query's rows in batches, as text where the driver gives it.

        Raises `DataRefused` where a snapshot does not cover what the query reads, or the server warns of its answer.
        """
        asked = self._asked(connection, query)
        self._refuse_unfit(connection, asked)
        if _is_connector(connection):
            rows = sent_records(
                connection, asked.connector(), self._values(query), report_type.columns, zone, transform=transform
            )
            with contextlib.closing(rows), self._unread_rows_left(connection):
                yield from rows
        else:
            yield from super().records(connection, query, report_type, zone, transform=transform)
        refuse_warnings(connection, self.source)
        self._settings.refuse_changes(connection, self.source)

    def fetch(self, connection: Connection, query: BoundQuery) -> list[Sequence[object]]:
        """Return all rows of a small answer, texts where the driver tells what was sent.

        Raises `DataRefused` where the server warns of it.
        """
        if _is_connector(connection):
            asked = self._asked(connection, query)
            with self._unread_rows_left(connection):
                answer = sent_rows(connection, asked.connector(), self._values(query))
        else:
            answer = super().fetch(connection, query)
        refuse_warnings(connection, self.source)
        self._settings.refuse_changes(connection, self.source)
        return answer

    def text_of(self, column: Column, zone: ZoneInfo) -> Render:
        """Return a function from a value of `fetch` to the text of its cell; numbers come as texts."""
        text = super().text_of(column, zone)
        if column.type not in NUMBERS:
            return text
        return lambda value: text(Decimal(value) if isinstance(value, str) else value)

    def bound(self, value: object, text: str) -> object:
        """Return bytes as they are, all else as text.

        A text is compared with texts by their bytes, and with numbers as one; a number would equal '01' in a column of
        texts.
        """
        return value if isinstance(value, bytes) else text

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
        if code_of(error) in TIMED_OUT:
            return too_slow(message, seconds)
        return super()._said(error, message, seconds)

    def _passes(self, error: DBAPIError) -> bool:
        return passes(error)

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        asked = self._asked(connection, query)
        text = asked.connector() if _is_connector(connection) else asked.pyformat()
        return connection.exec_driver_sql(text, self._values(query))

    def _fetching(self, result: CursorResult[Any], report_type: ReportType) -> Fetch:
        refuse_types(result.cursor.description if result.cursor else (), report_type.columns)
        return super()._fetching(result, report_type)

    def _asked(self, connection: Connection, query: BoundQuery) -> BoundQuery:
        """Return the query with its times as DATETIME, compared with days that a calendar has, and its bytes as such.

        Raises `DataRefused` where it compares a time with a whole number, or has variables.

        That is found by asking for none of its rows, with the times as texts: nothing is said of numbers otherwise.
        """
        refuse_variables(query.text, self.source)
        times = {name for name, value in query.values.items() if isinstance(value, datetime)}
        query = query.wrapped({name for name, value in query.values.items() if isinstance(value, bytes)}, "UNHEX({})")
        if times:
            probe = BoundQuery(f"SELECT * FROM (\n{query.text}\n) AS compared LIMIT 0", query.values)  # noqa: S608
            text = probe.connector() if _is_connector(connection) else probe.pyformat()
            connection.exec_driver_sql(text, self._values(query)).close()
            refuse_warnings(connection, self.source)
            query = looked_at(query, times)
        return query.wrapped(times, "CAST({} AS DATETIME(6))")

    def _refuse_unfit(self, connection: Connection, asked: BoundQuery) -> None:
        """Raise `DataRefused` for tables that no snapshot covers, and for timezones that the server does not know."""
        access, notes = self._explained(connection, asked)
        texts = refuse_engines(connection, self.source, asked.text, access, notes)
        refuse_unknown_zones(connection, self.source, [asked.text, *texts], asked.values)

    def _explained(self, connection: Connection, asked: BoundQuery) -> tuple[list[str | None], list[str]]:
        """Return the type of access to each table, and the query as the server reads it.

        Both are empty where it hides them from the user.
        """
        import sqlalchemy

        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        explain = "EXPLAIN EXTENDED" if is_mariadb else "EXPLAIN FORMAT=TRADITIONAL"
        explained = BoundQuery(f"{explain}\n{asked.text}", asked.values)
        text = explained.connector() if _is_connector(connection) else explained.pyformat()
        try:
            plan = connection.exec_driver_sql(text, self._values(asked)).mappings().all()
        except sqlalchemy.exc.DBAPIError as error:
            if code_of(error) == NO_EXPLAIN:
                return [], []
            raise
        notes = connection.exec_driver_sql("SHOW WARNINGS").fetchall()
        return [row["type"] for row in plan], [
            str(message) for _, code, message in notes if int(str(code)) == _REWRITTEN
        ]

    def _values(self, query: BoundQuery) -> dict[str, object]:
        values = super()._values(query)
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def kill_session(engine: Engine, number: int) -> None:
    """Kill a session of MySQL or MariaDB, if the server answers within seconds."""
    import sqlalchemy

    with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError), engine.connect() as other:
        other.exec_driver_sql(f"KILL {int(number)}")


def _is_connector(connection: Connection) -> bool:
    return connection.dialect.driver == "mysqlconnector"


def _database(connection: Connection) -> list[str]:
    """Return what makes the address's database the current one again, if `init_connect` left it."""
    name = connection.engine.url.database
    return [f"USE `{name.replace('`', '``')}`"] if name else []


def _timeouts(limits: TimeLimits) -> dict[str, int]:
    """Return the driver's own limits, which end the thread of a call that is waited for no longer: whole seconds."""
    connect = max(1, math.ceil(min(limits.connect, 10.0)))
    return {
        "connection_timeout": connect,
        "read_timeout": math.ceil(limits.query + limits.network + _BEHIND),
        "write_timeout": math.ceil(limits.network + _BEHIND),
    }
