"""A task whose supervisor was killed: it ends as it would by Cancel, and if it does not, it is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.end_to_end.process_tree import linux_only, parents

SUPERVISOR = """
import os, signal, sys, time
from promo_reports.orchestration import supervision

def stop(number, frame):
    raise SystemExit

if os.fork():
    time.sleep(600)
supervision.SECONDS_UNTIL_KILLED = 0.5
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "deaf" else stop)
with supervision.ended_with_supervisor():
    try:
        print(os.getpid(), flush=True)
        time.sleep(600)
    finally:
        open(sys.argv[2], "w").close()
"""


@linux_only
@pytest.mark.parametrize(("kind", "tidies"), [("listening", True), ("deaf", False)])
def test_a_task_ends_with_its_supervisor(tmp_path: Path, kind: str, tidies: bool) -> None:
    tidied = tmp_path / "tidied"
    command = [sys.executable, "-c", SUPERVISOR, kind, str(tidied)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        task = int(supervisor.stdout.readline())
        assert parents()[task] == supervisor.pid
        supervisor.kill()
    deadline = time.monotonic() + 60
    while task in parents():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert tidied.exists() is tidies
