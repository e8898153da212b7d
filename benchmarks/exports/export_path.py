"""The whole way of an export, beside what PostgreSQL itself can send and what people do today.

    python -m benchmarks.exports.export_path [--rows 1000000 5000000 20000000] [--rounds 3]

Each round runs everything once, in turn, on the same rows; a figure is the median of its ratios to the `COPY` of the
same round. PostgreSQL, the rows and the S3 server are made first and removed at the end.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import filled_ledger
from benchmarks.exports.one_export import BUCKET
from benchmarks.figures import Figure, keep, number
from devstack.s3 import S3Server

MILLION = 1_000_000
PANDAS_UP_TO = 5 * MILLION
"""Rows; SqlToS3Operator holds all of them in memory."""
SUBJECT = "Export path"
COPY, LOCAL, S3, SAFE, ZIP, PANDAS = (
    "COPY to /dev/null",
    "to disk",
    "to S3",
    "spreadsheet",
    "psql | zip",
    "SqlToS3Operator",
)
Round = dict[str, Measured]


class Rounds:
    """What was measured with so many rows, a dictionary for each round."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.all: list[Round] = []

    def run(self, commands: Commands, rounds: int) -> None:
        """Measure; the first COPY, which reads from disk, is not counted."""
        kinds: dict[str, Callable[[int], Measured]] = {
            COPY: commands.copy,
            LOCAL: lambda rows: commands.ours("download", rows),
            S3: lambda rows: commands.ours("s3", rows),
        }
        if self.rows <= PANDAS_UP_TO:
            kinds |= {
                SAFE: lambda rows: commands.ours("spreadsheet", rows),
                ZIP: commands.zipped,
                PANDAS: commands.sql_to_s3,
            }
        commands.copy(self.rows)
        for number_of_round in range(1, rounds + 1):
            self.all.append({})
            if number_of_round > 1 and self.rows > MILLION:
                kinds.pop(PANDAS, None)  # two minutes a run, and far from every goal: once will do
            for kind, measure in kinds.items():
                measured = self.all[-1][kind] = measure(self.rows)
                told = ", ".join(f"{name} {number(value)}" for name, value in measured.items())
                print(f"  {self.rows:>10,} rows, round {number_of_round}: {kind:18} {told}", flush=True)

    def median(self, kind: str, figure: str = "seconds") -> float:
        """Of a figure, in its own unit."""
        return statistics.median(each[kind][figure] for each in self.all if kind in each)

    def ratio(self, kind: str, figure: str = "seconds", to: str = COPY) -> float:
        """The median of the ratios within each round."""
        measured = (each for each in self.all if kind in each and to in each)
        return statistics.median(each[kind][figure] / each[to]["seconds"] for each in measured)

    def figures(self) -> Iterator[Figure]:
        """Each beside its goal; the goals are for 5 and 20 million rows."""
        at = f"{self.rows:,} rows"
        large = self.rows >= PANDAS_UP_TO

        def figure(name: str, value: float, unit: str, goal: float | None = None, **more: object) -> Figure:
            return Figure(SUBJECT, f"{name}, {at}", value, unit, goal, **more)  # type: ignore[arg-type]

        copied = self.median(COPY)
        yield figure("COPY to /dev/null, the limit", copied, "s", note=f"{self.rows / copied:,.0f} rows/s")
        yield figure(
            "extract: copy, split, deflate, write", self.ratio(LOCAL, "Copied"), "x COPY", 1.10 if large else None
        )
        yield figure("count and totals", self.ratio(LOCAL, "Counted and summed"), "x COPY")
        yield figure("second reading", self.ratio(LOCAL, "Read again"), "x COPY")
        yield figure("whole export to disk", self.ratio(LOCAL), "x COPY", 1.6 if large else None)
        yield figure("whole export to S3", self.ratio(S3), "x COPY", 1.9 if large else None)
        yield figure("memory to disk, above an idle task", self.median(LOCAL, "memory"), "MB", 160)
        yield figure("memory to S3, above an idle task", self.median(S3, "memory"), "MB", 160)
        if PANDAS in self.all[0]:
            yield figure("whole export to disk, text cells made safe", self.ratio(SAFE), "x COPY")
            yield figure("psql | zip -6, nothing split or checked", self.ratio(ZIP), "x COPY")
            once = "one run" if self.rows > MILLION else ""
            yield figure("SqlToS3Operator", self.ratio(PANDAS), "x COPY", note=once)
            yield figure("SqlToS3Operator, memory", self.median(PANDAS, "memory"), "MB")
            faster = 1 / self.ratio(LOCAL, "Copied", to=PANDAS)
            yield figure(
                "extract is faster than SqlToS3Operator", faster, "times", 14 if large else None, at_least=True
            )
            whole = 1 / self.ratio(S3, to=PANDAS)
            yield figure("whole export to S3 is faster than SqlToS3Operator", whole, "times", at_least=True)


def growth(all_rounds: list[Rounds]) -> Iterator[Figure]:
    """Time and memory against rows: what the largest takes for each row, beside the smallest."""
    few, many = all_rounds[0], all_rounds[-1]
    name = f"{many.rows:,} rows beside {few.rows:,}"
    for kind in (COPY, LOCAL, S3):
        grown = many.median(kind) / many.rows / (few.median(kind) / few.rows)
        yield Figure("Growth", f"{kind}: seconds per row, {name}", grown, "x")
    for kind in (LOCAL, S3):
        more = many.median(kind, "memory") - few.median(kind, "memory")
        yield Figure("Growth", f"{kind}: memory, {name}", more, "MB more")


def main() -> None:
    """Measure every number of rows, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.export_path")
    parser.add_argument("--rows", type=int, nargs="+", default=[MILLION, 5 * MILLION, 20 * MILLION])
    parser.add_argument("--rounds", type=int, default=3)
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
            measured = [Rounds(rows) for rows in sorted(asked.rows)]
            for each in measured:
                each.run(commands, asked.rounds)
    keep("export_path", (figure for each in measured for figure in each.figures()))
    if len(measured) > 1:
        keep("growth_rows", growth(measured))


if __name__ == "__main__":
    main()
