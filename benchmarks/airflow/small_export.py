"""What an export of 10,000 rows waits for, on a warm system: real scheduler, dag-processor, api-server.

    python -m benchmarks.airflow.small_export [--runs 20]

A run is started through Airflow's API and ends when Airflow calls it a success. Where its seconds go is read from
Airflow's own times of the run and of its two tasks, and from what the pipeline logs. The file goes to a bucket: the
dearer of the two destinations, because a task that talks to it loads boto3.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.exports.ledger import DAY_AFTER, FILTERS, FIRST_DAY, REPORT_TYPE, fill
from benchmarks.exports.one_export import STAGE, TO_BUCKET, conf
from benchmarks.figures import Figure, keep
from devstack.airflow_client import AirflowClient
from devstack.stack import Stack
from include.demo.data.clock import midnight

ROWS = 10_000
SUBJECT = "Small export"
DAG = f"promo_reports.type.{REPORT_TYPE}"
CONF = {**conf("s3", midnight(FIRST_DAY), midnight(DAY_AFTER), FILTERS), "delivery": [TO_BUCKET]}


def one_run(api: AirflowClient) -> dict[str, float]:
    """Seconds of one export, by what it waits for, in their order."""
    begun = time.time()
    run_id = api.trigger(DAG, CONF)
    ended = api.wait_for_run(DAG, run_id, interval=0.05)
    seen = time.time()
    if not ended.succeeded:
        raise SystemExit(f"Run {run_id} ended as {ended.state}:\n{api.task_log(DAG, run_id, 'extract')}")
    run = api.run(DAG, run_id)
    tasks = {each["task_id"]: each for each in api.task_instances(DAG, run_id)}
    moments = [
        ("trigger until extract is queued", _of(tasks["extract"], "queued_when")),
        ("queued until extract starts", _of(tasks["extract"], "start_date")),
        ("extract", _of(tasks["extract"], "end_date")),
        ("extracted until deliver is queued", _of(tasks["deliver"], "queued_when")),
        ("queued until deliver starts", _of(tasks["deliver"], "start_date")),
        ("deliver", _of(tasks["deliver"], "end_date")),
        ("delivered until the run is a success", _of(run, "end_date")),
    ]
    found: dict[str, float] = {}
    before = begun
    for name, at in moments:
        found[name] = at - before
        before = at
    found["in all"] = seen - begun
    log = api.task_log(DAG, run_id, "extract")
    found["of extract: count, copy, second reading"] = sum(float(seconds) for _, seconds in STAGE.findall(log))
    return found


def _of(what: dict[str, Any], key: str) -> float:
    return datetime.fromisoformat(what[key]).timestamp()


def figures(runs: list[dict[str, float]]) -> Iterator[Figure]:
    """The whole beside its goal, then its parts."""
    whole = [each["in all"] for each in runs]
    name = f"trigger to success, {ROWS:,} rows to S3"
    yield Figure(SUBJECT, f"{name}, median of {len(runs)}", statistics.median(whole), "s", 6.0)
    yield Figure(SUBJECT, f"{name}, most", max(whole), "s")
    for part in runs[0]:
        if part != "in all":
            yield Figure(SUBJECT, part, statistics.median(each[part] for each in runs), "s")


def main() -> None:
    """Start everything, warm it up with two exports, measure, stop."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow.small_export")
    parser.add_argument("--runs", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-") as directory:
        stack = Stack(Path(directory) / "stack", load_promo=False, durable=False, any_port=True, progress=print)
        try:
            stack.launch()
            fill(stack.promo, ROWS)
            stack.wait_ready()
            with stack.airflow.api() as api:
                api.wait_for_dag(DAG)
                for _ in range(2):
                    one_run(api)
                runs = [one_run(api) for _ in range(asked.runs)]
        finally:
            stack.destroy()
    keep("small_export", figures(runs))


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2] / "plugins"))
    main()
