"""What the errors of SQLAlchemy and its drivers mean for an export: whether a retry can help, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.time_limits import too_slow
from promo_reports.pipeline.source import Source

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_PASSING_IN_SQLITE = ("locked", "busy", "disk I/O error", "unable to open", "interrupted")
# Too many connections, shutting down, no answer, lock timeout, deadlock, interrupted, aborted or killed, changed table:
# what MySQL's servers take back when they are asked again.
_PASSING_IN_MYSQL = frozenset(
    (1040, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1412, 1927)
)
_STATEMENT_TIMEOUT_OF_MYSQL = frozenset((1969, 3024))  # MariaDB's, MySQL's
_NO_CODE = -1  # MySQL Connector/Python's own errors that have none: "MySQL Connection not available."
# Codes of the client: the server is away, or the connection was lost. Not those of a wrong setting: character set, TLS,
# authentication plugin.
_AWAY_FROM_MYSQL = frozenset(range(2000, 2100)) - {2019, 2026, 2049, 2059, 2061}


def failed(source: Source, error: SQLAlchemyError | ImportError, seconds: float) -> PromoReportsError:
    """The product's error; messages of drivers are quoted, addresses and values never. `seconds`: statement timeout."""
    import sqlalchemy

    connection, dialect = source.connection, source.dialect
    if isinstance(error, sqlalchemy.exc.ArgumentError) and not isinstance(error, sqlalchemy.exc.NoSuchModuleError):
        return SourceRefused(
            f"Connection {connection!r}: its address is no valid URL.",
            "Special characters in user and password must be percent-encoded.",
        )
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return SourceRefused(
            f"Connection {connection!r}: no driver for {dialect!r} is installed.",
            "Install the database's SQLAlchemy driver.",
        )
    said = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__).rstrip(".")
    message = f"Connection {connection!r}: {said}."
    if "Could not decode to UTF-8" in said:
        return DataRefused(f"Connection {connection!r}: a row holds bytes that are no UTF-8.", "Correct the data.")
    if dialect == "mysql" and _code(error) in _STATEMENT_TIMEOUT_OF_MYSQL:
        return too_slow(message.rstrip("."), seconds)
    if error.connection_invalidated or _passing(dialect, error):
        return SourceUnavailable(message, SourceUnavailable.AGAIN)
    return SourceRefused(message, f"Check the report type's SQL template and the connection {connection!r}.")


def _passing(dialect: str, error: DBAPIError) -> bool:
    import sqlalchemy

    if dialect == "mysql":
        code = _code(error)
        lost = code == _NO_CODE and isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        return lost or code in _PASSING_IN_MYSQL or code in _AWAY_FROM_MYSQL
    if not isinstance(error, sqlalchemy.exc.OperationalError):
        return False
    return dialect != "sqlite" or any(word in str(error.orig) for word in _PASSING_IN_SQLITE)


def _code(error: DBAPIError) -> object:
    return next(iter(error.orig.args if error.orig else ()), None)
