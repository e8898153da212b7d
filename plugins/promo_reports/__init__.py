"""Promo Reports: promotion ledgers as files that can be trusted, on Apache Airflow.

`read`, `batches` and `follow` give what was delivered; they need no Airflow.

Layers, each importing only those below it (import-linter holds this)::

    cli
    orchestration              DAG factory, bundle, timetable, operators
    reading                    what was delivered, verified: `read`, `batches`, `follow`
    pipeline | delivery        extract, split, package, verify, manifest | destinations, retention
    definitions | sql          YAML to domain with located errors | sandboxed templates and binds
    settings                   PROMO_REPORTS_*, read once
    domain                     report type, filter, window, schedule, delivery, definition
    errors                     one tree of exceptions
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promo_reports.reading.follow import follow
    from promo_reports.reading.read import batches, read

__all__ = ["batches", "follow", "read"]

_PUBLIC = {
    "batches": "promo_reports.reading.read",
    "follow": "promo_reports.reading.follow",
    "read": "promo_reports.reading.read",
}
"""The module of each public name, which is imported when it is used: parsing a DAG file must stay cheap."""


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
