"""What PostgreSQL's errors mean for an export: whether a retry can help, and what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.postgres.libpq import LOGGED_IN, NOT_REACHED, login_state
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import too_slow

if TYPE_CHECKING:
    import psycopg2

# SQLSTATE classes that a retry may cure: connection, resources, transaction rollback, operator intervention, an old
# snapshot; and states of others: a pause in a transaction, a lock, a foreign server that is away.
_PASSING = ("08", "40", "53", "57", "58", "72")
_PASSING_STATES = ("25P03", "55006", "55P03", "HV00N")
# A limit that is reached again, a file of the server that is missing.
_STAYING_STATES = ("53400", "58P01")
_FIXES = {
    "25006": "An export may only read: have the report type's SQL and the functions in it write nothing.",
    "25P03": "Raise its role's idle_in_transaction_session_timeout if the worker is slow.",
    "25P04": "Raise its role's limit (ALTER ROLE ... SET transaction_timeout), or ask for a shorter window.",
    "40001": "On a standby, set hot_standby_feedback or raise max_standby_streaming_delay if this comes often.",
    "53400": "Have a superuser raise its role's limit (ALTER ROLE ... SET temp_file_limit), or ask for less.",
    "55000": "Have the database's owner bring it into the state that is asked for, as by REFRESH MATERIALIZED VIEW.",
    "58P01": "The server lacks a file of its own: ask its administrator.",
    "72000": "Raise old_snapshot_threshold of the server if this comes often.",
    "XX001": "The database is damaged: ask its administrator.",
    "XX002": "An index is damaged: ask the database's administrator.",
}
_ON_A_ROW = ("22", "23")  # their messages quote the row
# What libpq itself refuses before it asks a server; the bundled libpq speaks English.
_REFUSED_BY_LIBPQ = re.compile(
    r"no password supplied|does not support SSL|certificate|invalid \w+ value|invalid port number|unrecognized"
    r"|private key|unsupported frontend protocol|is not permitted|authentication method [^ ]+ not supported"
)
# `<severity>:  <message>` is how libpq writes what a server says, in the server's language, so with two spaces.
_UNREADABLE = "no answer that can be read"
# Within a session the SQLSTATE stands before the message (`libpq.tell_states`).
_SERVER_SAYS = re.compile(
    r"^(?:.* failed: )?[^:\s][^:]{0,40}:  (?:(?P<state>[0-9A-Z]{5}): )?(?P<said>.+)$", re.MULTILINE
)
_TOO_MANY = "53300"
# PgBouncer, which speaks English, gives all of its errors the SQLSTATE of a lost connection.
_POOLER_REFUSES = re.compile(
    r"no such (?:database|user)|unsupported startup parameter|bouncer config error|SSL required"
)
_SECONDS_TO_ASK_AGAIN = 10.0
_REFUSES_ROW_SECURITY = "check_enable_rls"  # the function of PostgreSQL that raises it, of any version and language
_LOST = re.compile(
    r"server closed the connection unexpectedly|This probably means the server|before or while processing the request"
    r"|no message from the libpq|connection already closed|cursor already closed"
)
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


def login_failed(source: Source, error: psycopg2.Error | UnicodeDecodeError) -> PromoReportsError:
    """Return why no session could be opened, judged by SQLSTATE: messages are in the server's language.

    A server's refusal that has no known SQLSTATE is taken for one that no retry cures. Before a session begins,
    messages may be in any encoding, and psycopg2 fails to decode them.
    """
    undecoded = isinstance(error, UnicodeDecodeError)
    text = error.object.decode("utf-8", "replace") if isinstance(error, UnicodeDecodeError) else str(error)
    # Some builds of psycopg2 have no text at all where they cannot decode it.
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [_UNREADABLE]
    refusal = next((line for line in lines if line == _UNREADABLE or _SERVER_SAYS.search(line)), None)
    own = next((line for line in lines if _REFUSED_BY_LIBPQ.search(line)), None)
    message = f"Connection {source.connection!r}: {_without_password(source, refusal or own or lines[0])}"
    correct = f"Correct the Airflow connection {source.connection!r}."
    if refusal is not None:
        state = login_state(checked_url(source), _SECONDS_TO_ASK_AGAIN)
        if state == _TOO_MANY:
            return SourceUnavailable(
                f"{message}.",
                "Limit exports by an Airflow pool (PROMO_REPORTS_POOL), or raise the server's max_connections.",
            )
        # So the refusal has passed, or there was none.
        if state in (LOGGED_IN, NOT_REACHED) or (refusal == _UNREADABLE and state is None):
            return SourceUnavailable(f"{message}.", SourceUnavailable.AGAIN)
        if _passes(state) and not _POOLER_REFUSES.search(refusal):
            return SourceUnavailable(f"{message} (SQLSTATE {state}).", SourceUnavailable.AGAIN)
        return SourceRefused(f"{message}{f' (SQLSTATE {state})' if state else ''}.", correct)
    if own is not None or not (undecoded or isinstance(error, _operational())):
        return SourceRefused(f"{message}.", correct)
    return SourceUnavailable(
        f"{message}.",
        f"Correct host and port of the Airflow connection {source.connection!r} if they are wrong. "
        + SourceUnavailable.AGAIN,
    )


def query_failed(
    source: Source, error: psycopg2.Error, *, reported: str, seconds: float, over: bool, reads_rows: bool
) -> PromoReportsError:
    """Return why a query of a session failed; what it says of a row is not repeated.

    `reported` is `libpq.error_message`; `seconds` are the statement timeout, which was reached where the query is
    `over`, by this side's own clock: who else cancels a query uses the same SQLSTATE.
    """
    state, said = error.pgcode, (error.diag.message_primary or "").strip()
    message = f"Connection {source.connection!r}: {said or type(error).__name__}"
    if state is None:
        return _without_state(source, error, reported)
    if state == "57014":
        if over:
            return too_slow(message, seconds)
        return SourceUnavailable(
            f"{message} (SQLSTATE {state}), which was somebody else's doing.", SourceUnavailable.AGAIN
        )
    if _passes(state):
        return _passing(f"{message} (SQLSTATE {state}).", state)
    if reads_rows and state[:2] in _ON_A_ROW:
        return DataRefused(
            f"Connection {source.connection!r}: a row cannot be read: {type(error).__name__} (SQLSTATE {state}).",
            "Correct the data or the report type's SQL template.",
        )
    return SourceRefused(f"{message} (SQLSTATE {state}).", _correction(source, state, error.diag.source_function))


def _passing(message: str, state: str | None) -> SourceUnavailable:
    return SourceUnavailable(message, f"{_FIXES.get(state or '', '')} {SourceUnavailable.AGAIN}".strip())


def _correction(source: Source, state: str, function: str | None = None) -> str:
    if state in _FIXES:
        return _FIXES[state]
    if function != _REFUSES_ROW_SECURITY:
        return f"Check the report type's SQL template and the rights of the role of connection {source.connection!r}."
    return (
        f"Row-level security would leave rows out. Give the role of connection {source.connection!r} the attribute "
        "BYPASSRLS, or write `allow_row_security: true` in the report type's file if the report is meant to hold only "
        "the rows that the policies show to that role."
    )


def _passes(state: str | None) -> bool:
    if state is None or state in _STAYING_STATES:
        return False
    return state[:2] in _PASSING or state in _PASSING_STATES


def _without_state(source: Source, error: psycopg2.Error, reported: str) -> PromoReportsError:
    """Return what an error of the client means: a lost connection, or something that it cannot do at all."""
    import psycopg2

    where = f"Connection {source.connection!r}"
    kind = type(error)
    if kind not in (psycopg2.OperationalError, psycopg2.DatabaseError, psycopg2.InterfaceError):
        first = _without_password(source, next(iter(str(error).splitlines()), ""))
        return SourceRefused(f"{where}: {kind.__name__}: {first}.", "Check the report type's SQL template.")
    # The first line alone: what follows it may quote a row.
    server = _SERVER_SAYS.search(reported)
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not _LOST.search(line)]
    words = server["said"] if server else next(iter(lines), "")
    said = f": {_without_password(source, words)}" if words else ""
    message, state = f"{where}: the connection was lost{said}.", server["state"] if server else None
    if state is None or _passes(state):
        return _passing(message, state)
    return SourceRefused(message, _correction(source, state))


def _without_password(source: Source, text: str) -> str:
    password = urlsplit(source.url).password
    for secret in {password, unquote(password)} if password else ():
        text = text.replace(secret, "***")
    return text


def _operational() -> type[psycopg2.Error]:
    import psycopg2

    return psycopg2.OperationalError
