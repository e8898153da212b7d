"""Airflow's pools of exports."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.settings import Settings

_SAYS_WHERE = ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD")
_FOR_THE_PAGE = 2
"""Connections for previews and choices of filters, beside those of exports."""


def check_pools(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether the pools are there, and how many connections their slots may want at one time."""
    slots = slots_of(installation)
    if isinstance(slots, str):
        yield not_checked("pools", slots)
        return
    settings = installation.settings
    names = (settings.pool, settings.on_demand_pool)
    for name in names:
        if name not in slots:
            yield problem("pools", f"There is no pool {name}: airflow pools set {name} 4 'Exports of Promo Reports'.")
        elif slots[name] == 0:
            yield problem("pools", f"Pool {name} has no slots: airflow pools set {name} 4 'Exports of Promo Reports'.")
    if len(slots) == len(names) and all(slots.values()):
        wanted = connections_wanted(settings, slots)
        said = ", ".join(f"{name} {slots[name]}" for name in names)
        yield ok("pools", f"Slots: {said}; a role of a promo database wants a CONNECTION LIMIT of {wanted} or more.")


def slots_of(installation: Installation) -> dict[str, int] | str:
    """Return the slots of those of the two pools that there are, or a sentence that says why they are not known."""
    configured = any(map(os.environ.get, _SAYS_WHERE)) or Path("~/airflow/airflow.cfg").expanduser().exists()
    if find_spec("airflow") is None or not configured:
        return "Airflow is not configured on this host: run this where a worker runs."
    from sqlalchemy.exc import SQLAlchemyError

    from promo_reports.orchestration.airflow_metadata import slots_of_pools

    settings = installation.settings
    try:
        return slots_of_pools((settings.pool, settings.on_demand_pool))
    except SQLAlchemyError as error:
        return f"Airflow's metadata database cannot be asked ({type(error).__name__})."


def connections_wanted(settings: Settings, slots: Mapping[str, int]) -> int:
    """Return how many connections to one promo database exports and the page may want at one time.

    Without slots, as many as one export.
    """
    return max(sum(slots.values()), 1) * settings.connections_per_export + _FOR_THE_PAGE
