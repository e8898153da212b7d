"""The client of Airflow's REST API that the demo and the end-to-end tests use."""

from __future__ import annotations

import socket

import pytest

from devstack.airflow_client import AirflowClient, AirflowClientError


def test_a_server_that_never_answers_is_reported_and_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with AirflowClient(url, "admin", "secret", timeout=0.2) as api:
            api._token = "made elsewhere"
            with pytest.raises(AirflowClientError, match=rf"{url} did not answer GET /api/v2/dags within 0 s"):
                api.call("GET", "/dags")
