"""Airflow's audit log, for what does not go through its own API: downloads, and what is written to the store."""

from __future__ import annotations

import json
from typing import Any

from airflow.models.log import Log

from promo_reports.web.access import Caller
from promo_reports.web.project import metadata


def write_down(event: str, caller: Caller, dag_id: str, run_id: str | None = None, **extra: Any) -> None:
    """Keep who did what to which report or export."""
    with metadata() as session:
        entry = Log(
            event=f"promo_reports.{event}",
            owner=caller.name,
            owner_display_name=caller.name,
            extra=json.dumps(extra) if extra else None,
            dag_id=dag_id,
            run_id=run_id,
        )
        session.add(entry)
