"""Uploads by the product, each in a process of its own, to servers of this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.uploads.one_upload import CONNECTION

PROJECT = Path(__file__).resolve().parents[2]
GB = 1_000_000_000


@contextmanager
def discarding(protocol: str) -> Iterator[dict[str, Any]]:
    """The server `discarding_<protocol>` in a process of its own: the Airflow connection to it."""
    command = [sys.executable, "-m", f"benchmarks.uploads.discarding_{protocol}"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield json.loads(next(iter(server.stdout or ())))
        finally:
            server.kill()


def holes(path: Path, gigabytes: float) -> Path:
    """Make a file of nothing but holes, which are read as fast as what is in memory."""
    with path.open("wb") as file:
        file.truncate(int(gigabytes * GB))
    return path


def upload(
    kind: str, place: str, connection: Mapping[str, Any], path: Path, *, python: str = sys.executable
) -> dict[str, float]:
    """What an upload takes: the figures of `one_upload`."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PROMO_REPORTS_"))},
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}",
        "AIRFLOW_HOME": str(path.parent / "airflow"),
        f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps(connection),
        "NO_PROXY": "127.0.0.1",
    }
    command = [python, "-m", "benchmarks.uploads.one_upload", kind, place, str(path), str(path.stat().st_size), sha256]
    ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    figures: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return figures
