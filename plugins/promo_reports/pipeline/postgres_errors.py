"""What PostgreSQL's errors mean for an export: whether a retry can help, and what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from promo_reports.errors import DataRefused, PromoReportsError, QueryTooSlow, SourceRefused, SourceUnavailable
from promo_reports.pipeline.source import Source

if TYPE_CHECKING:
    import psycopg2

# SQLSTATE classes that a retry may cure: connection, resources, transaction rollback, operator intervention.
_PASSING = ("08", "40", "53", "55", "57", "58")
_PASSING_STATES = ("25P03", "25P04")  # the server's own limits of a transaction
_ON_A_ROW = ("22", "23")  # their messages quote the row
# libpq gives no SQLSTATE for what fails before a session begins.
_REFUSED_AT_LOGIN = re.compile(
    r"authentication failed|no password supplied|does not exist|is not permitted to log in|no pg_hba\.conf entry"
    r"|permission denied|does not support SSL|certificate|invalid \w+ value|invalid port number|unrecognized"
)
_TOO_MANY = re.compile(r"too many (?:clients|connections)|connection slots are reserved")
_PART = r"(?:[^@:/?#\[\]%\s]|%[0-9A-Fa-f]{2})*"
# A comma only between hosts: if it could be a part of one as well, a long list would have no end of readings.
_NAME = r"(?:[^@:/?#\[\]%,\s]|%[0-9A-Fa-f]{2})*"
_HOST = rf"(?:\[[0-9A-Fa-f:.%]+\]|{_NAME})(?::\d+)?"
_URL = re.compile(rf"\w+(?:\+\w+)?://(?:{_PART}(?::{_PART})?@)?{_HOST}(?:,{_HOST})*(?:/{_PART})?(?:\?[^#\s]*)?")


def checked_url(source: Source) -> str:
    """The URL as libpq takes it; `SourceRefused` where libpq would misread it and quote a piece of the password."""
    if not _URL.fullmatch(source.url):
        raise SourceRefused(
            f"Connection {source.connection!r}: its address is no valid URL.",
            "Special characters in user and password must be percent-encoded.",
        )
    return "postgresql://" + source.url.partition("://")[2]


def login_failed(source: Source, error: psycopg2.Error) -> PromoReportsError:
    """Why no session could be opened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if _REFUSED_AT_LOGIN.search(line) or _TOO_MANY.search(line)]
    message = f"Connection {source.connection!r}: {_without_password(source, (telling or lines or ['no answer'])[0])}."
    if not isinstance(error, _operational()) or any(_REFUSED_AT_LOGIN.search(line) for line in telling):
        return SourceRefused(message, f"Correct the Airflow connection {source.connection!r}.")
    if telling:
        return SourceUnavailable(
            message, "Limit exports by an Airflow pool (PROMO_REPORTS_POOL), or raise the server's max_connections."
        )
    return SourceUnavailable(message, SourceUnavailable.AGAIN)


def query_failed(source: Source, error: psycopg2.Error, minutes: float, *, reads_rows: bool) -> PromoReportsError:
    """Why a query of a session failed; `minutes` is its statement timeout. What it says of a row is not repeated."""
    state, said = error.pgcode, (error.diag.message_primary or "").strip()
    message = f"Connection {source.connection!r}: {said or type(error).__name__}"
    if state is None:
        return SourceUnavailable(f"Connection {source.connection!r}: the connection was lost.", SourceUnavailable.AGAIN)
    if state == "57014" and "user request" not in said:
        return QueryTooSlow(
            f"{message} (limit {minutes} min).",
            "Raise PROMO_REPORTS_STATEMENT_TIMEOUT_MINUTES, or ask for a shorter window.",
        )
    if state[:2] in _PASSING or state in _PASSING_STATES:
        return SourceUnavailable(f"{message} (SQLSTATE {state}).", SourceUnavailable.AGAIN)
    if reads_rows and state[:2] in _ON_A_ROW:
        return DataRefused(
            f"Connection {source.connection!r}: a row cannot be read: {type(error).__name__} (SQLSTATE {state}).",
            "Correct the data or the report type's SQL template.",
        )
    return SourceRefused(
        f"{message} (SQLSTATE {state}).",
        f"Check the report type's SQL template and the rights of the role of connection {source.connection!r}.",
    )


def _without_password(source: Source, text: str) -> str:
    password = urlsplit(source.url).password
    for secret in {password, unquote(password)} if password else ():
        text = text.replace(secret, "***")
    return text


def _operational() -> type[psycopg2.Error]:
    import psycopg2

    return psycopg2.OperationalError
