"""What an export costs as its columns grow: the same rows with 5, 10, 19 and 38 columns.

    python -m benchmarks.exports.growth_columns [--rows 1000000] [--rounds 3]

The report types are made of wallet_transactions: its first columns, or all of them twice, in a project of their own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.airflow.many_definitions import ManyDefinitions
from benchmarks.exports.export_commands import PROJECT, Commands, Measured
from benchmarks.exports.ledger import REPORT_TYPE, filled_ledger
from benchmarks.exports.one_export import BUCKET
from benchmarks.figures import Figure, keep
from devstack.s3 import S3Server

COLUMNS = (5, 10, 19, 38)
NEEDED = ("transaction_id", "occurred_at", "transaction_type", "points", "recorded_at")
"""What the report type's order, totals and late rows are made of."""


def report_type(columns: int) -> str:
    """The id of the report type of so many columns."""
    return f"ledger_of_{columns}"


def project_of(root: Path) -> Path:
    """A project with a report type for each number of columns."""
    ManyDefinitions(root).prepare()
    whole = yaml.safe_load((PROJECT / "report_types" / f"{REPORT_TYPE}.yaml").read_text())
    sql = (PROJECT / "include" / "sql" / f"{REPORT_TYPE}.sql").read_text()
    selected, joined = sql.split("FROM wallet_transactions t")
    for number in COLUMNS:
        columns, names = _columns(whole["columns"], number)
        made = {**whole, "id": report_type(number), "title": f"Ledger of {number}", "columns": columns}
        (root / "report_types" / f"{report_type(number)}.yaml").write_text(yaml.safe_dump(made, sort_keys=False))
        selection = ",\n    ".join(names)
        text = f"SELECT\n    {selection}\nFROM wallet_transactions t{joined}"
        (root / "include" / "sql" / f"{report_type(number)}.sql").write_text(text)
    assert selected.startswith("SELECT")  # noqa: S101 - what is replaced is the selection
    return root


def _columns(whole: list[dict[str, Any]], number: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The columns and what selects them."""
    order = sorted(whole, key=lambda column: column["name"] not in NEEDED)
    again = [{**column, "name": f"{column['name']}_again"} for column in order]
    for column in again:
        column.pop("total", None)
    chosen = [*order, *again][:number]
    return chosen, [_selected(column["name"]) for column in chosen]


def _selected(name: str) -> str:
    source = name.removesuffix("_again")
    return f"w.name AS {name}" if source == "wallet_name" else f"t.{source} AS {name}"


def figures(rounds: list[dict[int, Measured]], rows: int) -> Iterator[Figure]:
    """Seconds and memory of each number of columns."""
    for number in COLUMNS:
        took = statistics.median(each[number]["seconds"] for each in rounds)
        memory = statistics.median(each[number]["memory"] for each in rounds)
        name = f"{number} columns, {rows:,} rows to disk"
        per_cell = took / rows / number * 1e9
        told = f"{per_cell:.0f} ns a cell, {memory:.0f} MB above an idle task"
        yield Figure("Growth by columns", name, took, "s", note=told)


def main() -> None:
    """Measure every number of columns in turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.growth_columns")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory, filled_ledger(asked.rows) as ledger:
        home = Path(directory)
        with S3Server(log=home / "s3.log", port=0, buckets=[BUCKET]) as s3:
            commands = Commands(ledger, s3, home, project=project_of(home / "project"))
            rounds = [
                {number: commands.ours("download", asked.rows, report_type(number)) for number in COLUMNS}
                for _ in range(asked.rounds)
            ]
    keep("growth_columns", figures(rounds, asked.rows))


if __name__ == "__main__":
    main()
