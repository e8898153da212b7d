"""What a store of ten thousand created reports in a bucket costs: a host without a copy, an idle poll, a change.

    python -m benchmarks.airflow.store_in_bucket [--reports 10000]

The bucket is moto's on this machine, which answers some hundred requests a second; requests are counted where boto3
sends them. A task start is a process of its own that knows the store from an Airflow connection, as a worker does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.figures import Figure, keep
from devstack.s3 import S3Server

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "promo-reports"
SUBJECT = "Store of created reports in a bucket"
DEFINITION = """\
id: {id}
name: Report {id} of what the wallet's members did
report_type: wallet_transactions
owner: growth@example.com
filters: {{wallet: grocery-rewards, transaction_type: [credit, debit]}}
frequency: {{interval: daily, delivery_time: "06:00"}}
delivery:
- partner_export: {{partner: amazon_s3, bucket: bi-exports}}
created_at: "2026-11-30T08:00:00+00:00"
created_by: ada@example.com
"""
TASK_START = """
import json, os, resource, sys, time
sys.path.insert(0, os.environ["PACKAGE"])
begun = time.process_time()
from promo_reports.definitions.store.stored_reports import store_of
from promo_reports.settings import Settings
store = store_of(Settings.from_environment(os.environ))
imported = time.process_time()
store.revision()
store.read("report_7"); store.marks("report_7")
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.process_time() - imported, usage.ru_maxrss / 1024]))
"""


def main(reports: int) -> None:
    """Measure each step, and keep the figures."""
    sys.path.insert(0, str(ROOT / "plugins"))
    with tempfile.TemporaryDirectory() as scratch, S3Server(log=Path(scratch) / "s3.log", port=0) as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        keep("store_in_bucket", _measured(server, client, Path(scratch), reports))


def _measured(server: S3Server, client: Any, scratch: Path, reports: int) -> Iterator[Figure]:
    from promo_reports.definitions.store import lifecycle
    from promo_reports.definitions.store.stored_reports import NEEDED, StoredReports
    from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
    from promo_reports.object_stores.small_folders import SmallFolders, watch

    sent: list[str] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.url))

    def host(name: str) -> StoredReports:
        store = AmazonS3Store("store_s3", BUCKET, "created", client=lambda: client)
        return StoredReports(SmallFolders(store, NEEDED, address=f"s3://{BUCKET}/created", copy=scratch / name))

    def step(name: str, taken: Callable[[], object], most: int | None = None) -> Figure:
        time.sleep(1.1 * watch.ASKED_AGAIN_AFTER)
        sent.clear()
        begun, cpu = time.monotonic(), time.process_time()
        taken()
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        told = f"{seconds:,.2f} s, {cpu:,.2f} s of processor time here"
        return Figure(SUBJECT, name, len(sent), "requests", most, note=told)

    first = host("first")
    first.prepare()
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda number: _put(client, f"report_{number}"), range(reports)):
            pass
    reader, writer = host("reader"), host("writer")

    def idle_refresh() -> None:
        reader.revision()
        reader.contents()

    yield step(f"a host without a copy lists {reports:,} reports", reader.revision)
    yield step("it reads every definition, once", reader.fetch)
    yield step("a host without a copy reads a single definition", lambda: writer.read("report_7"))
    yield step("an idle poll", reader.revision, most=1)
    yield step("an idle refresh of the dag-processor, within five minutes of a listing", idle_refresh, most=1)
    yield step("a report is created", lambda: writer.create("created", DEFINITION.format(id="created")))
    yield step("the next poll of its host", writer.revision)
    yield step("the next poll of another host", reader.revision)
    yield step("it reads what has changed", reader.fetch)
    stopped = partial(lifecycle.stop, writer, "report_7", at=datetime.now(UTC), by="ada@example.com")
    yield step("a report is stopped", stopped)
    with mock.patch("time.time", return_value=time.time() + watch.LISTED_AGAIN_AFTER):
        yield step("an idle refresh of the dag-processor after five minutes, which lists the store", idle_refresh)
    stores = {
        "directory": {"STORE_DIR": str(_directory(scratch))},
        "bucket": {"STORE_BUCKET": f"s3://{BUCKET}/created", "STORE_CONNECTION": "store_s3"},
    }
    for settings in stores.values():  # a host has a copy of the store from its first task on
        _task_start(server, scratch, settings)
    starts = {name: _task_start(server, scratch, settings) for name, settings in stores.items()}
    for name, (seconds, _) in starts.items():
        yield Figure(SUBJECT, f"a task start, store in a {name}: processor time", seconds, "s")
    more = starts["bucket"][1] - starts["directory"][1]
    yield Figure(SUBJECT, "a task start, store in a bucket: memory", more, "MB", note="more than with a directory")


def _put(client: Any, report_id: str) -> None:
    client.put_object(
        Bucket=BUCKET, Key=f"created/definitions/{report_id}.yaml", Body=DEFINITION.format(id=report_id).encode()
    )


def _directory(scratch: Path) -> Path:
    for folder in ("definitions", "state"):
        (scratch / "directory" / folder).mkdir(parents=True, exist_ok=True)
    (scratch / "directory" / "definitions" / "report_7.yaml").write_text(DEFINITION.format(id="report_7"))
    return scratch / "directory"


def _task_start(server: S3Server, scratch: Path, settings: dict[str, str]) -> tuple[float, float]:
    extra = {"endpoint_url": server.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}
    environment = {
        **os.environ,
        **{f"PROMO_REPORTS_{name}": value for name, value in settings.items()},
        "PROMO_REPORTS_HOME": str(ROOT),
        "PROMO_REPORTS_DATA_DIR": str(scratch / "worker"),
        "AIRFLOW_CONN_STORE_S3": json.dumps(connection),
        "AIRFLOW_HOME": str(scratch / "airflow"),
        "NO_PROXY": "127.0.0.1",
        "PACKAGE": str(ROOT / "plugins"),
    }
    done = subprocess.run(
        [sys.executable, "-c", TASK_START], env=environment, capture_output=True, text=True, check=True
    )
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=10_000)
    main(parser.parse_args().reports)
