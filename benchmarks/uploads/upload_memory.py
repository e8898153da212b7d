"""What a large file takes in memory on its way to a destination of each kind.

    python -m benchmarks.uploads.upload_memory [--gigabytes 5]

Each kind has one upload in a process of its own, which runs in the environment of `make test-clouds`, where the
libraries of all kinds are. S3, Google and Azure are servers over HTTP that discard what they get. SFTP is Debian's
sshd, which writes the file to this machine's disk, as the download area does. The peak is that of the process alone,
above a task that has loaded what every task loads, and no destination's library.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, keep
from benchmarks.uploads.by_the_product import PROJECT, discarding, holes, upload
from devstack.sftp import SftpServer

CLOUDS = PROJECT / ".cache" / "clouds" / "bin" / "python"
SUBJECT = "Memory of a delivery to every destination"
GOAL = 160.0

Place = tuple[str, Mapping[str, Any]]
"""The name of a bucket, or a directory, and the Airflow connection to it."""


@contextmanager
def _discarded(protocol: str, home: Path) -> Iterator[Place]:
    with discarding(protocol) as connection:
        yield "bi-exports", connection


@contextmanager
def _over_ssh(home: Path) -> Iterator[Place]:
    with SftpServer(home / "sftp", port=0) as server:
        extra = {"private_key": server.private_key, "host_key": server.host_key}
        connection = {"conn_type": "sftp", "host": "127.0.0.1", "port": server.port, "login": server.login}
        yield "files.partner.example", {**connection, "extra": extra}


@contextmanager
def _on_this_disk(home: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(dir=home) as directory:
        yield directory, {"conn_type": "fs"}


KINDS: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "amazon_s3": partial(_discarded, "s3"),
    "google_cloud_storage": partial(_discarded, "google"),
    "azure_blob": partial(_discarded, "azure"),
    "sftp": _over_ssh,
    "download": _on_this_disk,
}
"""What stands in for a destination of each kind; it is made below a directory, and removed with what it got."""


def measured(home: Path, gigabytes: float) -> Iterator[Figure]:
    """One upload to each."""
    path = holes(home / "export.csv", gigabytes)
    for kind, made in KINDS.items():
        with made(home) as (place, connection):
            took = upload(kind, place, connection, path, python=str(CLOUDS))
        told = f"{took['client']:.0f} MB before the first byte"
        yield Figure(SUBJECT, f"{kind}, {gigabytes:g} GB", took["memory"], "MB", GOAL, note=told)


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads.upload_memory")
    parser.add_argument("--gigabytes", type=float, default=5)
    asked = parser.parse_args()
    if not CLOUDS.exists():
        raise SystemExit(f"There is no {CLOUDS}: make test-clouds makes it.")
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        keep("upload_memory", measured(Path(directory), asked.gigabytes))


if __name__ == "__main__":
    main()
