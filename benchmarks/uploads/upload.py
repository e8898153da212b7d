"""Upload a large file to a server that discards it, beside the AWS command line.

    python -m benchmarks.uploads.upload [--gigabytes 1] [--rounds 5]

`aws s3 cp` is that of PyPI, in an environment of its own below .cache/, as it is configured by default. Of its time and
processor seconds those of a file of one byte are taken away, which it needs to start. The product's upload reads the
file first, to compare it with its manifest, as a delivery does. Memory is that of one upload of 5 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.exports.rounds import Rounds
from benchmarks.figures import Figure, keep
from benchmarks.uploads.one_upload import BUCKET

PROJECT = Path(__file__).resolve().parents[2]
AWSCLI = "awscli==1.45.11"
ENVIRONMENT = PROJECT / ".cache" / "awscli"
SUBJECT = "Upload to S3"
OURS, THEIRS = "ours", "aws s3 cp"
GOAL, MEMORY_GOAL = 1.3, 160.0
GB = 1_000_000_000
MEMORY_GIGABYTES = 5


@contextmanager
def discarding() -> Iterator[str]:
    """The server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.uploads.discarding_s3", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"http://127.0.0.1:{next(iter(server.stdout or ())).strip()}"
        finally:
            server.kill()


def aws() -> Path:
    """The AWS command line; it is installed where it is not there."""
    command = ENVIRONMENT / "bin" / "aws"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([ENVIRONMENT / "bin" / "pip", "install", "--quiet", AWSCLI], check=True)
    return command


def by_aws(url: str, path: Path) -> dict[str, float]:
    """What `aws s3 cp` takes, less than for a file of one byte."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def measured(source: Path) -> tuple[float, float]:
        command = [
            str(aws()),
            "--endpoint-url",
            url,
            "s3",
            "cp",
            "--only-show-errors",
            str(source),
            f"s3://{BUCKET}/aws",
        ]
        begun, used = time.perf_counter(), _of_children()
        subprocess.run(command, env=environment, check=True)
        return time.perf_counter() - begun, _of_children() - used

    small = path.with_name("small")
    small.write_bytes(b"a")
    start, whole = measured(small), measured(path)
    return {"seconds": whole[0] - start[0], "cpu": whole[1] - start[1]}


def by_the_product(url: str, path: Path) -> dict[str, float]:
    """What an upload takes, in a new process each time."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    connection = {
        "conn_type": "aws",
        "login": "any",
        "password": "any",
        "extra": {"endpoint_url": url, "region_name": "us-east-1"},
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PROMO_REPORTS_"))},
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}",
        "AIRFLOW_HOME": str(path.parent / "airflow"),
        "AIRFLOW_CONN_BI_EXPORTS_S3": json.dumps(connection),
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "benchmarks.uploads.one_upload", str(path), str(path.stat().st_size), sha256]
    ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    figures: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def measured(url: str, home: Path, gigabytes: int, rounds: int) -> Iterator[Figure]:
    """Alternate between the two, then upload once for the memory."""
    path, large = holes(home / "export.csv", gigabytes), holes(home / "large.csv", MEMORY_GIGABYTES)
    size = path.stat().st_size
    answer = Rounds(SUBJECT, {OURS: lambda: by_the_product(url, path), THEIRS: lambda: by_aws(url, path)})
    by_aws(url, path)
    answer.run(rounds)
    told = f"{gigabytes} GB, {AWSCLI.replace('==', ' ')}"
    for name, figure in (("time", "seconds"), ("processor time", "cpu")):
        ratios = answer.ratios(OURS, figure, to=THEIRS, to_figure=figure)
        yield from answer.figure(f"{name}, by that of {THEIRS}", ratios, "x", GOAL, note=told)
    for name, figure in (("time", "seconds"), ("processor time", "cpu")):
        for kind in (OURS, THEIRS):
            each = [value / size * GB for value in answer.values(kind, figure)]
            yield from answer.figure(f"{name}, {kind}", each, "s/GB")
    memory = by_the_product(url, large)["memory"]
    yield Figure(SUBJECT, f"memory above an idle task, {MEMORY_GIGABYTES} GB", memory, "MB", MEMORY_GOAL)


def holes(path: Path, gigabytes: int) -> Path:
    """Make a file of nothing but holes, which are read as fast as what is in memory."""
    with path.open("wb") as file:
        file.truncate(gigabytes * GB)
    return path


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads.upload")
    parser.add_argument("--gigabytes", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory, discarding() as url:
        keep("upload", measured(url, Path(directory), asked.gigabytes, asked.rounds))


if __name__ == "__main__":
    main()
