"""Errors of MySQL and MariaDB by their codes, because messages are in the server's language: which a retry may mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

TIMED_OUT = frozenset((1969, 3024))  # the statement timeout: MariaDB's, MySQL's
NO_EXPLAIN = 1345  # the user has no SHOW VIEW, or may not read the tables behind a view

_NO_CODE = -1  # MySQL Connector/Python's own errors that have none: "MySQL Connection not available."
_ABORTED = 1184
_INIT_CONNECT = "(init_connect command failed)"  # part of no translation
# What a server takes back when it is asked again.
_PASSING = frozenset((
    1040, 1203, 1226, 1637,  # too many connections, of this user, questions in an hour, transactions
    1021, 1037, 1041, 1135,  # its disk is full; no memory, none for a thread
    1042, 1152, 1158, 1159, 1160, 1161, _ABORTED,  # the name of the client was not found; the connection broke
    1053, 1927, 3032, 3168, 4031,  # shuts down, ended the connection, is offline, not available, was idle too long
    1047,  # of a Galera cluster: the node has not caught up
    1205, 1213, 1317, 1020,  # lock timeout, deadlock, interrupted, a row has changed since the snapshot
    1412,  # a table was altered since the snapshot
))  # fmt: skip
# What the client says when it finds no server or loses it: socket, host, port, name, gone, handshake, lost, memory,
# order of packets. Its other codes are of what no retry mends: character set, TLS, plugins, packets that are too large.
_AWAY = frozenset((2001, 2002, 2003, 2004, 2005, 2006, 2008, 2012, 2013, 2014, 2027, 2045, 2055))


def code_of(error: DBAPIError) -> object:
    """Return the server's or the client's number of an error; None where it has none."""
    code = next(iter(error.orig.args if error.orig else ()), None)
    # The errors of the driver's part in C have it beside their message.
    return code if isinstance(code, int) else getattr(error.orig, "errno", None)


def passes(error: DBAPIError) -> bool:
    """Return whether the same question may succeed later."""
    import sqlalchemy

    code = code_of(error)
    if code == _ABORTED and _INIT_CONNECT in str(error.orig):
        return False
    lost = code == _NO_CODE and isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
    return lost or code in _PASSING or code in _AWAY
