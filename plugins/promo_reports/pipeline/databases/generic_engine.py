"""How SQLAlchemy connects to a promo database: with which driver, and to SQLite for reading only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.source import Source

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Left alone, MySQL Connector/Python asks for a collation that MariaDB lacks, and SQLAlchemy has it read whole answers.
_CONNECTOR = {"charset": "utf8mb4", "collation": "utf8mb4_bin", "buffered": False}

_BEHIND = 5  # seconds after the limits that `Waiting` keeps


def engine_of(source: Source, limits: TimeLimits) -> Engine:
    """An engine that keeps no connection and never shows a bound value.

    Raises `SourceRefused` for an SQLite file that is not there, and SQLAlchemy's errors for an address that is none.
    """
    import sqlalchemy

    try:
        url = sqlalchemy.make_url(source.url)
    except ValueError:  # a port that is no number
        raise sqlalchemy.exc.ArgumentError from None
    options: dict[str, Any] = {"hide_parameters": True, "poolclass": sqlalchemy.pool.NullPool}
    if source.dialect == "mysql":
        if "+" not in url.drivername:
            url = url.set(drivername=f"{url.drivername}+mysqlconnector")
        if url.get_driver_name() == "mysqlconnector":
            options["connect_args"] = {**_CONNECTOR, **_timeouts(limits)}
    if source.dialect != "sqlite":
        return sqlalchemy.create_engine(url, **options)
    path = Path((url.database or "").removeprefix("file:").partition("?")[0])
    if not path.is_file():
        raise SourceRefused(
            f"Connection {source.connection!r}: there is no SQLite file {path}.",
            f"Correct the Airflow connection {source.connection!r}.",
        )
    return sqlalchemy.create_engine("sqlite://", creator=lambda: _read_only(path), **options)


def _timeouts(limits: TimeLimits) -> dict[str, int]:
    """The driver's own limits, which end the thread of a call that is waited for no longer: whole seconds."""
    connect = max(1, math.ceil(min(limits.connect, 10.0)))
    return {
        "connection_timeout": connect,
        "read_timeout": math.ceil(limits.query + limits.network + _BEHIND),
        "write_timeout": math.ceil(limits.network + _BEHIND),
    }


def _read_only(path: Path) -> Any:
    """A connection that cannot write, and that does not make the file where there is none."""
    import sqlite3

    # One thread at a time asks it, but each question has a thread of its own.
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
