"""The tables of dialects: what opens a snapshot of a database, and what looks at the database itself."""

from __future__ import annotations

from importlib import import_module
from zoneinfo import ZoneInfo

from promo_reports.pipeline.databases.inspection import Inspection
from promo_reports.pipeline.databases.source import Snapshot, Source
from promo_reports.pipeline.databases.time_limits import TimeLimits

_DATABASES = "promo_reports.pipeline.databases"
_SNAPSHOTS = {"postgresql": (f"{_DATABASES}.postgres.snapshot", "PostgresSnapshot")}
_ANY_OTHER = (f"{_DATABASES}.generic", "GenericSnapshot")
_INSPECTIONS = {
    "postgresql": (f"{_DATABASES}.postgres.inspection.inspection", "PostgresInspection"),
    "mysql": (f"{_DATABASES}.mysql.inspection.inspection", "MySqlInspection"),
    "sqlite": (f"{_DATABASES}.sqlite.inspection", "SqliteInspection"),
}
_NO_INSPECTION = (f"{_DATABASES}.inspection", "Inspection")


def open_snapshot(source: Source, zone: ZoneInfo, limits: TimeLimits, *, row_security: bool = False) -> Snapshot:
    """Return a snapshot of a promo database by its dialect; nothing is connected before it is entered.

    A query that runs for longer than `limits.query` ends with `QueryTooSlow`, as does all that is not over at
    `limits.ends`; a database that is silent for longer than the other limits raises `SourceUnavailable`. Without
    `row_security`, a database that has it refuses a query from which its policies would leave rows out.
    """
    module, name = _SNAPSHOTS.get(source.dialect, _ANY_OTHER)
    snapshot: Snapshot = getattr(import_module(module), name)(source, zone, limits, row_security=row_security)
    return snapshot


def inspection_of(source: Source, snapshot: Snapshot) -> Inspection:
    """Return what looks at the database of an open snapshot, by its dialect."""
    module, name = _INSPECTIONS.get(source.dialect, _NO_INSPECTION)
    inspection: Inspection = getattr(import_module(module), name)(source, snapshot)
    return inspection
