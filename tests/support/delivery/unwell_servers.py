"""Servers that do not answer, and the signal that ends a task which waits for one."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from types import FrameType

import pytest


class Stopped(Exception):
    """What Airflow's SIGTERM makes a task raise."""


@pytest.fixture
def stop() -> Iterator[None]:
    def raised(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, raised)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
