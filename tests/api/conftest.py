"""One stack for the whole of `make test-api`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from tests.support.end_to_end.tested_api import Api, tested_api

with warnings.catch_warnings():
    # Airflow 3.3.2 imports Starlette's test client with its applications, which warns of the client's next release.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    import airflow.api_fastapi.app  # noqa: F401


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The running API."""
    with tested_api(tmp_path_factory.mktemp("api")) as api:
        yield api
