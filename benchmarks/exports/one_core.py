"""What the second reading costs where the export has one core and the server another.

    python -m benchmarks.exports.one_core [--shapes ledger19 wide40] [--scale 0.1] [--rounds 5]

PostgreSQL and a proxy that passes 100 MB a second are pinned to one core, the export to another. Each round runs the
export as it is, and again with the second reading left out (`without_second_reading`). Processor seconds of both are
told: a reader that has a core to itself ends that much sooner.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import promo_database
from benchmarks.exports.one_export import BUCKET
from benchmarks.exports.rounds import Rounds
from benchmarks.exports.shape_tables import SHAPES, made, project_of
from benchmarks.figures import Figure, keep
from devstack.s3 import S3Server
from devstack.tcp_proxy import rate_limited

MEASURED = ("ledger19", "wide40")
MEGABYTES_PER_SECOND = 100
GOAL = 1.15
READ, UNREAD = "as it is", "without the second reading"


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """Pin what this thread starts to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measured(name: str, commands: Commands, rounds: int) -> Iterator[Figure]:
    """Measure one table through the proxy."""
    rows = commands.table.rows

    def export(*, read: bool) -> Measured:
        return commands.ours("download", rows, second_reading=read)

    answer = Rounds(
        f"Second reading on one core, {name}",
        {READ: lambda: export(read=True), UNREAD: lambda: export(read=False)},
    )
    export(read=True)
    answer.run(rounds)
    figure, values = answer.figure, answer.values
    told = f"{rows:,} rows at {MEGABYTES_PER_SECOND} MB/s"
    ratios = answer.ratios(READ, to=UNREAD)
    yield from figure(f"whole export, by the same {UNREAD}", ratios, "x", GOAL, note=told)
    for kind in (READ, UNREAD):
        yield from figure(f"whole export, {kind}", values(kind), "s")
    for kind in (READ, UNREAD):
        yield from figure(f"processor time, {kind}", values(kind, "cpu"), "s")
    yield from figure("second reading, after the copy", values(READ, "Read again"), "s")


def main() -> None:
    """Measure shape after shape, and keep the figures of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.one_core")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(MEASURED))
    parser.add_argument("--scale", type=float, default=1, help="part of the rows")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("Two cores are needed, one for the server and one for the export.")
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        home = Path(directory)
        project = project_of(home / "project")
        for name in asked.shapes:
            with (
                pinned(cores[0]),
                S3Server(log=home / "s3.log", port=0, buckets=[BUCKET]) as s3,
                promo_database() as (server, promo),
                rate_limited(server.port, MEGABYTES_PER_SECOND * 1_000_000) as slow,
            ):
                commands = Commands(made(name, server, promo, asked.scale), s3, home, project=project)
                url = promo.reader_url.replace(f":{server.port}/", f":{slow}/")
                commands.environment["AIRFLOW_CONN_PROMO_DB"] = url
                with pinned(cores[1]):
                    keep(f"one_core_{name}", measured(name, commands, asked.rounds))


if __name__ == "__main__":
    main()
