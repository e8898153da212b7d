"""Run one command, and stop it with everything it started when its supervisor is gone.

A supervisor that is killed with SIGKILL cannot clean up, and its children would go on: servers that hold ports, tasks
that write files. So between the supervisor and each server stands this small process. It holds the reading end of a
pipe whose writing end only the supervisor has; when the supervisor is gone, for whatever reason, the pipe closes and
the command is stopped. The alternative, PR_SET_PDEATHSIG, exists on Linux only, fires when the starting *thread* ends,
and is lost when the command changes its user.

A signal to the command's process group does not reach everything either: Airflow puts each task in a group of its own.
On Linux this process therefore adopts orphans (PR_SET_CHILD_SUBREAPER) and at the end kills whatever is still below
it; elsewhere the process group has to do.

It is run as a file, with `python -I -S`, so it must stay within the standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str] | None = None) -> int:
    """Run the command to its end and return its exit status, as a shell counts it (128 + signal)."""
    parser = argparse.ArgumentParser(prog="process_guard", description=__doc__)
    parser.add_argument("--supervisor", type=int, required=True, help="file descriptor that closes with the supervisor")
    parser.add_argument("--stop-signal", type=int, default=int(signal.SIGTERM), help="how to ask the command to stop")
    parser.add_argument("--whole-group", action="store_true", help="ask its whole process group, not it alone")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds between asking and SIGKILL")
    parser.add_argument("--user", type=int, help="user id to run the command as (only root can)")
    parser.add_argument("--group", type=int, help="group id to run the command as")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command

    _adopt_orphans()
    wake, wake_write = os.pipe()
    for end in (wake, wake_write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked_to_stop.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)

    child = os.fork()
    if child == 0:
        _become(command, options.user, options.group)

    status: int | None = None
    kill_at: float | None = None
    while status is None:
        timeout = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        watched = [wake, options.supervisor] if kill_at is None else [wake]
        readable, _, _ = select.select(watched, [], [], timeout)
        if wake in readable:
            _drain(wake)
        gone = options.supervisor in readable and os.read(options.supervisor, 1) == b""
        if kill_at is None and (asked_to_stop or gone):
            _send(child, options.stop_signal, group=options.whole_group)
            kill_at = time.monotonic() + options.grace
        elif kill_at is not None and time.monotonic() >= kill_at:
            _send(child, signal.SIGKILL, group=True)
            kill_at = time.monotonic() + 1.0
        status = _reap(child)
    _send(child, signal.SIGKILL, group=True)
    _kill_descendants()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _become(command: list[str], user: int | None, group: int | None) -> NoReturn:
    """Turn the forked child into the command: own process group, default signals, the wanted user."""
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if user is not None:
            os.setgroups([])
            os.setgid(user if group is None else group)
            os.setuid(user)
        os.execvp(command[0], command)  # noqa: S606 - the point of this module: the command, without a shell
    except OSError as error:
        sys.stderr.write(f"process_guard: cannot run {command[:1]}: {error}\n")
    os._exit(127)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, 512):
            pass


def _send(process: int, number: int, *, group: bool) -> None:
    # It may have gone, or be a zombie that macOS will not let us signal.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(process, number)


def _reap(child: int) -> int | None:
    """Collect every child that ended (adopted ones too); the command's own status, once it is among them."""
    status: int | None = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = ended


def _kill_descendants() -> None:
    """Kill until nothing is left below this process; killing a parent hands its children to us, hence the loop."""
    if sys.platform != "linux":
        return
    while children := _children_of(os.getpid()):
        for pid in children:
            _send(pid, signal.SIGKILL, group=False)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main())
