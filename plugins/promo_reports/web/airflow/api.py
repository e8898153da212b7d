"""A client of Airflow's stable REST API, called in process with the caller's bearer token; the only way to change runs.

Airflow authorizes each call again and logs it in its audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, cast
from urllib.parse import quote

import httpx
from fastapi import Depends, Request

from promo_reports.domain.dates.window import Window
from promo_reports.errors import Conflict
from promo_reports.web.airflow.access import SignedIn
from promo_reports.web.airflow.host_app import AIRFLOW_APP
from promo_reports.web.error_handlers import Refusal

SECONDS = 60.0
"""Seconds within which Airflow must answer."""
RUNS_OF_A_BACKFILL = 2
"""Concurrent runs of one backfill: a running extract keeps its pool slot, so more would delay scheduled runs."""


class AirflowApi:
    """A client for one request; its transport calls the application in process, without a network."""

    def __init__(self, app: Any, token: str) -> None:
        self._transport = httpx.ASGITransport(app=app)
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    async def trigger(
        self, dag_id: str, *, run_id: str, conf: Mapping[str, Any], run_after: datetime, window: Window | None = None
    ) -> Mapping[str, Any] | None:
        """Start a run, of the given window if any; return None if a run of that id exists.

        Airflow takes a data interval only together with a logical date, of which a DAG has one run: the window's own
        run has its start, and this one the microsecond behind it.
        """
        body = {
            "dag_run_id": run_id,
            "logical_date": (window.start + timedelta(microseconds=1)).isoformat() if window else None,
            "run_after": run_after.isoformat(),
            "conf": dict(conf),
        }
        if window is not None:
            body |= {"data_interval_start": window.start.isoformat(), "data_interval_end": window.end.isoformat()}
        answer = await self._send("POST", f"/dags/{_segment(dag_id)}/dagRuns", body)
        return None if answer.status_code == httpx.codes.CONFLICT else _content(answer)

    async def fail(self, dag_id: str, run_id: str, note: str) -> None:
        """Fail an open run, which terminates its tasks; the note is written before the state changes."""
        _content(await self._send("PATCH", _run(dag_id, run_id), {"state": "failed", "note": note}))

    async def clear(self, dag_id: str, run_id: str) -> None:
        """Clear all tasks of a run, which then runs again with the current definition."""
        _content(await self._send("POST", f"{_run(dag_id, run_id)}/clear", {"dry_run": False, "only_failed": False}))

    async def clear_tasks(self, dag_id: str, run_id: str, task_ids: Sequence[str], *, only_failed: bool) -> None:
        """Clear some tasks of a run: all of their map indices, or those that failed."""
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": only_failed, "task_ids": list(task_ids)}
        _content(await self._send("POST", f"/dags/{_segment(dag_id)}/clearTaskInstances", body))

    async def backfill(self, dag_id: str, first: datetime, last: datetime, *, again: bool) -> None:
        """Backfill the windows that start in `[first, last]`; `again` includes those that were exported before."""
        body = {
            "dag_id": dag_id,
            "from_date": first.isoformat(),
            "to_date": last.isoformat(),
            "reprocess_behavior": "completed" if again else "failed",
            "max_active_runs": RUNS_OF_A_BACKFILL,
        }
        answer = await self._send("POST", "/backfills", body)
        if answer.status_code == httpx.codes.CONFLICT:
            raise Conflict(
                "Past windows of this report are being exported already.",
                "Try again when these exports have ended; Airflow takes up to half a minute to notice.",
            )
        _content(answer)

    async def _send(self, method: str, path: str, body: Mapping[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=self._transport, base_url="http://airflow.invalid/api/v2", headers=self._headers
        ) as client:
            # httpx's own timeouts are of sockets, and a task that waits for a thread does not end when it is cancelled.
            asking = asyncio.ensure_future(client.request(method, path, json=dict(body)))
            try:
                answered, _ = await asyncio.wait({asking}, timeout=SECONDS)
            finally:
                asking.cancel()
            if not answered:
                raise Refusal(
                    503,
                    f"Airflow has not answered within {SECONDS:g} seconds; it may still do this.",
                    "Look at the list before you repeat it.",
                )
            return asking.result()


async def airflow_api(request: Request, caller: SignedIn) -> AirflowApi:
    """Return the client for this request."""
    return AirflowApi(request.scope[AIRFLOW_APP], caller.token)


Airflow = Annotated[AirflowApi, Depends(airflow_api)]


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{_segment(dag_id)}/dagRuns/{_segment(run_id)}"


def _segment(text: str) -> str:
    """Return an id as one segment of a path; 409 for one with a slash, which Airflow's routes cannot name.

    Dots are encoded too: httpx resolves the segments `.` and `..`, and what is left of `dagRuns/.` is the bulk route.
    """
    if not text or "/" in text:  # the routes see the decoded path
        raise Refusal(409, "The id of this export's run has a slash, so Airflow's API cannot name it.", "Duplicate it.")
    return quote(text, safe="").replace(".", "%2E")


def _content(answer: httpx.Response) -> Mapping[str, Any]:
    if answer.is_success:
        return cast(Mapping[str, Any], answer.json())
    try:
        detail = answer.json().get("detail")
    except ValueError:
        detail = None
    said = detail if isinstance(detail, str) else f"status {answer.status_code}"
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.CONFLICT):
        raise Refusal(answer.status_code, f"Airflow refuses this: {said}.")
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise Refusal(409, f"Airflow does not know it yet, or no longer: {said}.", "Try again in a moment.")
    raise Refusal(503, f"Airflow could not do this: {said}.", "Try again in a moment.")
