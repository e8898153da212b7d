"""The client of Airflow's REST API that the demo and the end-to-end tests use."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from devstack.airflow_client import AirflowClient, AirflowClientError


def test_a_server_that_never_answers_is_reported_and_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with AirflowClient(url, "admin", "secret", timeout=0.2) as api:
            api._token = "made elsewhere"
            with pytest.raises(AirflowClientError, match=rf"{url} did not answer GET /api/v2/dags within 0 s"):
                api.call("GET", "/dags")


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[AirflowClient]:
    """A client of a server that gives these answers one after another, and the last one for ever."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Write nothing to the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with AirflowClient(f"http://127.0.0.1:{server.server_port}", "admin", "secret") as api:
                api._token = "made elsewhere"
                yield api
        finally:
            server.shutdown()
            thread.join()


def test_asset_events_are_asked_for_again_while_a_run_that_they_created_is_queued() -> None:
    found = b'{"asset_events": [{"id": 1}], "total_entries": 1}'
    with answering((500, b"Internal Server Error"), (500, b"Internal Server Error"), (200, found)) as api:
        assert api.asset_events("a", "b", interval=0.01) == [{"id": 1}]
    with answering((500, b"Internal Server Error")) as api, pytest.raises(AirflowClientError, match="the asset events"):
        api.asset_events("a", "b", timeout=0.1, interval=0.01)
    with answering((403, b"Forbidden")) as api, pytest.raises(AirflowClientError, match="403 Forbidden"):
        api.asset_events("a", "b")
