"""What the tasks of a run left for the Reports page, read straight from Airflow's database."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.live import Live, Run

ROWS = "SELECT task_id, map_index, key, value, expires_at FROM task_state_store WHERE dag_id = %s AND run_id = %s"


def left_by(live: Live, run: Run) -> dict[tuple[str, int], dict[str, Any]]:
    """The values by key, by task and map index; each of them stays as long as its run."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    rows = live.stack.postgres.execute(ROWS, [run.dag_id, run.run_id], database="airflow")
    for task_id, map_index, key, value, expires_at in rows:
        assert expires_at is None
        found.setdefault((task_id, map_index), {})[key] = json.loads(value)
    return found
