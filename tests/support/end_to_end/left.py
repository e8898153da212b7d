"""What the tasks of a run left for the Reports page, read straight from Airflow's database, and in the staging area."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.end_to_end.live import Live, Run

ROWS = "SELECT task_id, map_index, key, value, expires_at FROM task_state_store WHERE dag_id = %s AND run_id = %s"
STOPPED = {
    "error": "TaskStopped",
    "reason": "The task was told to stop before it had ended.",
    "fix": "Retry it when you want it.",
    "retryable": True,
}


def left_by(live: Live, run: Run) -> dict[tuple[str, int], dict[str, Any]]:
    """The values by key, by task and map index; each of them stays as long as its run."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    rows = live.stack.postgres.execute(ROWS, [run.dag_id, run.run_id], database="airflow")
    for task_id, map_index, key, value, expires_at in rows:
        assert expires_at is None
        found.setdefault((task_id, map_index), {})[key] = json.loads(value)
    return found


def attempts(live: Live) -> list[Path]:
    """Attempts of extract in the staging area that have no verified export."""
    return [each for each in live.staging.glob("*/*/*") if each.is_dir() and not (each / "manifest.json").exists()]
