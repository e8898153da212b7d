"""SQLite: a file that is opened for reading only, whose times are texts of UTC."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused
from promo_reports.pipeline.databases.dialect import Dialect, executed
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.template import WindowPredicates

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine
    from sqlalchemy.exc import DBAPIError

_PASSING = ("locked", "busy", "disk I/O error", "unable to open", "interrupted")


class SqliteDialect(Dialect):
    """Its snapshot begins with the first look into the file.

    It keeps times as text, which is in order where all are written `YYYY-MM-DD HH:MM:SS`, with or without a fraction;
    rows whose time is written in another way are counted as excluded.
    """

    predicates = WindowPredicates(timeless="({column} IS NULL OR {column} NOT GLOB '????-??-?? ??:??:??*')")

    def engine(self, limits: TimeLimits) -> Engine:
        """An engine of a file that is there; `SourceRefused` where it is not."""
        path = Path((self._url().database or "").removeprefix("file:").partition("?")[0])
        if not path.is_file():
            raise SourceRefused(
                f"Connection {self.source.connection!r}: there is no SQLite file {path}.",
                f"Correct the Airflow connection {self.source.connection!r}.",
            )
        return self._engine("sqlite://", creator=lambda: _read_only(path))

    def begin(self, connection: Connection, limits: TimeLimits) -> Connection:
        """Open a read transaction."""
        self._raw: Any = connection.connection.dbapi_connection
        begin = ("PRAGMA query_only = ON", "BEGIN", "SELECT count(*) FROM sqlite_master")
        return executed(connection.execution_options(isolation_level="AUTOCOMMIT"), begin)

    def end(self) -> None:
        """Interrupt the statement that runs."""
        self._raw.interrupt()

    def _said(self, error: DBAPIError, message: str, seconds: float) -> PromoReportsError:
        if "Could not decode to UTF-8" in message:
            where = f"Connection {self.source.connection!r}"
            return DataRefused(f"{where}: a row holds bytes that are no UTF-8.", "Correct the data.")
        return super()._said(error, message, seconds)

    def _passes(self, error: DBAPIError) -> bool:
        return super()._passes(error) and any(word in str(error.orig) for word in _PASSING)

    def _run(self, connection: Connection, query: BoundQuery) -> CursorResult[Any]:
        return connection.exec_driver_sql(query.named(), self._values(query))

    def _time(self, utc: datetime) -> object:
        return utc.isoformat(" ").rstrip("0") if utc.microsecond else utc.isoformat(" ")


def _read_only(path: Path) -> Any:
    """A connection that cannot write, and that does not make the file where there is none."""
    import sqlite3

    # One thread at a time asks it, but each question has a thread of its own.
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
