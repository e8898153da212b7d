"""Airflow's own application with ours mounted, on a migrated metadata database and without a scheduler.

What a person does goes through Airflow's API; what tasks do is written as Airflow writes it: `Made` has one run.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253
from starlette.testclient import TestClient

from promo_reports.domain.manifest import ExportFile
from tests.support.manifest import MANIFEST as EXAMPLE

REPORT = "promo_reports.report.daily_credits"
TYPE = "promo_reports.type.wallet_transactions"
DAILY = """\
id: daily_credits
name: Daily Credits
report_type: wallet_transactions
owner: growth@example.com
filters: {wallet: grocery-rewards, transaction_type: [credit]}
frequency: {interval: daily}
starts_on: 2199-01-01
delivery:
  - download
  - partner_export: {partner: amazon_s3, bucket: bi-exports}
"""
CONF = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "date_range": {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00"},
    "delivery": ["download", {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
MANIFEST = json.loads(replace(EXAMPLE, files=(ExportFile("june.csv", 3, 9, 64 * "1"),)).to_json())
FACTS = {"rows": 3, "bytes": 9, "window": None, "as_of": None, "file": {"name": "june.csv", "bytes": 9}}
TITLES = ("download", "amazon_s3:bi-exports")


class AirflowApp:
    """The application, and the rows that a scheduler and tasks would write."""

    def __init__(self, app: Any) -> None:
        self.app = app

    @contextmanager
    def session(self) -> Iterator[Session]:
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            yield session

    def client(self, name: str = "ada", role: str = "admin") -> TestClient:
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        token = self.app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username=name, role=role))
        return TestClient(self.app, headers={"Authorization": f"Bearer {token}"})

    def airflow(self, method: str, path: str, body: Any = None, *, name: str = "ada") -> httpx.Response:
        """What a person does in Airflow."""
        answer: httpx.Response = self.client(name).request(method, f"/api/v2{path}", json=body)
        return answer

    def ours(self, method: str, path: str, *, name: str = "ada", **more: Any) -> httpx.Response:
        """What the page asks."""
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        answer: httpx.Response = self.client(name).request(method, f"/promo-reports/api{path}", **(body | more))
        return answer

    def run(self, dag_id: str = TYPE, *, state: str = "queued", run_id: str | None = None, **more: Any) -> Made:
        """A run that somebody triggers."""
        conf = CONF if dag_id == TYPE else {}
        body = {"dag_run_id": run_id or f"manual__{uuid.uuid4()}", "logical_date": None, "conf": conf, **more}
        answer = self.airflow("POST", f"/dags/{dag_id}/dagRuns", body)
        assert answer.status_code == 200, answer.text
        made = self.made(dag_id, answer.json()["dag_run_id"])
        if state != "queued":
            made.update_run(state=state, start_date=datetime.now(UTC))
        return made

    def made(self, dag_id: str, run_id: str) -> Made:
        with self.session() as session:
            found = session.execute(
                sa.text("SELECT id FROM dag_run WHERE dag_id = :dag AND run_id = :run"), {"dag": dag_id, "run": run_id}
            )
            return Made(self, found.scalar_one(), dag_id, run_id)

    def listed(self, **asked: Any) -> list[dict[str, Any]]:
        """All rows of the list of exports, three on a page."""
        page = self.ours("GET", "/exports", params={"limit": 3, **asked}).json()
        total, found = page["total"], list(page["items"])
        while page["next"]:
            page = self.ours("GET", "/exports", params={"limit": 3, **asked, "cursor": page["next"]}).json()
            assert page["total"] == total
            found += page["items"]
        assert len(found) == len({each["id"] for each in found}) == total
        return found

    def execute(self, sql: str, **values: Any) -> None:
        with self.session() as session:
            session.execute(sa.text(sql), values)


@dataclass(frozen=True)
class Made:
    """One run; its tasks do what a test says."""

    app: AirflowApp
    id: int
    dag_id: str
    run_id: str

    @property
    def path(self) -> str:
        return f"/dags/{quote(self.dag_id)}/dagRuns/{quote(self.run_id, safe='')}"

    def airflow(self, method: str, below: str = "", body: Any = None) -> None:
        answer = self.app.airflow(method, self.path + below, body)
        assert answer.is_success, f"{answer.status_code} {answer.text}"

    def is_killed(self) -> Made:
        """Its extract fails and leaves no reason."""
        self.update_run(state="running", start_date=datetime.now(UTC))
        self.task("extract", "failed")
        assert self.decide() == "failed"
        return self

    def is_staged(self) -> Made:
        """Its extract has done its work, and its deliveries are there to be begun."""
        self.task("extract", "success")
        self.left("extract", "facts", FACTS)
        self.left("extract", "manifest", MANIFEST)
        self.expand()
        return self

    def delivers(self, index: int, **more: Any) -> Made:
        """One delivery has done its work."""
        self.task("deliver", "success", index)
        delivered = {"destination": TITLES[index], "manifest": "file:///m", "facts": FACTS, "folder": "w", **more}
        self.left("deliver", "delivered", delivered, index)
        self.left("deliver", "manifest", MANIFEST, index)
        return self

    def states(self) -> dict[tuple[str, int], str | None]:
        """The state of each task."""
        with self.app.session() as session:
            found = session.execute(
                sa.text("SELECT task_id, map_index, state FROM task_instance WHERE dag_id = :dag AND run_id = :run"),
                {"dag": self.dag_id, "run": self.run_id},
            )
            return {(row.task_id, row.map_index): row.state for row in found}

    def mark_task(self, task_id: str, state: str, map_index: int = -1) -> None:
        below = f"/taskInstances/{task_id}" + (f"/{map_index}" if map_index >= 0 else "")
        self.airflow("PATCH", below, {"new_state": state})

    def clear(self, *task_ids: str, only_failed: bool = False) -> None:
        tasks = {"task_ids": list(task_ids)} if task_ids else {}
        body = {"dry_run": False, "dag_run_id": self.run_id, "only_failed": only_failed, **tasks}
        answer = self.app.airflow("POST", f"/dags/{quote(self.dag_id)}/clearTaskInstances", body)
        assert answer.is_success, answer.text

    def update_run(self, **values: Any) -> None:
        self._update("dag_run", "id = :of_run", {"of_run": self.id}, values)

    def task(self, task_id: str, state: str | None, map_index: int = -1, **more: Any) -> None:
        """A task gets a state, and the times that go with it."""
        moment = datetime.now(UTC)
        times: dict[str, Any] = {"start_date": moment - timedelta(seconds=9), "try_number": 1} if state else {}
        times |= {"end_date": moment} if state in ("success", "failed") else {"end_date": None}
        if state == "queued":
            times |= {"queued_dttm": moment, "start_date": None}
        where = "dag_id = :of_dag AND run_id = :of_run AND task_id = :of_task AND map_index = :of_index"
        of = {"of_dag": self.dag_id, "of_run": self.run_id, "of_task": task_id, "of_index": map_index}
        self._update("task_instance", where, of, {"state": state, **times, **more})

    def expand(self) -> None:
        """Map deliver over what extract handed over, as the scheduler does."""
        with self.app.session() as session:
            columns = session.execute(
                sa.text("SELECT column_name FROM information_schema.columns WHERE table_name = 'task_instance'")
            )
            others = ", ".join(f'"{name}"' for (name,) in columns if name not in ("id", "map_index"))
            of = {"dag": self.dag_id, "run": self.run_id, "id": str(uuid.uuid4())}
            where = "WHERE dag_id = :dag AND run_id = :run AND task_id = 'deliver' AND map_index"
            session.execute(sa.text(f"UPDATE task_instance SET map_index = 0 {where} = -1"), of)
            session.execute(
                sa.text(f"INSERT INTO task_instance (id, map_index, {others})"
                        f" SELECT :id, 1, {others} FROM task_instance {where} = 0"), of)  # fmt: skip

    def left(self, task_id: str, key: str, value: Mapping[str, Any], map_index: int = -1) -> None:
        """A task leaves a fact, through Airflow's own backend."""
        from airflow._shared.state import TaskScope
        from airflow.state.metastore import MetastoreBackend

        scope = TaskScope(dag_id=self.dag_id, run_id=self.run_id, task_id=task_id, map_index=map_index)
        with self.app.session() as session:
            MetastoreBackend().set(scope, key, json.dumps(dict(value)), session=session)

    def cleared_by_task(self, task_id: str, map_index: int = -1) -> None:
        """A task begins: it removes what its attempt before left."""
        from airflow._shared.state import TaskScope
        from airflow.state.metastore import MetastoreBackend

        scope = TaskScope(dag_id=self.dag_id, run_id=self.run_id, task_id=task_id, map_index=map_index)
        with self.app.session() as session:
            MetastoreBackend().clear(scope, session=session)

    def decide(self) -> str:
        """What the scheduler makes of the run, by its own code."""
        from airflow.models.dagbag import DBDagBag
        from airflow.models.dagrun import DagRun

        with self.app.session() as session:
            found = session.get_one(DagRun, self.id)
            found.dag = DBDagBag().get_dag_for_run(found, session=session)
            for _ in range(2):  # the first time it tells what follows a failed task
                found.update_state(session=session, execute_callbacks=False)
            return str(found.state)

    def _update(self, table: str, where: str, of: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        names = ", ".join(f"{name} = :{name}" for name in values)
        self.app.execute(f"UPDATE {table} SET {names} WHERE {where}", **of, **values)

    # What the page says of it.

    def detail(self) -> dict[str, Any]:
        answer = self.app.ours("GET", f"/exports/{self.id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def row(self) -> dict[str, Any]:
        answer = self.app.ours("GET", "/exports", params={"limit": 100})
        assert answer.status_code == 200, answer.text
        (found,) = (each for each in answer.json()["items"] if each["id"] == self.id)
        return dict(found)

    def retry(self, name: str = "ada") -> httpx.Response:
        return self.app.ours("POST", f"/exports/{self.id}/retry", name=name)

    def cancel(self) -> httpx.Response:
        return self.app.ours("POST", f"/exports/{self.id}/cancel")

    def downloaded(self) -> httpx.Response:
        return self.app.ours("GET", f"/exports/{self.id}/download")


def register_dags() -> None:
    """Register the DAGs of a report and a report type, as Airflow's processor does."""
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    from promo_reports.orchestration.dag_factory import report_dag, type_dag

    with create_session(scoped=False) as session:
        for dag in (report_dag("daily_credits", "stub.py"), type_dag("wallet_transactions", "stub.py")):
            assert dag.dag_id in (REPORT, TYPE)
            lazy = LazyDeserializedDAG.from_dag(dag)
            SerializedDAG.bulk_write_to_db("promo-reports", None, [lazy], session=session)
            SerializedDagModel.write_dag(lazy, bundle_name="promo-reports", session=session)
