"""Which errors of MySQL and MariaDB a retry may cure."""

from __future__ import annotations

import pytest
from mysql import connector
from sqlalchemy.exc import DBAPIError  # noqa: TID253

from promo_reports.pipeline.databases.mysql.errors import passes

INIT_CONNECT = "Aborted connection 44 to db: 'promo' user: 'x' host: '::1' (init_connect command failed)"


def error(code: int, message: str = "Said by the server") -> DBAPIError:
    told = DBAPIError.instance(None, None, connector.Error(message, errno=code), connector.Error)
    assert isinstance(told, DBAPIError)
    return told


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (1040, "Too many connections"),
        (1047, "WSREP has not yet prepared node for application use"),
        (1053, "Server shutdown in progress"),
        (1135, "Can't create a new thread"),
        (1184, "Aborted connection 44 to db: 'promo' user: 'x' host: '::1' (Got an error reading packets)"),
        (1213, "Deadlock found"),
        (1412, "Table definition has changed"),
        (2003, "Can't connect"),
        (2013, "Lost connection"),
        (3032, "The server is currently in offline mode"),
        (4031, "The client was disconnected by the server because of inactivity"),
    ],
)
def test_what_passes(code: int, message: str) -> None:
    assert passes(error(code, message))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (1045, "Access denied"),
        (1064, "You have an error in your SQL syntax"),
        (1104, "The SELECT would examine more than MAX_JOIN_SIZE rows"),
        (1129, "Host is blocked because of many connection errors"),
        (1153, "Got a packet bigger than 'max_allowed_packet' bytes"),
        (1184, INIT_CONNECT),
        (2019, "Can't initialize character set"),
        (2020, "Got packet bigger than 'max_allowed_packet' bytes"),
        (2026, "TLS/SSL error"),
        (2059, "Authentication plugin cannot be loaded"),
        (2066, "Client compression is wrongly configured"),
    ],
)
def test_what_does_not(code: int, message: str) -> None:
    assert not passes(error(code, message))


def test_an_error_of_the_driver_that_has_its_code_beside_its_message() -> None:
    told = error(1226)
    assert told.orig
    told.orig.args = ("User 'x' has exceeded the 'max_queries_per_hour' resource (current value: 3)",)
    assert passes(told)
