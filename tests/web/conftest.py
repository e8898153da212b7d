"""A project of its own for each test, as for the DAGs."""

from __future__ import annotations

import warnings

from tests.support.airflow.supervisor import supervisor
from tests.support.project import home, registry

with warnings.catch_warnings():
    # Airflow 3.3.2 imports Starlette's test client with its applications, which warns of the client's next release.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    import airflow.api_fastapi.app

__all__ = ["airflow", "home", "registry", "supervisor"]
