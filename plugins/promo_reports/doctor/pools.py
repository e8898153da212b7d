"""Airflow's pools of exports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem

_SAYS_WHERE = ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD")
_FOR_THE_PAGE = 2


def check_pools(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether the pools are there, and how many connections their slots may want at one time."""
    settings = installation.settings
    configured = any(map(os.environ.get, _SAYS_WHERE)) or Path("~/airflow/airflow.cfg").expanduser().exists()
    if find_spec("airflow") is None or not configured:
        yield not_checked("pools", "Airflow is not configured on this host: run this where a worker runs.")
        return
    from sqlalchemy.exc import SQLAlchemyError

    from promo_reports.orchestration.airflow_metadata import slots_of_pools

    names = (settings.pool, settings.on_demand_pool)
    try:
        slots = slots_of_pools(names)
    except SQLAlchemyError as error:
        yield not_checked("pools", f"Airflow's metadata database cannot be asked ({type(error).__name__}).")
        return
    for name in names:
        if name not in slots:
            yield problem("pools", f"There is no pool {name}: airflow pools set {name} 4 'Exports of Promo Reports'.")
        elif slots[name] == 0:
            yield problem("pools", f"Pool {name} has no slots: airflow pools set {name} 4 'Exports of Promo Reports'.")
    if len(slots) == len(names) and all(slots.values()):
        wanted = sum(slots.values()) * settings.connections_per_export + _FOR_THE_PAGE
        said = ", ".join(f"{name} {slots[name]}" for name in names)
        yield ok("pools", f"Slots: {said}; a role of a promo database wants a CONNECTION LIMIT of {wanted} or more.")
