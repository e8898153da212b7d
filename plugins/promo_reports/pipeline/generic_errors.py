"""What the errors of SQLAlchemy and its drivers mean for an export: whether a retry can help, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

_PASSING_IN_SQLITE = ("locked", "busy", "disk I/O error", "unable to open", "interrupted")
# Access denied, unknown database, unknown column: MySQL's drivers call them operational too.
_REFUSED_BY_MYSQL = (1044, 1045, 1049, 1054, 1142, 1143, 1698)


def failed(connection: str, dialect: str, error: SQLAlchemyError | ImportError) -> PromoReportsError:
    """The product's error; messages of drivers are quoted, addresses and values never."""
    import sqlalchemy

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
    said = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)
    message = f"Connection {connection!r}: {said}."
    if "Could not decode to UTF-8" in said:
        return DataRefused(f"Connection {connection!r}: a row holds bytes that are no UTF-8.", "Correct the data.")
    if error.connection_invalidated or _passing(dialect, error):
        return SourceUnavailable(message, SourceUnavailable.AGAIN)
    return SourceRefused(message, f"Check the report type's SQL template and the connection {connection!r}.")


def _passing(dialect: str, error: SQLAlchemyError) -> bool:
    import sqlalchemy

    if not isinstance(error, sqlalchemy.exc.OperationalError):
        return False
    if dialect == "sqlite":
        return any(word in str(error.orig) for word in _PASSING_IN_SQLITE)
    return next(iter(error.orig.args if error.orig else ()), None) not in _REFUSED_BY_MYSQL
