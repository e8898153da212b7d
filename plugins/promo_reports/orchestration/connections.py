"""Promo databases and the key for hashes as Airflow connections (decisions, 10)."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from airflow.exceptions import AirflowException
from airflow.sdk.bases.hook import BaseHook

from promo_reports.errors import HashKeyRefused, SourceRefused
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.export import Export
from promo_reports.sql.cell_policies.hashed import SHORTEST_KEY, HashKey, hashes

HASH_KEY = "promo_reports_hash_key"
"""Id of the connection whose password is the key of all hashed columns."""

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


def with_hash_key(export: Export) -> Export:
    """Return an export with the key for its hashed columns; `HashKeyRefused` without one, or where it is too short."""
    if not hashes(export.definition.report_type.columns):
        return export
    fix = (
        f"Set its password to a random text of at least {SHORTEST_KEY} bytes, under Admin > Connections; "
        "all hashes of all reports come from it, so never change it."
    )
    try:
        secret = BaseHook.get_connection(HASH_KEY).password
    except AirflowException:
        raise HashKeyRefused(
            f"There is no Airflow connection {HASH_KEY!r} with the key for hashed columns.", fix
        ) from None
    try:
        return replace(export, hash_key=HashKey(secret or ""))
    except ValueError as short:
        raise HashKeyRefused(f"The password of connection {HASH_KEY!r} {short}.", fix) from None


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
