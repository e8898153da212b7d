"""One server process: started with its output in a log file, awaited by condition, stopped by its id."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PORT_ATTEMPTS = 5
"""How often a server is started on yet another port, because somebody else had taken the one chosen for it."""

_GUARD = Path(__file__).with_name("process_guard.py")


class ServerError(Exception):
    """A server did not start, ended by itself or did not stop; the message has the end of its log."""


@dataclass(frozen=True)
class User:
    """The unprivileged user that a server runs as when the demo itself is run by root."""

    uid: int
    gid: int


class ServerProcess:
    """A child in a process group of its own, that ends with this process even if this process is SIGKILLed.

    `stop_signal` goes to the server alone, or to its whole group with `whole_group`; after `grace` seconds SIGKILL
    follows, to everything it started. `pass_fds` are file descriptors that it inherits.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: User | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        whole_group: bool = False,
        grace: float = 10.0,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._command = [os.fspath(word) for word in command]
        self._env = dict(os.environ if env is None else env)
        self._cwd = cwd
        self._user = user
        self._stop_signal = stop_signal
        self._whole_group = whole_group
        self._grace = grace
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Process id of the server's process guard; when it ends, the server ends."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the server was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return at once; `wait_until` says when it is ready."""
        if self.running:
            raise ServerError(f"{self.name} is already running (pid {self.pid}).")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        as_user = ["--user", str(self._user.uid), "--group", str(self._user.gid)] if self._user else []
        command = [
            *(sys.executable, "-I", "-S", str(_GUARD), "--supervisor", str(read_end)),
            *("--stop-signal", str(int(self._stop_signal)), "--grace", str(self._grace)),
            *(["--whole-group"] if self._whole_group else []),
            *as_user,
            *("--", *self._command),
        ]
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            try:
                self._process = subprocess.Popen(
                    command,
                    env=self._env,
                    cwd=self._cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(read_end, *self._pass_fds),
                    start_new_session=True,
                )
            except OSError:
                os.close(write_end)
                raise
            finally:
                os.close(read_end)
        self._pipe = write_end

    def wait_until(self, ready: Callable[[], bool], *, timeout: float, interval: float = 0.05) -> None:
        """Return when `ready()` is true; raise ServerError when the server ends first or `timeout` seconds pass."""
        deadline = time.monotonic() + timeout
        while True:
            self.check()
            if ready():
                return
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} was not ready within {timeout:.0f} s.{self._log_end()}")
            time.sleep(interval)

    def wait(self, *, timeout: float | None = None) -> int:
        """Wait for a command that ends by itself; its exit status."""
        if self._process is None:
            raise ServerError(f"{self.name} was not started.")
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{self.name} did not end within {timeout:.0f} s.{self._log_end()}") from None
        self._close_pipe()
        return status

    def check(self) -> None:
        """Raise ServerError with the end of the log if the server is not running."""
        if not self.running:
            status = "was never started" if self._process is None else f"ended with status {self._process.returncode}"
            raise ServerError(f"{self.name} {status}.{self._log_end()}")

    def stop(self) -> None:
        """Ask the server to stop, kill it and what it started after the grace time; harmless if it has ended."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(self._grace + 5.0)
            except subprocess.TimeoutExpired:
                raise ServerError(
                    f"{self.name} (pid {self._process.pid}) does not stop, not even on SIGKILL.{self._log_end()}"
                ) from None
        self._close_pipe()
        self._process = None

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _log_end(self, lines: int = 12) -> str:
        with contextlib.suppress(OSError), self.log.open("rb") as output:
            output.seek(self._log_start)
            last = output.read().decode(errors="replace").splitlines()[-lines:]
            return "".join(f"\n    {line}" for line in [f"Its log is {self.log}", *last])
        return f" Its log is {self.log}"


def free_port(preferred: int = 0) -> int:
    """Return a loopback TCP port that nobody listens on: the preferred one if it can be had, else any other (0: any).

    Somebody else can take it before the server binds it: `on_free_port` tries the next one then.
    """
    if preferred and not accepts_connections(preferred) and not port_is_taken(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def on_free_port(preferred: int, start: Callable[[int], None]) -> int:
    """Start a server on the preferred loopback port, or on any other free one; return the port it listens on.

    `start(port)` returns when this very server answers. If it raises ServerError and somebody else has the port by
    then, they were faster, and another port is tried.
    """
    for attempt in range(1, PORT_ATTEMPTS + 1):
        port = free_port(preferred)
        try:
            start(port)
        except ServerError:
            if attempt == PORT_ATTEMPTS or not port_is_taken(port):
                raise
        else:
            break
    return port


def listening_socket(preferred: int) -> socket.socket:
    """Listen on the preferred loopback port, or on any other free one, for a server that can be handed a socket."""
    for port in (free_port(preferred), 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError:
            listener.close()
            if port == 0:
                raise
        else:
            break
    return listener


def port_is_taken(port: int) -> bool:
    """Return whether this loopback port cannot be bound, because somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def accepts_connections(port: int) -> bool:
    """Return whether a server listens on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
