"""The lock on a data root: one stack at a time uses it, and others learn which and where it listens."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from devstack.processes import ServerError


class AlreadyRunningError(Exception):
    """Another stack runs on the same data root; the message says which and where."""


class DataRootLock:
    """The lock on a data root, and `stack.json` beside it for people and for `make stop`.

    The system frees the lock however its holder ends, so neither file needs tidying after a crash.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock: TextIOWrapper | None = None

    def take(self) -> None:
        """DataRootLock the root, or raise AlreadyRunningError."""
        self._root.mkdir(parents=True, exist_ok=True)
        lock = _lock_file(self._root).open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(_description(self._root)) from None
        self._lock = lock
        self.tell()

    def tell(self, **facts: Any) -> None:
        """Write who holds the root, and further facts, to `stack.json`."""
        unfinished = state_file(self._root).with_suffix(".unfinished")
        unfinished.write_text(json.dumps({"pid": os.getpid(), "root": str(self._root), **facts}, indent=2))
        unfinished.replace(state_file(self._root))

    def release(self) -> None:
        """Release the root; no error if it is not held."""
        if self._lock is not None:
            state_file(self._root).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None


def state_file(root: Path) -> Path:
    """What runs on this root: pid, URL, logins, ports, pids."""
    return root / "stack.json"


def running_state(root: Path) -> dict[str, Any] | None:
    """The state of the stack that runs on this root ({} in its very first moment), None when none runs."""
    if not _held(root):
        return None
    try:
        state: dict[str, Any] = json.loads(state_file(root).read_text())
    except (OSError, ValueError):
        return {}
    return state


def stop_running(root: Path, *, timeout: float = 60.0) -> int | None:
    """Stop the stack that runs on this root, in whatever terminal; its process id, or None when none runs."""
    state = running_state(root)
    if not state:
        return None
    pid = int(state["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _held(root) or _alive(pid):
        if time.monotonic() > deadline:
            raise ServerError(f"Process {pid} was asked to stop {timeout:.0f} s ago and still runs on {root}.")
        time.sleep(0.1)
    return pid


def _lock_file(root: Path) -> Path:
    return root / "stack.lock"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _held(root: Path) -> bool:
    if not _lock_file(root).exists():
        return False
    with _lock_file(root).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _description(root: Path) -> str:
    state = running_state(root) or {}
    where = f" at {state['url']}" if "url" in state else ", which is still starting"
    return f"A demo already runs on {root}: process {state.get('pid', '?')}{where}. Use it, or stop it with: make stop"
