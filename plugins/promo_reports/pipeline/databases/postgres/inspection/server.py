"""The server, the database and the role of an export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.pipeline.databases.inspection import Ask

_OLDEST = 120_000
_FEWEST_SECONDS_IDLE = 60  # between two questions of an export, on a busy worker
_FACTS = """
SELECT
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'server_version'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'server_version_num'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'server_encoding'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'idle_in_transaction_session_timeout'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_connections'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'superuser_reserved_connections'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'hot_standby_feedback'),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_standby_streaming_delay'),
    pg_catalog.pg_is_in_recovery(),
    pg_catalog.quote_ident(CURRENT_USER),
    role.rolsuper,
    role.rolconnlimit,
    base.datconnlimit,
    pg_catalog.quote_ident(base.datname)
FROM pg_catalog.pg_roles AS role, pg_catalog.pg_database AS base
WHERE role.rolname = CURRENT_USER AND base.datname = pg_catalog.current_database()
"""


class _Facts(NamedTuple):
    """The answer of `_FACTS`; PostgreSQL before 17 has no transaction timeout. Times are in milliseconds."""

    version: str
    number: str
    encoding: str
    transaction_timeout: str | None
    idle_timeout: str
    max_connections: str
    reserved: str
    feedback: str
    standby_delay: str
    is_standby: str
    role: str
    is_superuser: str
    role_limit: str
    database_limit: str
    database: str


def server_results(ask: Ask, connections: int) -> Iterator[CheckResult]:
    """Yield what is wrong, or one line that says what the server is; `connections` are wanted at one time."""
    ((*answer,),) = ask(_FACTS)
    facts = _Facts(*answer)  # type: ignore[arg-type]
    wrong = [*_server(facts), *_role(facts, connections)]
    yield from wrong
    if not wrong:
        standby = ", a hot standby" if facts.is_standby == "t" else ""
        yield ok(
            "server",
            f"PostgreSQL {facts.version}{standby}, database {facts.database} in {facts.encoding}, role {facts.role}.",
        )


def _server(facts: _Facts) -> Iterator[CheckResult]:
    if int(facts.number) < _OLDEST:
        yield problem("server", f"PostgreSQL {facts.version} is older than 12, the oldest that this is written for.")
    if facts.encoding == "SQL_ASCII":
        yield problem(
            "encoding",
            f"Database {facts.database} is in SQL_ASCII, which checks no text: one cell that is not UTF-8 fails an "
            "export. Load the data into a database of the encoding UTF8.",
        )
    elif facts.encoding != "UTF8":
        yield ok(
            "encoding",
            f"Database {facts.database} is in {facts.encoding}: files are written in UTF-8, and a filter's value with "
            f"a letter that {facts.encoding} lacks is found nowhere.",
        )
    delay = int(facts.standby_delay)
    if facts.is_standby == "t" and facts.feedback != "on" and delay >= 0:
        yield problem(
            "standby",
            f"This is a hot standby that cancels queries after {delay / 1000:g} s of conflict with its primary: set "
            "hot_standby_feedback = on, or max_standby_streaming_delay above the time of the longest export.",
        )


def _role(facts: _Facts, connections: int) -> Iterator[CheckResult]:
    if facts.is_superuser == "t":
        yield problem(
            "role",
            f"{facts.role} is a superuser: give exports a role that can do nothing but read (docs/deploy.md, Your own "
            "promo database).",
        )
    if facts.transaction_timeout not in (None, "0"):
        yield problem(
            "timeouts",
            f"transaction_timeout is {int(facts.transaction_timeout or 0) / 1000:g} s, which ends every export that "
            f"takes longer, again on each retry: ALTER ROLE {facts.role} SET transaction_timeout = 0.",
        )
    idle = int(facts.idle_timeout) / 1000
    if 0 < idle < _FEWEST_SECONDS_IDLE:
        yield problem(
            "timeouts",
            f"idle_in_transaction_session_timeout is {idle:g} s, which ends an export whose worker is slow: "
            f"ALTER ROLE {facts.role} SET idle_in_transaction_session_timeout = '10min'.",
        )
    limits = {
        f"ALTER ROLE {facts.role} CONNECTION LIMIT {connections}": int(facts.role_limit),
        f"ALTER DATABASE {facts.database} CONNECTION LIMIT {connections}": int(facts.database_limit),
        "raise max_connections": int(facts.max_connections) - int(facts.reserved),
    }
    for fix, limit in limits.items():
        # A limit of a role or a database is -1 where there is none, and does not bind superusers.
        if 0 <= limit < connections and (facts.is_superuser != "t" or fix.startswith("raise")):
            yield problem(
                "connections",
                f"{limit} connections are allowed, and exports and the page may want {connections} at one time: {fix} "
                "or more, or give the pools fewer slots.",
            )
