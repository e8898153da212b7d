"""An export on several connections beside the same on one, from a server that is fast or slow per connection.

    python -m benchmarks.exports.parallel_ranges [--rows 5000000] [--rounds 2] [--rates 0 60 30]

A rate is in MB/s on each connection (`devstack.tcp_proxy`), 0 is none. Each export is a process of its own, and
each round runs everything once, in turn; a figure is the median of its ratios to one connection at the same rate in the
same round. The proxy, the server and the export share this machine's cores.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import Table, filled_ledger
from benchmarks.exports.one_export import BUCKET
from benchmarks.figures import Figure, keep, number
from devstack.s3 import S3Server
from devstack.tcp_proxy import rate_limited

SUBJECT = "Parallel ranges"
CONNECTIONS = (1, 2, 4)
MEGABYTE = 1_000_000
Round = dict[tuple[int, int], Measured]
"""What was measured, by rate and connections."""


def measured(commands: Commands, ledger: Table, rates: list[int]) -> Round:
    """Every rate with every number of connections, once."""
    url = ledger.promo.reader_url
    port = int(re.findall(r":(\d+)/", url)[0])
    answer: Round = {}
    for rate in rates:
        with rate_limited(port, rate * MEGABYTE) as slow:
            for connections in CONNECTIONS:
                commands.environment |= {
                    "AIRFLOW_CONN_PROMO_DB": url.replace(f":{port}/", f":{slow if rate else port}/"),
                    "PROMO_REPORTS_CONNECTIONS_PER_EXPORT": str(connections),
                }
                got = answer[rate, connections] = commands.ours("download", ledger.rows)
                told = ", ".join(f"{name} {number(value)}" for name, value in got.items())
                print(f"  {rate or 'no'} MB/s, {connections} connections: {told}", flush=True)
    return answer


def figures(rounds: list[Round], rows: int) -> Iterator[Figure]:
    """Ratios of the copy stage and of the whole export, and memory; there are no goals."""
    for rate, connections in rounds[0]:
        at = f"{rate} MB/s each" if rate else "no limit"
        every = [(each[rate, connections], each[rate, 1]) for each in rounds]

        def figure(name: str, values: list[float], unit: str, at: str = f"{connections} connections, {at}") -> Figure:
            return Figure(SUBJECT, f"{name}, {at}", statistics.median(values), unit, note=f"{rows:,} rows")

        if connections == 1:
            yield figure("copy", [one["Copied"] for one, _ in every], "s", f"1 connection, {at}")
        else:
            yield figure("copy is faster", [one["Copied"] / several["Copied"] for several, one in every], "times")
            yield figure(
                "whole export", [one["seconds"] / several["seconds"] for several, one in every], "times faster"
            )
        yield figure("memory above an idle task", [several["memory"] for several, _ in every], "MB")


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.parallel_ranges")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rates", type=int, nargs="+", default=[0, 60, 30])
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        home = Path(directory)
        print(f"generating {asked.rows:,} rows", flush=True)
        with filled_ledger(asked.rows) as ledger, S3Server(log=home / "s3.log", port=0, buckets=[BUCKET]) as s3:
            commands = Commands(ledger, s3, home)
            commands.copy(asked.rows)
            rounds = [measured(commands, ledger, asked.rates) for _ in range(asked.rounds)]
    keep("parallel_ranges", figures(rounds, asked.rows))


if __name__ == "__main__":
    main()
