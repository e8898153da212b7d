"""Upload a large file to a server that discards it, beside the AWS command line.

    python -m benchmarks.uploads.upload [--gigabytes 5] [--rounds 5]

`aws s3 cp` is that of PyPI, in an environment of its own below .cache/, as it is configured by default. Of its time and
processor seconds those of a file of one byte are taken away, which it needs to start. The product's upload reads the
file first, to compare it with its manifest, as a delivery does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.exports.rounds import Rounds
from benchmarks.figures import Figure, keep
from benchmarks.uploads.by_the_product import GB, PROJECT, discarding, holes, upload

AWSCLI = "awscli==1.45.11"
ENVIRONMENT = PROJECT / ".cache" / "awscli"
BUCKET = "bi-exports"
SUBJECT = "Upload to S3"
OURS, THEIRS = "ours", "aws s3 cp"
GOAL = 1.3


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


def measured(connection: Mapping[str, Any], home: Path, gigabytes: int, rounds: int) -> Iterator[Figure]:
    """Alternate between the two."""
    path, url = holes(home / "export.csv", gigabytes), connection["extra"]["endpoint_url"]
    kinds = {OURS: lambda: upload("amazon_s3", BUCKET, connection, path), THEIRS: lambda: by_aws(url, path)}
    answer = Rounds(SUBJECT, kinds)
    by_aws(url, path)
    answer.run(rounds)
    told = f"{gigabytes} GB, {AWSCLI.replace('==', ' ')}"
    for name, figure in (("time", "seconds"), ("processor time", "cpu")):
        ratios = answer.ratios(OURS, figure, to=THEIRS, to_figure=figure)
        yield from answer.figure(f"{name}, by that of {THEIRS}", ratios, "x", GOAL, note=told)
    for name, figure in (("time", "seconds"), ("processor time", "cpu")):
        for kind in (OURS, THEIRS):
            each = [value / path.stat().st_size * GB for value in answer.values(kind, figure)]
            yield from answer.figure(f"{name}, {kind}", each, "s/GB")


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads.upload")
    parser.add_argument("--gigabytes", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory, discarding("s3") as connection:
        keep("upload", measured(connection, Path(directory), asked.gigabytes, asked.rounds))


if __name__ == "__main__":
    main()
