"""The whole way of an export, beside what PostgreSQL itself can send and what people do today.

    python -m benchmarks.exports.export_path [--rows 1000000 5000000 20000000] [--rounds 5] [--without ...]

Each round runs everything once, in turn, on the same rows; a figure is the median of its ratios to the `COPY` of the
same round, with the lowest and the highest. PostgreSQL, the rows and the S3 server are made first and removed at the
end. Each number of rows keeps figures of its own, so that some can be measured again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import filled_ledger
from benchmarks.exports.one_export import BUCKET
from benchmarks.exports.rounds import COPY, Rounds
from benchmarks.figures import Figure, keep
from devstack.s3 import S3Server

MILLION = 1_000_000
PANDAS_UP_TO = 5 * MILLION
"""Rows; SqlToS3Operator holds all of them in memory."""
MEMORY_GOAL = 160
LOCAL, S3, SAFE, GZIP, ZIP, PANDAS = "disk", "s3", "safe", "gzip", "zip", "sql_to_s3"


def measured(commands: Commands, rows: int, rounds: int, without: Collection[str]) -> Rounds:
    """Measure so many rows; the first COPY, which reads from disk, is not counted."""
    kinds: dict[str, Callable[[], Measured]] = {
        COPY: lambda: commands.copy(rows),
        LOCAL: lambda: commands.ours("download", rows),
        S3: lambda: commands.ours("s3", rows),
        SAFE: lambda: commands.ours("spreadsheet", rows),
    }
    if rows <= PANDAS_UP_TO:
        kinds |= {
            GZIP: lambda: commands.gzipped(rows),
            ZIP: lambda: commands.zipped(rows),
            PANDAS: lambda: commands.sql_to_s3(rows),
        }
    for each in without:
        kinds.pop(each, None)
    once = (ZIP, PANDAS)  # up to minutes a run, and far from every goal
    answer = Rounds(f"Export path, {rows:,} rows", kinds, once)
    commands.copy(rows)
    answer.run(rounds)
    return answer


def figures(rounds: Rounds, rows: int) -> Iterator[Figure]:
    """Each beside its goal."""
    large = rows >= PANDAS_UP_TO
    figure, values, ratios = rounds.figure, rounds.values, rounds.ratios
    per_second = f"{rows / rounds.median(COPY):,.0f} rows/s"
    yield from figure("COPY to /dev/null, the limit", values(COPY), "s", note=per_second)
    extracted = ratios(LOCAL, "Copied")
    yield from figure("extract: copy, split, deflate, write", extracted, "x COPY", 1.1 if large else None)
    yield from figure("count and totals", ratios(LOCAL, "Counted and summed"), "x COPY")
    yield from figure("second reading, after the copy", ratios(LOCAL, "Read again"), "x COPY")
    yield from figure("whole export to disk", ratios(LOCAL), "x COPY", 1.4 if large else 1.8)
    yield from figure("whole export to S3", ratios(S3), "x COPY", 1.9 if large else None)
    yield from figure("whole export to disk, text cells made safe", ratios(SAFE), "x COPY", 1.6 if large else 2.0)
    for kind, name in ((LOCAL, "to disk"), (S3, "to S3"), (SAFE, "to disk, made safe")):
        yield from figure(f"memory {name}, above an idle task", values(kind, "memory"), "MB", MEMORY_GOAL)
    yield from figure("psql | gzip -1, nothing split or checked", ratios(GZIP), "x COPY")
    faster = ratios(GZIP, to=LOCAL)
    yield from figure("whole export to disk is faster than psql | gzip -1", faster, "times", 1, at_least=True)
    yield from figure("psql | zip -6, nothing split or checked", ratios(ZIP), "x COPY")
    yield from figure("SqlToS3Operator", ratios(PANDAS), "x COPY")
    yield from figure("SqlToS3Operator, memory", values(PANDAS, "memory"), "MB")
    slower = ratios(PANDAS, to=LOCAL, to_figure="Copied")
    goal = 14 if large else None
    yield from figure("extract is faster than SqlToS3Operator", slower, "times", goal, at_least=True)
    yield from figure("whole export to S3 is faster than SqlToS3Operator", ratios(PANDAS, to=S3), "times")


def growth(few: Rounds, rows: int, many: Rounds, more_rows: int) -> Iterator[Figure]:
    """Time and memory against rows: what the largest takes for each row, beside the smallest."""
    name = f"{more_rows:,} rows beside {rows:,}"
    for kind, called in ((COPY, COPY), (LOCAL, "to disk"), (SAFE, "to disk, made safe"), (S3, "to S3")):
        if kind in many.kinds:
            grown = many.median(kind) / more_rows / (few.median(kind) / rows)
            yield Figure("Growth by rows", f"{called}: seconds per row, {name}", grown, "x")
    for kind, called in ((LOCAL, "to disk"), (SAFE, "to disk, made safe"), (S3, "to S3")):
        if kind in many.kinds:
            here, there = few.median(kind, "memory"), many.median(kind, "memory")
            told = f"{here:.0f} and {there:.0f} MB above an idle task"
            differs = abs(there / here - 1) * 100
            yield Figure("Growth by rows", f"{called}: memory differs, {name}", differs, "%", 10, note=told)


def main() -> None:
    """Measure every number of rows, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.export_path")
    parser.add_argument("--rows", type=int, nargs="+", default=[MILLION, 5 * MILLION, 20 * MILLION])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", nargs="+", choices=[S3, SAFE, GZIP, ZIP, PANDAS], default=[])
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        home = Path(directory)
        print(f"generating {max(asked.rows):,} rows", flush=True)
        with (
            filled_ledger(max(asked.rows)) as ledger,
            S3Server(log=home / "s3.log", port=0, buckets=[BUCKET]) as s3,
        ):
            commands = Commands(ledger, s3, home)
            all_rounds = {}
            for rows in sorted(asked.rows):
                all_rounds[rows] = measured(commands, rows, asked.rounds, asked.without)
                keep(f"export_path_{rows // MILLION}m", figures(all_rounds[rows], rows))
    if len(all_rounds) > 1:
        few, many = min(all_rounds), max(all_rounds)
        keep("growth_rows", growth(all_rounds[few], few, all_rounds[many], many))


if __name__ == "__main__":
    main()
