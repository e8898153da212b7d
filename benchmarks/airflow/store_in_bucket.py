"""What a store of ten thousand created reports in a bucket costs: a cold host, an idle poll, a change, a task start.

    python -m benchmarks.airflow.store_in_bucket [--reports 10000]

The bucket is moto's on this machine, which answers some hundred requests a second; requests are counted where boto3
sends them. A task start is a process of its own that knows the store from an Airflow connection, as a worker does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devstack.s3 import S3Server

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "promo-reports"
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
boto3 = "boto3" in sys.modules
print(json.dumps([time.process_time() - imported, usage.ru_maxrss / 1024, boto3]))
"""


def main(reports: int) -> None:
    """Print a line of figures for each step."""
    sys.path.insert(0, str(ROOT / "plugins"))
    with tempfile.TemporaryDirectory() as scratch, S3Server(log=Path(scratch) / "s3.log", port=0) as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        _measure(server, client, Path(scratch), reports)


def _measure(server: S3Server, client: Any, scratch: Path, reports: int) -> None:
    from promo_reports.definitions.store import lifecycle
    from promo_reports.definitions.store.stored_reports import NEEDED, StoredReports
    from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
    from promo_reports.object_stores.small_folders import SmallFolders, watch

    sent: list[str] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.url))

    def host(name: str) -> StoredReports:
        store = AmazonS3Store("store_s3", BUCKET, "created", client=lambda: client)
        return StoredReports(SmallFolders(store, NEEDED, address=f"s3://{BUCKET}/created", copy=scratch / name))

    @contextmanager
    def step(name: str) -> Iterator[None]:
        time.sleep(1.1 * watch.ASKED_AGAIN_AFTER)
        sent.clear()
        begun, cpu = time.monotonic(), time.process_time()
        yield
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        print(f"{name:<58} {len(sent):>6} requests {seconds:>8.3f} s {cpu:>8.3f} s CPU", flush=True)

    first = host("first")
    first.prepare()
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda number: _put(client, f"report_{number}"), range(reports)):
            pass
    reader, writer = host("reader"), host("writer")
    with step("a cold host lists"):
        reader.revision()
    with step("a cold host reads every definition"):
        reader.fetch()
    with step("a cold host reads one definition"):
        writer.read("report_7")
    for _ in range(2):
        with step("an idle poll"):
            reader.revision()
    with step("an idle refresh (revision and contents)"):
        reader.revision()
        reader.contents()
    with step("a report is created"):
        writer.create("created", DEFINITION.format(id="created"))
    with step("its writer's next revision"):
        writer.revision()
    with step("another host's next revision"):
        reader.revision()
    with step("another host reads what changed"):
        reader.fetch()
    with step("a report is stopped"):
        from datetime import UTC, datetime

        lifecycle.stop(writer, "report_7", at=datetime.now(UTC), by="ada@example.com")
    for name, settings in (
        ("bucket", {"STORE_BUCKET": f"s3://{BUCKET}/created", "STORE_CONNECTION": "store_s3"}),
        ("directory", {"STORE_DIR": str(_directory(scratch))}),
    ):
        for _ in range(2):
            seconds, megabytes, boto3 = _task_start(server, scratch, settings)
            print(f"a task start, store in a {name}: {seconds:.3f} s CPU, {megabytes:.0f} MB at most, boto3: {boto3}")
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


def _put(client: Any, report_id: str) -> None:
    client.put_object(
        Bucket=BUCKET, Key=f"created/definitions/{report_id}.yaml", Body=DEFINITION.format(id=report_id).encode()
    )


def _directory(scratch: Path) -> Path:
    for folder in ("definitions", "state"):
        (scratch / "directory" / folder).mkdir(parents=True, exist_ok=True)
    (scratch / "directory" / "definitions" / "report_7.yaml").write_text(DEFINITION.format(id="report_7"))
    return scratch / "directory"


def _task_start(server: S3Server, scratch: Path, settings: dict[str, str]) -> tuple[float, float, bool]:
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
    seconds, megabytes, boto3 = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes, boto3


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=10_000)
    main(parser.parse_args().reports)
