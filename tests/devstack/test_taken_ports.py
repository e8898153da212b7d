"""Servers whose port somebody else takes between its choice and its binding."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from devstack import airflow as airflow_module
from devstack import processes
from devstack.airflow import Airflow, AirflowSetup
from devstack.credentials import Credentials
from devstack.databases import AIRFLOW_DATABASE
from devstack.postgres import PostgresServer
from devstack.s3 import S3Server
from tests.support.taken_ports import first_port_taken

PROJECT = Path(__file__).resolve().parents[2]


def test_postgres_listens_on_the_next_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = PostgresServer(tmp_path / "pg", password="secret", port=0, durable=False)
    with first_port_taken(monkeypatch, processes) as occupant:
        try:
            server.start()
            assert server.port not in (0, occupant.port)
            assert server.execute("SHOW port") == [(str(server.port),)]
        finally:
            server.destroy()


def test_the_s3_server_listens_on_the_next_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        first_port_taken(monkeypatch, processes) as occupant,
        S3Server(log=tmp_path / "s3.log", port=0, buckets=["bi-exports"]) as server,
    ):
        assert server.port not in (0, occupant.port)
        assert [found["Name"] for found in server.client().list_buckets()["Buckets"]] == ["bi-exports"]


def test_the_s3_server_has_its_port_from_the_start(tmp_path: Path) -> None:
    server = S3Server(log=tmp_path / "s3.log", port=0)
    server.launch()
    try:
        with socket.socket() as late, pytest.raises(OSError, match="in use"):
            late.bind(("127.0.0.1", server.port))
    finally:
        server.stop()


def test_airflow_starts_again_on_the_next_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer, credentials: Credentials
) -> None:
    postgres.create_database(AIRFLOW_DATABASE, owner="airflow")
    setup = AirflowSetup(
        project=PROJECT,
        home=tmp_path / "airflow",
        metadata_url=postgres.url(AIRFLOW_DATABASE, user="airflow", password=credentials.airflow),
        credentials=credentials,
        bundles=[],
        extra={"AIRFLOW__DATABASE__CHECK_MIGRATIONS": "False"},  # tables take a third server's time, and nobody asks
    )
    with first_port_taken(monkeypatch, airflow_module) as occupant:
        airflow = Airflow(setup, logs=tmp_path / "logs", port=0)
        assert airflow.port == occupant.port
        try:
            airflow.launch_api_server()
            airflow.wait_ready(timeout=240.0)
            assert airflow.port != occupant.port
            assert airflow.environment["AIRFLOW__API__PORT"] == str(airflow.port)
            with airflow.api() as api:
                assert api.call("GET", "/version")["version"].startswith("3.")
        finally:
            airflow.stop()
            postgres.drop_database(AIRFLOW_DATABASE)
