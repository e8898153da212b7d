"""A hot standby, whose rows are as old as the last transaction of its primary that it has replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

# Where nothing was replayed since the standby started, its last checkpoint.
_REPLAYED = """
SELECT coalesce(
    pg_catalog.pg_last_xact_replay_timestamp(),
    (SELECT control.checkpoint_time FROM pg_catalog.pg_control_checkpoint() AS control)
)
"""


def replayed_until(cursor: Any) -> datetime | None:
    """Return the time until which a standby has replayed its primary, by the primary's clock.

    None for a server that calls itself a standby and cannot tell, as those of some clouds do; the transaction cannot be
    used any more then.
    """
    import psycopg2

    try:
        cursor.execute(_REPLAYED)
    except (psycopg2.ProgrammingError, psycopg2.NotSupportedError):
        return None
    ((until,),) = cursor.fetchall()
    return until if isinstance(until, datetime) else None
