"""Whole exports of tables of several shapes, beside what PostgreSQL can send and what a shell makes of it.

    python -m benchmarks.exports.shapes [--shapes wide40 json8] [--scale 0.1] [--rounds 5] [--gzip-once]

Each round runs everything once, in turn, on the same rows; a figure is the median of its ratios to the `COPY` of the
same round, with the lowest and the highest. Each shape keeps figures of its own, so that some can be measured again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import promo_database
from benchmarks.exports.one_export import BUCKET
from benchmarks.exports.rounds import COPY, Rounds
from benchmarks.exports.shape_tables import SHAPES, made, project_of
from benchmarks.figures import Figure, keep
from devstack.s3 import S3Server

MEMORY_GOAL = 160
GOALS = {"ledger19": (1.4, 1.6), "wide40": (1.9, 2.2)}
OTHER_GOALS = (2.2, 2.4)
"""Of a whole export by its COPY: raw, and for download with text cells made safe."""
RAW, SAFE, GZIP = "raw", "made safe", "psql | gzip -1"
STAGES = {"Counted and summed": "count and totals", "Copied": "copy", "Read again": "second reading, after the copy"}


def measured(name: str, commands: Commands, rounds: int, once: Collection[str]) -> Iterator[Figure]:
    """Measure one table; the first COPY, which reads from disk, tells the bytes and is not timed."""
    rows, shape = commands.table.rows, SHAPES[name]
    size = f"{rows:,} rows, {commands.csv_bytes(rows) / 1e6:,.0f} MB of CSV"
    kinds: dict[str, Callable[[], Measured]] = {
        COPY: lambda: commands.copy(rows),
        RAW: lambda: commands.ours("download", rows),
        SAFE: lambda: commands.ours("spreadsheet", rows),
        GZIP: lambda: commands.gzipped(rows),
    }
    answer = Rounds(f"Shape {name}: {shape.title if shape else '19 columns of the ledger'}", kinds, once)
    answer.run(rounds)
    return figures(answer, size, *GOALS.get(name, OTHER_GOALS))


def figures(rounds: Rounds, size: str, raw_goal: float, safe_goal: float) -> Iterator[Figure]:
    """Each beside its goal."""
    figure, values, ratios = rounds.figure, rounds.values, rounds.ratios
    yield from figure("COPY to /dev/null, the limit", values(COPY), "s", note=size)
    yield from figure("whole export, raw", ratios(RAW), "x COPY", raw_goal)
    yield from figure("whole export for download, made safe", ratios(SAFE), "x COPY", safe_goal)
    yield from figure("psql | gzip -1, nothing split or checked", ratios(GZIP), "x COPY")
    faster = ratios(GZIP, to=RAW)
    yield from figure("whole export, raw, is faster than psql | gzip -1", faster, "times", 1, at_least=True)
    for kind in (RAW, SAFE):
        for stage, called in STAGES.items():
            yield from figure(f"{kind}: {called}", ratios(kind, stage), "x COPY")
    for kind in (RAW, SAFE):
        yield from figure(f"{kind}: memory above an idle task", values(kind, "memory"), "MB", MEMORY_GOAL)
    for kind in (RAW, SAFE, GZIP):
        yield from figure(f"{kind}: processor time", values(kind, "cpu"), "s", note="without the server's")


def main() -> None:
    """Measure shape after shape, each in a PostgreSQL of its own, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.shapes")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--scale", type=float, default=1, help="part of the rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gzip-once", action="store_true", help="run psql | gzip -1 in the first round alone")
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        home = Path(directory)
        project = project_of(home / "project")
        with S3Server(log=home / "s3.log", port=0, buckets=[BUCKET]) as s3:
            for name in asked.shapes:
                with promo_database() as (server, promo):
                    commands = Commands(made(name, server, promo, asked.scale), s3, home, project=project)
                    keep(f"shapes_{name}", measured(name, commands, asked.rounds, [GZIP] if asked.gzip_once else []))


if __name__ == "__main__":
    main()
