"""A peer that keeps TCP alive and sends nothing: every wait for it ends by this side's own limits."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import pytest

from devstack.tcp_proxy import TcpProxy
from promo_reports.errors import PreviewTooSlow, QueryTooSlow, SourceUnavailable
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import choices
from promo_reports.pipeline.preview import preview
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import MOVES, MariaDbPromo, PostgresPromo, Project, export
from tests.support.databases.tls import tls_before_postgres

UTC = ZoneInfo("UTC")
SHORT = TimeLimits(query=0.5, network=0.5, silence=1, connect=1)
AT_MOST = 10.0  # seconds from a signal to the end
ROWS = 30_000
GREETING = 20  # bytes: within the first message of either server


class Stopped(BaseException):
    """What Airflow's SIGTERM makes a task raise."""


@dataclass(frozen=True)
class Behind:
    """A promo database behind a proxy."""

    promo: PostgresPromo | MariaDbPromo
    proxy: TcpProxy
    source: Source


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """PostgreSQL, plainly and by TLS, or MariaDB."""
    if "behind" in metafunc.fixturenames:
        plain = ["mariadb"] if metafunc.config.getoption("mariadb") else ["postgres"]
        # What is asked by TLS, a proxy cannot see.
        databases = plain if "question" in metafunc.fixturenames or plain == ["mariadb"] else ["postgres", "tls"]
        metafunc.parametrize("behind", databases, indirect=True)


@pytest.fixture
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Behind]:
    """Each of them, with rows that fill every buffer on the way several times."""
    if request.param == "mariadb":
        promo: MariaDbPromo | PostgresPromo = request.getfixturevalue("on_mariadb")
        port = request.getfixturevalue("mariadb").port
    else:
        promo = request.getfixturevalue("on_postgres")
        port = request.getfixturevalue("postgres").port
    with contextlib.ExitStack() as opened:
        address = promo.source.url
        if request.param == "tls":
            wrapped = opened.enter_context(tls_before_postgres(port, tmp_path))
            address = address.replace(f":{port}/", f":{wrapped}/") + "?sslmode=require"
            port = wrapped
        proxy = opened.enter_context(TcpProxy(port))
        yield Behind(promo, proxy, replace(promo.source, url=proxy.address(address)))


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """A call that does not end is left on its thread; the driver's own limits end it, or that the proxy is gone."""
    yield
    ends = time.monotonic() + 60
    while any(thread.name.startswith("export-") for thread in threading.enumerate()):
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def stop() -> Iterator[Callable[[], None]]:
    """Send this process a SIGTERM that raises `Stopped` in its main thread."""

    def raised(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, raised)
    yield lambda: os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """A generous limit: a hang would be one for ever."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def fill(promo: PostgresPromo | MariaDbPromo) -> None:
    """Rows of some 30 MB."""
    promo.generate(ROWS, note="repeat('x', 1000)")


@pytest.mark.parametrize("after", [0, GREETING])
def test_in_connect_and_in_authentication(after: int, behind: Behind) -> None:
    behind.proxy.stall(after=after)
    with within(30), pytest.raises(SourceUnavailable, match="'promo_db'"):
        open_snapshot(behind.source, UTC, SHORT).__enter__()


@pytest.mark.parametrize("after", [0, GREETING])
def test_a_signal_in_connect(after: int, behind: Behind, stop: Callable[[], None], project: Project) -> None:
    behind.proxy.stall(after=after)
    threading.Timer(0.5, stop).start()
    with within(AT_MOST), pytest.raises(Stopped):
        project.make(behind.source)
    assert project.left == []
    behind.proxy.cut()


def test_in_a_count(behind: Behind) -> None:
    with open_snapshot(behind.source, UTC, SHORT) as snapshot:
        behind.proxy.stall()
        with within(30), pytest.raises(SourceUnavailable, match=r"no answer within 1 s: .* hangs"):
            snapshot.fetch(BoundQuery("SELECT count(*) FROM moves", {}))


def test_in_the_middle_of_the_rows(behind: Behind, project: Project) -> None:
    fill(behind.promo)
    with within(60), pytest.raises(SourceUnavailable, match=r"nothing was received for 1 s.*READ_TIMEOUT_SECONDS"):
        project.make(
            behind.source, progress=lambda rows, expected: rows and behind.proxy.stall(), read_timeout_seconds=1
        )
    assert project.left == []


def test_a_peer_that_is_slow_is_waited_for(behind: Behind, project: Project) -> None:
    """Its answer takes longer than it may be silent, and never is."""
    fill(behind.promo)
    behind.proxy.rate = 8_000_000
    begun = time.monotonic()
    assert project.make(behind.source, read_timeout_seconds=2).manifest.rows == ROWS
    assert time.monotonic() - begun > 2


@pytest.mark.parametrize("rows_per_file", [1_000_000, 10_000])
def test_a_signal_while_rows_come(
    rows_per_file: int, behind: Behind, stop: Callable[[], None], project: Project
) -> None:
    """Also on several connections, which stall together."""
    fill(behind.promo)
    told: list[float] = []

    def progress(rows: int, expected: int) -> None:
        if rows and not told:
            behind.proxy.stall()
            told.append(time.monotonic())
            stop()

    with pytest.raises(Stopped):
        project.make(behind.source, progress=progress, rows_per_file=rows_per_file, connections_per_export=3)
    assert time.monotonic() - told[0] < AT_MOST
    assert project.left == []


def test_a_signal_in_a_count(behind: Behind, stop: Callable[[], None]) -> None:
    with open_snapshot(behind.source, UTC, TimeLimits(60)) as snapshot:
        behind.proxy.stall()
        threading.Timer(0.5, stop).start()
        with within(AT_MOST), pytest.raises(Stopped):
            snapshot.fetch(BoundQuery("SELECT count(*) FROM moves", {}))
    behind.proxy.cut()


def test_at_the_end(behind: Behind) -> None:
    """Some drivers end the transaction before they close, and wait for the answer."""
    with within(30), open_snapshot(behind.source, UTC, TimeLimits(60)) as snapshot:
        snapshot.fetch(BoundQuery("SELECT 1", {}))
        behind.proxy.stall()


@pytest.mark.parametrize("question", [b"shops", b"sum("])
def test_a_preview_has_its_time_whatever_hangs(question: bytes, behind: Behind, project: Project) -> None:
    behind.proxy.stall_at(question)
    with within(30), pytest.raises(PreviewTooSlow):
        preview(export(), behind.source, project.settings, 20, seconds=2)
    assert behind.proxy.stalled.is_set()


def test_choices_have_their_time_whatever_hangs(behind: Behind, project: Project) -> None:
    begun = time.monotonic()
    with within(30), open_snapshot(behind.source, UTC, TimeLimits.of(project.settings, seconds=2)) as snapshot:
        behind.proxy.stall()
        with pytest.raises(QueryTooSlow):
            choices(snapshot, MOVES, MOVES.filters[0], {}, project.sql)
    assert time.monotonic() - begun > 1


def test_a_connection_that_is_cut_is_tried_again(behind: Behind, project: Project) -> None:
    fill(behind.promo)
    with pytest.raises(SourceUnavailable):
        project.make(behind.source, progress=lambda rows, expected: rows and behind.proxy.cut())
    assert project.left == []
    assert project.make(behind.source).manifest.rows == ROWS
