"""Exports as runs: triggered through Airflow's REST API, followed to their end, found through their asset events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from devstack.airflow_client import OPEN_STATES, AirflowClient, AirflowClientError
from include.demo.exports import DemoExport

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Delivered:
    """One destination's copy of an export."""

    manifest: str
    files: tuple[str, ...]
    rows: int
    bytes: int


@dataclass(frozen=True)
class ExportRun:
    """A triggered export."""

    export: DemoExport
    run_id: str
    triggered_at: float


@dataclass(frozen=True)
class ExportEnd:
    """How an export ended: where it was delivered, or why it was not."""

    run: ExportRun
    state: str
    seconds: float
    deliveries: tuple[Delivered, ...] = ()
    failure: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was delivered everywhere it was to go."""
        return not self.failure


class ExportRuns:
    """Triggers exports and waits for them; `logs` is Airflow's log directory, to name a failed task's file."""

    def __init__(self, api: AirflowClient, s3: S3Client, *, logs: Path) -> None:
        self._api = api
        self._s3 = s3
        self._logs = logs

    def trigger(self, export: DemoExport, *, timeout: float = 120.0) -> ExportRun:
        """Wait until the export's DAG is there, and run it."""
        self._api.wait_for_dag(export.dag_id, timeout=timeout)
        return ExportRun(export, self._api.trigger(export.dag_id, export.conf), time.monotonic())

    def ends(
        self, runs: Iterable[ExportRun], *, timeout: float = 600.0, meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[ExportEnd]:
        """Yield each export as it ends; one that does not end in time counts as failed."""
        open_runs = list(runs)
        deadline = time.monotonic() + timeout
        while open_runs:
            meanwhile()
            late = time.monotonic() > deadline
            for run in list(open_runs):
                state = self._api.run(run.export.dag_id, run.run_id)["state"]
                if state not in OPEN_STATES or late:
                    open_runs.remove(run)
                    yield self._end(run, state, late=late)
            time.sleep(0.2)

    def _end(self, run: ExportRun, state: str, *, late: bool) -> ExportEnd:
        seconds = time.monotonic() - run.triggered_at
        if state in OPEN_STATES and late:
            return ExportEnd(run, state, seconds, failure=f"still {state} after {seconds:.0f} s")
        if state != "success":
            return ExportEnd(run, state, seconds, failure=self._why(run))
        events = self._api.asset_events(run.export.dag_id, run.run_id)
        wanted = len(run.export.conf["delivery"])
        try:
            deliveries = tuple(self._delivered(event["extra"]) for event in events)
        except (OSError, KeyError, ValueError) as error:
            return ExportEnd(run, state, seconds, failure=f"its manifest cannot be read: {error}")
        if len(deliveries) != wanted:
            failure = f"{len(deliveries)} asset events for {wanted} destinations"
            return ExportEnd(run, state, seconds, deliveries, failure=failure)
        return ExportEnd(run, state, seconds, deliveries)

    def _delivered(self, extra: dict[str, Any]) -> Delivered:
        manifest = read_manifest(extra["manifest"], self._s3)
        size = sum(file["bytes"] for file in manifest["files"])
        return Delivered(extra["manifest"], tuple(extra["files"]), manifest["rows"], size)

    def _why(self, run: ExportRun) -> str:
        failed = [
            task
            for task in self._api.task_instances(run.export.dag_id, run.run_id)
            if task["state"] in ("failed", "upstream_failed") and task["try_number"]
        ]
        if not failed:
            return f"the run failed without a failed task; see {self._logs}"
        task = failed[0]
        try:
            log = self._api.task_log(
                run.export.dag_id,
                run.run_id,
                task["task_id"],
                try_number=task["try_number"],
                map_index=task["map_index"],
            )
        except AirflowClientError as error:
            log = str(error)
        last = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("::")][-6:]
        where = self._logs / f"dag_id={run.export.dag_id}" / f"run_id={run.run_id}"
        return "\n".join([f"task {task['task_id']} failed, its log is below {where}", *last])


def read_manifest(address: str, s3: S3Client) -> dict[str, Any]:
    """The manifest at an asset event's address: `file:///...` or `s3://bucket/key`."""
    parts = urlsplit(address)
    if parts.scheme == "s3":
        body = s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    elif parts.scheme in ("", "file"):
        body = Path(unquote(parts.path)).read_bytes()
    else:
        raise ValueError(f"{address}: only file and s3 addresses are known here")
    manifest: dict[str, Any] = json.loads(body)
    return manifest
