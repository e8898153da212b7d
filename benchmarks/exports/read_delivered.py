"""What it costs to read a delivered export verified, beside pyarrow over the bare file.

    python -m benchmarks.exports.read_delivered [--rows 1000000] [--rounds 5]

Each round reads the same export in a process of its own in each way: `promo_reports.read`, `promo_reports.batches`, and
pyarrow's `read_csv` of the same types over the members of the ZIP through Python's zipfile, and over CSVs that were
unpacked before, which checks nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import filled_ledger
from benchmarks.exports.one_export import BUCKET
from benchmarks.exports.rounds import Rounds
from benchmarks.figures import Figure, keep
from devstack.memory import peak
from devstack.s3 import S3Server

READ, BATCHES = "promo_reports.read", "promo_reports.batches"
BARE, UNPACKED = "pyarrow over the bare file", "pyarrow over the unpacked CSVs"
GOAL = 1.2


def _read(manifest: Path, schema: Any) -> int:
    import promo_reports

    return int(promo_reports.read(str(manifest)).num_rows)


def _batches(manifest: Path, schema: Any) -> int:
    import promo_reports

    return sum(batch.num_rows for batch in promo_reports.batches(str(manifest)))


def _bare(manifest: Path, schema: Any) -> int:
    (file,) = json.loads(manifest.read_text())["files"]
    if not file["members"]:
        with (manifest.parent / file["name"]).open("rb") as csv:
            return int(_parsed([csv], schema).num_rows)
    with zipfile.ZipFile(manifest.parent / file["name"]) as archive:
        return int(_parsed(map(archive.open, archive.namelist()), schema).num_rows)


def _unpacked(manifest: Path, schema: Any) -> int:
    return int(_parsed(sorted((manifest.parent / "unpacked").iterdir()), schema).num_rows)


def _parsed(files: Any, schema: Any) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    convert = csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    return pa.concat_tables([csv.read_csv(file, parse_options=parse, convert_options=convert) for file in files])


WAYS: dict[str, Callable[[Path, Any], int]] = {READ: _read, BATCHES: _batches, BARE: _bare, UNPACKED: _unpacked}


def child(way: str, manifest: Path) -> None:
    """Read the export once, and print what it took: libraries are loaded before."""
    import pyarrow.csv  # noqa: F401

    from promo_reports.domain.manifest import Manifest
    from promo_reports.reading.read import read  # noqa: F401
    from promo_reports.reading.rows import file_formats, originals  # noqa: F401
    from promo_reports.reading.rows.column_types import schema_of

    schema = schema_of(Manifest.from_json(manifest.read_bytes()), b"", columns=None, types=None)
    idle, used, begun = peak(), time.process_time(), time.perf_counter()
    rows = WAYS[way](manifest, schema)
    took = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used, "memory": peak() - idle}
    print(json.dumps({"rows": rows, **took}))


def measured(way: str, manifest: Path) -> Measured:
    """One way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.exports.read_delivered", "--child", way, "--manifest", str(manifest)]
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}"}
    ended = subprocess.run(command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    found: Measured = json.loads(ended.stdout)
    return found


def figures(answer: Rounds, rows: int) -> Iterator[Figure]:
    """Each way beside the bare file."""
    for way, goal in ((READ, GOAL), (BATCHES, None), (UNPACKED, None)):
        note = f"{rows:,} rows, {answer.median(way, 'cpu'):.1f} s of processor time"
        yield from answer.figure(f"{way}, by {BARE}", answer.ratios(way, to=BARE), "x", goal, note=note)
    for way in WAYS:
        yield from answer.figure(way, answer.values(way), "s")
    for way in (READ, BATCHES, BARE):
        yield from answer.figure(f"memory above idle, {way}", answer.values(way, "memory"), "MB")


def main() -> None:
    """Measure, or be the process that is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.read_delivered")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--manifest", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    if asked.child:
        child(asked.child, asked.manifest)
        return
    with (
        tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory,
        S3Server(log=Path(directory) / "s3.log", port=0, buckets=[BUCKET]) as s3,
        filled_ledger(asked.rows) as ledger,
    ):
        manifest = Commands(ledger, s3, Path(directory)).delivered(asked.rows)
        (file,) = json.loads(manifest.read_text())["files"]
        unpacked = manifest.parent / "unpacked"
        if file["members"]:
            with zipfile.ZipFile(manifest.parent / file["name"]) as archive:
                archive.extractall(unpacked)
        else:
            unpacked.mkdir()
            (unpacked / file["name"]).hardlink_to(manifest.parent / file["name"])
        answer = Rounds(
            f"Reading a delivered export of {asked.rows:,} rows",
            {way: lambda way=way: measured(way, manifest) for way in WAYS},  # type: ignore[misc]
        )
        answer.run(asked.rounds)
        keep(f"read_delivered_{asked.rows // 1_000_000}m", figures(answer, asked.rows))


if __name__ == "__main__":
    main()
