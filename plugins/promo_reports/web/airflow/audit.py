"""Entries in Airflow's audit log for what does not go through its own API: downloads, created reports, checks."""

from __future__ import annotations

import json

from promo_reports.orchestration.airflow_internals import metadata_session, models
from promo_reports.web.airflow.access import Caller

LONGEST = 255
"""Characters of each further text of an entry."""


def write_down(
    event: str, caller: Caller, dag_id: str | None = None, run_id: str | None = None, **extra: str | None
) -> None:
    """Log an event of a report, an export or neither with the caller's name; further texts are truncated to LONGEST."""
    with metadata_session() as session:
        entry = models().Log(
            event=f"promo_reports.{event}",
            owner=caller.name,
            owner_display_name=caller.name,
            extra=json.dumps({key: text and text[:LONGEST] for key, text in extra.items()}) if extra else None,
            dag_id=dag_id,
            run_id=run_id,
        )
        session.add(entry)
