"""Child processes: awaited by condition, stopped with all they started, gone when the supervisor is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.processes import ServerError, ServerProcess, accepts_connections, free_port, on_free_port

# A server that leaves its process group and starts a grandchild: what Airflow does with its tasks.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time\\nsignal.signal(15, signal.SIG_IGN)\\n"
                          "while True: time.sleep(60)"], start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


def written(path: Path) -> bool:
    return path.exists() and len(path.read_text().split()) == 2


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")


@linux_only
def test_stop_ends_the_server_and_what_it_started_in_other_groups(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    server = ServerProcess("family", [sys.executable, "-c", FAMILY, str(pids)], log=tmp_path / "log")
    server.start()
    server.wait_until(lambda: written(pids), timeout=15)
    members = [int(pid) for pid in pids.read_text().split()]
    assert all(alive(pid) for pid in members)

    server.stop()

    assert not server.running
    assert not any(alive(pid) for pid in members)
    server.stop()  # harmless


@linux_only
def test_a_killed_supervisor_takes_its_servers_along(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = f"""
import sys, time
from pathlib import Path
from devstack.processes import ServerProcess
ServerProcess("family", [sys.executable, "-c", {FAMILY!r}, {str(pids)!r}], log=Path({str(tmp_path / "log")!r})).start()
time.sleep(600)
"""
    supervisor = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    try:
        wait_for(lambda: written(pids))
        members = [int(pid) for pid in pids.read_text().split()]
    finally:
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    wait_for(lambda: not any(alive(pid) for pid in members))


def test_a_deaf_server_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    server = ServerProcess("deaf", [sys.executable, "-c", deaf], log=tmp_path / "log", grace=0.3)
    server.start()
    server.wait_until(lambda: b"deaf" in server.log.read_bytes(), timeout=15)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 5


def test_a_server_that_ends_early_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = ServerProcess(
        "The oracle", [sys.executable, "-c", "print('no more riddles'); raise SystemExit(3)"], log=tmp_path / "log"
    )
    server.start()
    with pytest.raises(ServerError, match=r"The oracle ended with status 3\.\n.*log is .*\n.*no more riddles"):
        server.wait_until(lambda: False, timeout=15)
    server.stop()


def test_a_server_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    godot = ServerProcess("Godot", ["sleep", "600"], log=tmp_path / "log")
    with godot, pytest.raises(ServerError, match=r"Godot was not ready within 0 s"):
        godot.wait_until(lambda: False, timeout=0.1)


def test_a_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    server = ServerProcess("nothing", ["/no/such/program"], log=tmp_path / "log")
    server.start()
    assert server.wait(timeout=15) == 127
    assert "cannot run ['/no/such/program']" in server.log.read_text()


def test_a_signal_that_ends_a_command_shows_in_its_status(tmp_path: Path) -> None:
    server = ServerProcess("suicide", ["sh", "-c", "kill -9 $$"], log=tmp_path / "log")
    server.start()
    assert server.wait(timeout=15) == 128 + signal.SIGKILL


def test_the_preferred_port_is_taken_when_it_is_free_and_another_when_not() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", port))
        occupant.listen()
        assert accepts_connections(port)
        assert free_port(port) not in (port, 0)
    assert not accepts_connections(port)


def test_a_failed_start_is_repeated_only_where_somebody_else_has_the_port() -> None:
    tried = []

    def start(port: int) -> None:
        tried.append(port)
        raise ServerError("no licence")

    with pytest.raises(ServerError, match="no licence"):
        on_free_port(0, start)
    assert len(tried) == 1


def test_output_of_an_earlier_start_is_kept(tmp_path: Path) -> None:
    for word in ("first", "second"):
        server = ServerProcess("echo", ["echo", word], log=tmp_path / "log", env=dict(os.environ))
        server.start()
        assert server.wait(timeout=15) == 0
    assert (tmp_path / "log").read_text().split() == ["first", "second"]
