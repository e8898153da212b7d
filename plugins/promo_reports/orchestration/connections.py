"""Promo databases as Airflow connections, turned into SQLAlchemy URLs (decisions, 10)."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import quote, urlencode

from airflow.exceptions import AirflowException
from airflow.sdk.bases.hook import BaseHook

from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.source import Source

_SCHEMES = {"postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite"}
_SCHEME = re.compile(r"[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)?")
_EXAMPLE = "postgresql://user:password@host:5432/database"
_EXTRAS = {
    "postgresql": ("sslmode", "sslcert", "sslkey", "sslrootcert", "options", "target_session_attrs"),
    "mysql": ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity"),
}


def promo_source(connection_id: str) -> Source:
    """Return the promo database of an Airflow connection; `SourceRefused` if there is none, or its type is unknown."""
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowException:
        raise _missing(connection_id) from None
    named = str(connection.extra_dejson.get("sqlalchemy_scheme") or "")
    scheme = named if _SCHEME.fullmatch(named) else _SCHEMES.get(connection.conn_type or "")
    if scheme is None:
        raise SourceRefused(
            f"Connection {connection_id!r} is of type {connection.conn_type!r}.",
            f"A promo database is one of: {', '.join(sorted(_SCHEMES))}; for any other, name its SQLAlchemy dialect "
            'in the connection\'s extra: {"sqlalchemy_scheme": "mssql+pyodbc"}.',
        )
    return Source(connection_id, _url(scheme, connection))


def _missing(connection_id: str) -> SourceRefused:
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    if os.environ.get(variable):
        # Airflow ignores a value that it cannot parse.
        return SourceRefused(
            f"{variable} is set, but is neither a connection URI nor JSON.",
            f"Write it like {_EXAMPLE}, with special characters of the password escaped as %40.",
        )
    return SourceRefused(
        f"There is no Airflow connection {connection_id!r}.",
        f"Add it under Admin > Connections, or set {variable}={_EXAMPLE}.",
    )


def _url(scheme: str, connection: Any) -> str:
    login = quote(connection.login or "", safe="")
    if connection.password:
        login += ":" + quote(connection.password, safe="")
    host = connection.host or ""
    if scheme.startswith("sqlite"):
        return f"sqlite:///{connection.schema or host}"
    port = f":{connection.port}" if connection.port else ""
    known = _EXTRAS.get(scheme.partition("+")[0], ())
    extras = {name: value for name, value in connection.extra_dejson.items() if name in known}
    query = f"?{urlencode(extras)}" if extras else ""
    return f"{scheme}://{login}{'@' if login else ''}{host}{port}/{quote(connection.schema or '', safe='')}{query}"
