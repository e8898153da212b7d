"""The few calls of Airflow's stable REST API that the demo and the end-to-end tests make."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx

OPEN_STATES = frozenset({"queued", "running"})


class AirflowClientError(Exception):
    """Airflow refused a call, or a run did not end in time; the message has its answer."""


@dataclass(frozen=True)
class RunEnd:
    """How a DAG run ended."""

    dag_id: str
    run_id: str
    state: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether every task of it that counts did."""
        return self.state == "success"


class AirflowClient:
    """A logged-in client. It bypasses proxies, because it talks to this machine only."""

    def __init__(self, base_url: str, username: str, password: str, *, timeout: float = 120.0) -> None:
        self.base_url = base_url
        self._login = {"username": username, "password": password}
        self._token: str | None = None
        self._http = httpx.Client(base_url=base_url, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> AirflowClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def token(self) -> str:
        """The bearer token of this user, fetched at the first call."""
        if self._token is None:
            answer = self._http.post("/auth/token", json=self._login, timeout=30.0)
            if answer.status_code != httpx.codes.CREATED:
                raise AirflowClientError(f"Airflow at {self.base_url} refuses the login of {self._login['username']}.")
            self._token = cast(str, answer.json()["access_token"])
        return self._token

    def logs_in(self) -> bool:
        """Whether an api-server answers and takes this login, which only the Airflow that it was made for does."""
        try:
            self.token()
        except (httpx.TransportError, AirflowClientError):
            return False
        return True

    def call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the JSON answer of one call below /api/v2; AirflowClientError if it fails or takes too long."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        try:
            answer = self._http.request(
                method, f"/api/v2{path}", json=json, params=dict(params) if params else None, headers=headers
            )
        except httpx.TimeoutException:
            raise AirflowClientError(
                f"Airflow at {self.base_url} did not answer {method} /api/v2{path} within "
                f"{self._http.timeout.read:.0f} s. The machine may be too busy: end other work, and try again."
            ) from None
        if answer.is_error:
            raise AirflowClientError(f"{method} /api/v2{path}: {answer.status_code} {answer.text[:2000]}")
        return cast(dict[str, Any], answer.json()) if answer.content else {}

    def health(self) -> dict[str, Any] | None:
        """The health of Airflow's components, or None while the api-server does not answer."""
        try:
            answer = self._http.get("/api/v2/monitor/health", timeout=5.0)
        except httpx.TransportError:
            return None
        return cast(dict[str, Any], answer.json()) if answer.is_success else None

    def dag_ids(self, *, tag: str | None = None) -> list[str]:
        """Ids of all DAGs that are not stale."""
        return [dag["dag_id"] for dag in self._all("/dags", "dags", {"tags": tag} if tag else {})]

    def import_errors(self) -> dict[str, str]:
        """What could not be parsed: file to stack trace."""
        return {error["filename"]: error["stack_trace"] for error in self._all("/importErrors", "import_errors", {})}

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Hold a DAG, or let it run again."""
        self.call("PATCH", f"/dags/{quote(dag_id)}", json={"is_paused": paused})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """Create a manual run and return its run_id."""
        body = {"logical_date": None, "conf": dict(conf or {}), **fields}
        return cast(str, self.call("POST", f"/dags/{quote(dag_id)}/dagRuns", json=body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One DAG run as Airflow describes it."""
        return self.call("GET", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}")

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """All runs of a DAG (of all DAGs: `~`)."""
        return self._all(f"/dags/{quote(dag_id)}/dagRuns", "dag_runs", {})

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        return self._all(path, "task_instances", {})

    def task_log(self, dag_id: str, run_id: str, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """The text of a task's log."""
        path = (
            f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances/{quote(task_id)}/logs/{try_number}"
        )
        content = self.call("GET", path, params={"map_index": map_index, "full_content": True})["content"]
        return "\n".join(line if isinstance(line, str) else _log_text(line) for line in content)

    def asset_events(
        self, dag_id: str, run_id: str, *, timeout: float = 120.0, interval: float = 0.25
    ) -> list[dict[str, Any]]:
        """The asset events that a run emitted; `extra` of each is what its task said.

        While a run that they created is queued, Airflow 3.3.2 answers 500: the response model asks for its start date.
        """
        events: list[dict[str, Any]] = []

        def answered() -> bool:
            try:
                events[:] = self._all(
                    "/assets/events", "asset_events", {"source_dag_id": dag_id, "source_run_id": run_id}
                )
            except AirflowClientError as error:
                if ": 500 " in str(error):
                    return False
                raise
            return True

        self._wait(answered, f"the asset events of run {run_id} of {dag_id}", timeout, interval)
        return events

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout: float = 300.0, interval: float = 0.25) -> RunEnd:
        """Wait until a run has ended."""
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.run(dag_id, run_id))
            return found["state"] not in OPEN_STATES

        started = time.monotonic()
        self._wait(ended, f"run {run_id} of {dag_id}", timeout, interval)
        return RunEnd(dag_id, run_id, found["state"], time.monotonic() - started)

    def wait_for_dag(self, dag_id: str, *, timeout: float = 120.0, interval: float = 0.25) -> None:
        """Wait until a DAG has been parsed and can be triggered."""

        def parsed() -> bool:
            try:
                return not self.call("GET", f"/dags/{quote(dag_id)}")["is_stale"]
            except AirflowClientError as error:
                if ": 404 " in str(error):
                    return False
                raise

        try:
            self._wait(parsed, f"DAG {dag_id}", timeout, interval)
        except AirflowClientError as error:
            broken = "".join(f"\n{file}:\n{trace}" for file, trace in self.import_errors().items())
            raise AirflowClientError(f"{error}{f' Import errors:{broken}' if broken else ''}") from None

    def _wait(self, happened: Callable[[], bool], what: str, timeout: float, interval: float) -> None:
        deadline = time.monotonic() + timeout
        while not happened():
            if time.monotonic() > deadline:
                raise AirflowClientError(f"Waited {timeout:.0f} s in vain for {what} at {self.base_url}.")
            time.sleep(interval)

    def _all(self, path: str, key: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", path, params={**params, "limit": 100, "offset": len(found)})
            found.extend(page[key])
            if not page[key] or len(found) >= page["total_entries"]:
                return found


def _log_text(line: Mapping[str, Any]) -> str:
    """One entry of a task's log, with the exceptions that it tells of."""
    told = [f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or []]
    return "\n".join([str(line.get("event", line)), *told])
