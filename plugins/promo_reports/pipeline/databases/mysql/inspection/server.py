"""The server, the database and the user of an export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.pipeline.databases.inspection import Ask
from promo_reports.pipeline.databases.mysql.inspection.grants import Grants

_OLDEST = {"MySQL": (8, 0), "MariaDB": (10, 5)}
_FEWEST_SECONDS_IDLE = 60  # between two questions of an export, or two readings of its answer, on a busy worker
_TIMEOUTS = ("wait_timeout", "net_write_timeout", "idle_transaction_timeout", "idle_readonly_transaction_timeout")
_VARIABLES = ("version", "version_comment", "max_connections", "max_user_connections", *_TIMEOUTS)
_KNOWN = f"SHOW VARIABLES WHERE Variable_name IN ({', '.join(repr(name) for name in _VARIABLES)})"
_NUMBER = re.compile(r"\d+")
_FACTS = """
SELECT CURRENT_USER(), DATABASE(), @@GLOBAL.max_user_connections, (
    SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()
)
"""


def account(ask: Ask) -> str:
    """Return the user of the session as GRANT has it."""
    ((user, *_),) = ask(_FACTS)
    name, _, host = str(user).rpartition("@")
    return f"'{name}'@'{host}'"


def server_results(ask: Ask, connections: int) -> Iterator[CheckResult]:
    """Yield what is wrong, or one line that says what the server is; `connections` are wanted at one time."""
    ((_, database, of_all_users, charset),) = ask(_FACTS)
    known = {str(name).lower(): str(value) for name, value in ask(_KNOWN)}
    user = account(ask)
    kind = "MariaDB" if "mariadb" in f"{known['version']} {known.get('version_comment', '')}".lower() else "MySQL"
    version = known["version"].partition("-")[0]
    wrong = [
        *_version(kind, version),
        *_timeouts(known),
        *_connections(known, user, str(of_all_users), connections),
    ]
    if revoked := Grants(ask).revoked():
        wrong.append(problem("role", f"{user} may write: {'; '.join(revoked)}, or give exports another user."))
    if database is None:
        wrong.append(problem("server", "The address names no database: add it, mysql://user@host/database."))
    yield from wrong
    if charset not in ("utf8mb4", None):
        yield ok(
            "encoding",
            f"Database {database} is in {charset}: files are written in UTF-8, and a filter's value with a letter that "
            f"{charset} lacks is found nowhere.",
        )
    if not wrong:
        yield ok("server", f"{kind} {version}, database {database} in {charset}, user {user}.")


def _version(kind: str, version: str) -> Iterator[CheckResult]:
    found = tuple(int(each) for each in _NUMBER.findall(version)[:2])
    if found < _OLDEST[kind]:
        oldest = ".".join(map(str, _OLDEST[kind]))
        yield problem("server", f"{kind} {version} is older than {oldest}, the oldest that this is written for.")


def _timeouts(known: Mapping[str, str]) -> Iterator[CheckResult]:
    for name in _TIMEOUTS:
        if 0 < float(known.get(name, 0)) < _FEWEST_SECONDS_IDLE:
            yield problem(
                "timeouts",
                f"{name} is {float(known[name]):g} s, which ends an export whose worker is slow: set {name} = 600 in "
                "the server's configuration.",
            )


def _connections(known: Mapping[str, str], user: str, of_all_users: str, wanted: int) -> Iterator[CheckResult]:
    own = known.get("max_user_connections", "0")
    more = f"ALTER USER {user} WITH MAX_USER_CONNECTIONS {wanted}"
    limits: Sequence[tuple[str, str]] = (
        (own, "raise max_user_connections" if own == of_all_users else more),
        (known["max_connections"], "raise max_connections"),
    )
    for limit, fix in limits:
        if 0 < int(limit) < wanted:
            yield problem(
                "connections",
                f"{limit} connections are allowed, and exports and the page may want {wanted} at one time: {fix}, or "
                "give the pools fewer slots.",
            )
