"""The product as it runs for the tests: one real stack, a project of the test's own, and what can be asked of both."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import yaml

from devstack.airflow import DAGS_FOLDER_BUNDLE, REPORT_BUNDLE, Bundle
from devstack.airflow_client import AirflowClient, AirflowClientError
from devstack.stack import PROJECT, Stack
from promo_reports.object_stores.directory.locked import MARKER
from tests.support.end_to_end.delivered import Found, find

ROWS_PER_FILE = 1000
ZONE = ZoneInfo("America/New_York")
BUCKET = "bi-exports"
NEVER_MADE = "never-made"
"""A bucket that the account names and that does not exist until a test makes it."""
EXAMPLE = "promo_reports.example.reconcile_points"
ALL_TYPES = ("credit", "debit", "expired", "promised", "reverse", "refund")
SOON = 120.0
"""Seconds that anything may take on a machine that others use too; it comes in seconds on a free one."""

READ_TIMEOUT = 10
"""Seconds that the promo database may be silent in the middle of an answer."""

SCHEMA = PROJECT / "include" / "demo" / "schema.sql"
ROWS = Path(__file__).with_name("promo_rows.sql")
WAITING = """
    SELECT pid, client_port FROM pg_stat_activity
    WHERE application_name = 'promo-reports' AND usename = 'promo_reader' AND wait_event_type = 'Lock'"""


def until(happened: Callable[[], Any], what: str, *, timeout: float = SOON) -> Any:
    """Wait until `happened()` is true, and return it."""
    deadline = time.monotonic() + timeout
    while not (answer := happened()):
        assert time.monotonic() < deadline, f"waited {timeout:.0f} s in vain for {what}"
        time.sleep(0.1)
    return answer


def to(bucket: str, prefix: str = "") -> dict[str, Any]:
    """A delivery to a bucket."""
    return {"partner_export": {"partner": "amazon_s3", "bucket": bucket, **({"prefix": prefix} if prefix else {})}}


NEVER_DUE: dict[str, Any] = {
    "report_type": "wallet_transactions",
    "filters": {"wallet": "fresh", "transaction_type": list(ALL_TYPES)},
    "frequency": {"interval": "daily"},
    "starts_on": "2199-01-01",
    "delivery": [to(BUCKET)],
}
"""A definition without its name, whose DAG makes no run by itself."""


def moment(text: str) -> datetime:
    """An instant as Airflow's API gives it."""
    return datetime.fromisoformat(text)


def midnight(day: str) -> str:
    """The start of a local day, as a text with offset."""
    return datetime.fromisoformat(day).replace(tzinfo=ZONE).isoformat()


def long_ago_today() -> str:
    """A delivery time twelve hours from the next: whatever is due today is neither near nor just over."""
    return f"{datetime.now(ZONE) - timedelta(hours=12):%H:%M}"


@dataclass(frozen=True)
class Run:
    """One DAG run, and what Airflow says of it."""

    live: Live
    dag_id: str
    run_id: str

    @property
    def path(self) -> str:
        return f"/dags/{quote(self.dag_id)}/dagRuns/{quote(self.run_id, safe='')}"

    def about(self) -> dict[str, Any]:
        return self.live.api.run(self.dag_id, self.run_id)

    def wait(self, *, timeout: float = 2 * SOON) -> str:
        """Its state once it has ended."""
        return self.live.api.wait_for_run(self.dag_id, self.run_id, timeout=timeout, interval=0.1).state

    def succeed(self) -> Run:
        """Wait for it, and fail with the end of its logs unless it succeeded."""
        state = self.wait()
        if state != "success":
            logs = "\n".join(
                self.log(task["task_id"], task["map_index"])[-3000:] for task in self.tasks() if task["try_number"]
            )
            raise AssertionError(f"{self.dag_id} {self.run_id} ended as {state}\n{logs}")
        return self

    def tasks(self) -> list[dict[str, Any]]:
        return self.live.api.task_instances(self.dag_id, self.run_id)

    def task(self, task_id: str, map_index: int = -1) -> dict[str, Any]:
        (found,) = (t for t in self.tasks() if (t["task_id"], t["map_index"]) == (task_id, map_index))
        return found

    def states(self) -> dict[tuple[str, int], tuple[str, int]]:
        """State and number of tries by task and map index."""
        return {(t["task_id"], t["map_index"]): (t["state"], t["try_number"]) for t in self.tasks()}

    def log(self, task_id: str = "extract", map_index: int = -1, try_number: int | None = None) -> str:
        number = try_number or self.task(task_id, map_index)["try_number"]
        path = f"{self.path}/taskInstances/{task_id}/logs/{number}"
        content = self.live.api.call("GET", path, params={"map_index": map_index, "full_content": True})["content"]
        return "\n".join(_line(each) for each in content)

    def events(self) -> list[dict[str, Any]]:
        """What its asset events say, oldest first."""
        events = self.live.api.asset_events(self.dag_id, self.run_id)
        return [event["extra"] for event in sorted(events, key=lambda event: event["id"])]

    def delivered(self) -> dict[str, Found]:
        """What lies at each destination, by `file` and `s3`."""
        addresses = {event["manifest"] for event in self.events()}
        return {address.partition("://")[0]: find(address, self.live.s3) for address in sorted(addresses)}

    def clear(self, *task_ids: str, only_failed: bool = False) -> Run:
        """Run it again, as a whole or some tasks of it."""
        if task_ids or only_failed:
            body = {"dry_run": False, "dag_run_id": self.run_id, "only_failed": only_failed}
            tasks = {"task_ids": list(task_ids)} if task_ids else {}
            self.live.api.call("POST", f"/dags/{quote(self.dag_id)}/clearTaskInstances", json=body | tasks)
        else:
            self.live.api.call("POST", f"{self.path}/clear", json={"dry_run": False})
        return self

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Its data interval."""
        about = self.about()
        start, end = (moment(about[f"data_interval_{each}"]) for each in ("start", "end"))
        return start, end


class Live:
    """The running stack; `home` is its project, whose definitions a test may add, break and remove.

    `settings` are further environment variables of Airflow, and `options` further ones of the stack.
    """

    bundles: Sequence[Bundle] = (REPORT_BUNDLE, DAGS_FOLDER_BUNDLE)

    def __init__(self, root: Path, *, settings: Mapping[str, str] | None = None, **options: Any) -> None:
        self.home = root / "project"
        self._make_project()
        self.stack = Stack(
            root / "stack",
            bundles=[{**each, "kwargs": {"refresh_interval": 2}} for each in self.bundles],
            settings={
                "PROMO_REPORTS_HOME": str(self.home),
                "PROMO_REPORTS_ROWS_PER_FILE": str(ROWS_PER_FILE),
                "PROMO_REPORTS_RETRY_DELAY_SECONDS": "1",
                "PROMO_REPORTS_READ_TIMEOUT_SECONDS": str(READ_TIMEOUT),
                # How long after its end a failed task is noticed.
                "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
                **(settings or {}),
            },
            load_promo=False,
            durable=False,
            any_port=True,
            **options,
        )
        self.api: AirflowClient
        self.s3: Any = None

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def downloads(self) -> Path:
        return self.stack.data_dir / "downloads"

    @property
    def staging(self) -> Path:
        return self.stack.data_dir / "staging"

    @property
    def stubs(self) -> Path:
        """Where the bundle generates its files."""
        return self.stack.root / "airflow" / "bundles" / "promo-reports"

    def start(self) -> None:
        """Start everything, and fill the promo database while Airflow takes its first breath."""
        self.stack.launch()
        with self.promo() as cursor:
            cursor.execute(SCHEMA.read_text())
            cursor.execute(ROWS.read_text())
        self.stack.wait_ready()
        self.api = self.stack.airflow.api()
        self.s3 = self.stack.s3.client()
        self._hold_example()

    def _hold_example(self) -> None:
        # Every export of wallet transactions would start it, and it is the subject of few tests.
        self.api.wait_for_dag(EXAMPLE)
        self.api.set_paused(EXAMPLE, paused=True)

    def stop(self) -> None:
        if hasattr(self, "api"):
            self.api.close()
        if self.s3 is not None:
            self.s3.close()
        self.stack.destroy()

    def register(self, report_id: str, **definition: Any) -> Path:
        """Put a definition into git's directory, as one rename."""
        path = self.reports / f"{report_id}.yaml"
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(yaml.safe_dump({"id": report_id, "owner": "tests@example.com", **definition}))
        return unfinished.replace(path)

    def export(self, of: str, /, name: str, delivery: Sequence[Any] = ("download",), **conf: Any) -> Run:
        """Start a one-time export by its report type's on-demand DAG."""
        dag_id = f"promo_reports.type.{of}"
        self.api.wait_for_dag(dag_id, timeout=SOON)
        run_id = self.api.trigger(dag_id, {"name": name, "delivery": list(delivery), **conf})
        return Run(self, dag_id, run_id)

    def transactions(self, name: str, wallet: str, first: str, last: str, **conf: Any) -> Run:
        """Start an export of all transactions of a wallet, for local days both included."""
        filters = {"wallet": wallet, "transaction_type": list(ALL_TYPES)}
        return self.export(
            "wallet_transactions", name, filters=filters, date_range={"first": first, "last": last}, **conf
        )

    def runs(self, dag_id: str) -> list[Run]:
        """The runs of a DAG by the start of their window; none where there is no such DAG yet."""
        try:
            found = self.api.runs(dag_id)
        except AirflowClientError as error:
            if ": 404 " in str(error):
                return []
            raise
        ordered = sorted(found, key=lambda run: (run["data_interval_start"] or "", run["run_after"]))
        return [Run(self, dag_id, run["dag_run_id"]) for run in ordered]

    def first_run(self, dag_id: str) -> Run:
        """The run that the scheduler makes by itself."""
        found: list[Run] = until(lambda: self.runs(dag_id), f"a run of {dag_id}")
        return found[0]

    def dag(self, dag_id: str) -> dict[str, Any]:
        return self.api.call("GET", f"/dags/{quote(dag_id)}")

    def csv(self, sql: str) -> bytes:
        """What the promo database says, as a CSV with header in the account's timezone."""
        with self.promo() as cursor:
            cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
            return _copied(cursor, sql)

    @contextlib.contextmanager
    def promo(self) -> Iterator[Any]:
        """A transaction of the promo database's owner, committed at its end."""
        import psycopg2

        with contextlib.closing(psycopg2.connect(self.stack.promo.owner_url)) as owner, owner, owner.cursor() as cursor:
            yield cursor

    @contextlib.contextmanager
    def locked(self, table: str = "wallet_transactions") -> Iterator[Any]:
        """Let nobody read a table before the end, or before the connection that is given lets go of it."""
        with self.promo() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield cursor.connection

    def everything_delivered(self) -> Mapping[str, Any]:
        """Every file in the download area but its mark, and every object in the buckets, with when it was written."""
        found = (path for path in self.downloads.rglob("*") if path.is_file() and path.name != MARKER)
        files: dict[str, Any] = {str(path): path.stat().st_mtime_ns for path in found}
        for bucket in (each["Name"] for each in self.s3.list_buckets()["Buckets"]):
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                files |= {f"s3://{bucket}/{each['Key']}": each["LastModified"] for each in page.get("Contents", [])}
        return files

    def staged(self) -> list[str]:
        """Files in the staging area that hold rows."""
        return sorted(path.name for path in self.staging.rglob("*") if path.suffix in (".csv", ".zip"))

    def _make_project(self) -> None:
        for name in ("report_types", "include/sql"):
            shutil.copytree(PROJECT / name, self.home / name)
        self.reports.mkdir()
        account = yaml.safe_load((PROJECT / "include/account.yaml").read_text())
        (connected,) = account["partner_exports"]
        account["partner_exports"].append({**connected, "bucket": NEVER_MADE})
        (self.home / "include" / "account.yaml").write_text(yaml.safe_dump(account))


def _line(entry: Any) -> str:
    """A line of a log; an exception is beside its event."""
    if isinstance(entry, str):
        return entry
    return " ".join([str(entry["event"]), *(json.dumps(each) for each in entry.get("error_detail") or [])])


def _copied(cursor: Any, sql: str) -> bytes:
    output = io.BytesIO()
    cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)", output)
    return output.getvalue()


def log_of(live: Live, dag_id: str, event: str, run_id: str | None = None) -> list[dict[str, Any]]:
    """Entries of Airflow's audit log, as its own API shows them."""
    params = {"dag_id": dag_id, "event": event, "limit": 100, "order_by": "-event_log_id"}
    if run_id is not None:
        params["run_id"] = run_id
    return list(live.api.call("GET", "/eventLogs", params=params)["event_logs"])


def notice_the_end(live: Live, dag_id: str) -> None:
    """What Airflow's scheduler does every 30 seconds for backfills whose runs have ended."""
    sql = "UPDATE backfill SET completed_at = now() WHERE dag_id = %s AND completed_at IS NULL"
    live.stack.postgres.execute(sql, [dag_id], database="airflow")
