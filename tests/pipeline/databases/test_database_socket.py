"""Which socket is a driver's, where it does not tell."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from promo_reports.pipeline.databases import database_socket
from promo_reports.pipeline.databases.database_socket import watch_for_socket


@pytest.fixture
def port() -> Iterator[int]:
    """A port of loopback that takes connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield int(server.getsockname()[1])


def test_each_of_those_that_connect_at_once_finds_its_own(port: int) -> None:
    threads = 8
    together = threading.Barrier(threads)

    def connect(_: int) -> None:
        together.wait()
        with watch_for_socket(port) as find, socket.create_connection(("127.0.0.1", port)) as connection:
            time.sleep(0.02)  # a login takes as long
            found = find()
            assert found is not None
            found.shut()
            connection.settimeout(60)
            assert connection.recv(1) == b""
            found.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(connect, range(threads)))


def test_a_server_that_lets_one_wait_holds_up_no_other(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_socket, "_SECONDS_FOR_ANOTHER_TO_CONNECT", 0.1)
    with watch_for_socket(port), ThreadPoolExecutor(1) as pool:

        def connect() -> None:
            with watch_for_socket(port) as find, socket.create_connection(("127.0.0.1", port)):
                found = find()
                assert found is not None
                found.close()

        pool.submit(connect).result(60)
