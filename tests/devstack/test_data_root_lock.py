"""One stack on a data root at a time, and others learn which."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devstack.data_root_lock import AlreadyRunningError, DataRootLock, running_state, state_file, stop_running

HOLDER = """
import sys, time
from pathlib import Path
from devstack.data_root_lock import DataRootLock
claim = DataRootLock(Path(sys.argv[1]))
claim.take()
claim.tell(url="http://127.0.0.1:8080")
print("held", flush=True)
try:
    time.sleep(600)
finally:
    claim.release()
"""


def holder(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_a_second_stack_is_told_which_process_has_the_root_and_where_it_is(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        with pytest.raises(
            AlreadyRunningError, match=rf"process {process.pid} at http://127\.0\.0\.1:8080\. .*make stop"
        ):
            DataRootLock(tmp_path).take()
    finally:
        process.kill()
        process.wait()


def test_a_killed_holder_frees_the_root(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.kill()
    process.wait()
    assert state_file(tmp_path).exists()
    assert running_state(tmp_path) is None
    claim = DataRootLock(tmp_path)
    claim.take()
    assert running_state(tmp_path) == {"pid": os.getpid(), "root": str(tmp_path)}
    claim.release()
    assert not state_file(tmp_path).exists()


def test_stopping_waits_until_the_root_is_free(tmp_path: Path) -> None:
    process = holder(tmp_path)
    reaper = threading.Thread(target=process.wait)  # as the shell does that started it
    reaper.start()
    assert stop_running(tmp_path, timeout=15) == process.pid
    assert running_state(tmp_path) is None
    reaper.join()
    assert process.returncode == -signal.SIGTERM


def test_nothing_runs_where_nothing_was_started(tmp_path: Path) -> None:
    assert running_state(tmp_path / "never") is None
    assert stop_running(tmp_path / "never") is None
