"""The environment that Airflow's processes get."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from devstack.airflow import SHORT_LIVES, Airflow, AirflowSetup
from devstack.credentials import Credentials
from devstack.processes import ServerError, ServerProcess


def setup(tmp_path: Path, **more: Any) -> AirflowSetup:
    return AirflowSetup(
        project=Path("/project"),
        home=tmp_path,
        metadata_url="postgresql://airflow:secret@127.0.0.1:1/airflow",
        credentials=Credentials(),
        connections={"promo_db": {"conn_type": "postgres", "password": "p@ss:word/"}},
        extra={"PROMO_REPORTS_DATA_DIR": "/data"},
        **more,
    )


def test_the_callers_own_airflow_does_not_leak_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW__CORE__EXECUTOR", "AIRFLOW_CONN_PROMO_DB", "PROMO_REPORTS_POOL", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.setenv(name, "other")
    environment = setup(tmp_path).environment(8080)
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert json.loads(environment["AIRFLOW_CONN_PROMO_DB"])["password"] == "p@ss:word/"
    assert environment["PROMO_REPORTS_DATA_DIR"] == "/data"
    assert not {"PROMO_REPORTS_POOL", "PYTHONDONTWRITEBYTECODE"} & environment.keys()


def test_everything_stays_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet")
    environment = setup(tmp_path).environment(8123)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith(
        "postgresql+psycopg2://airflow:secret@127.0.0.1"
    )
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_both_bundles_are_refreshed_every_few_seconds_and_unchanged_files_are_left_alone(tmp_path: Path) -> None:
    environment = setup(tmp_path).environment(8080)
    bundles = json.loads(environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert [bundle["name"] for bundle in bundles] == ["promo-reports", "dags-folder"]
    assert all(bundle["kwargs"]["refresh_interval"] == 5 for bundle in bundles)
    assert environment["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "86400"


def test_a_removed_definition_is_noticed_and_no_file_is_listed_in_the_log(tmp_path: Path) -> None:
    environment = setup(tmp_path).environment(8080)
    assert environment["AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD"] == "5"
    assert environment["AIRFLOW__SCHEDULER__PARSING_CLEANUP_INTERVAL"] == "15"
    assert environment["AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL"] == "0"


def test_many_reports_may_be_due_in_one_minute(tmp_path: Path) -> None:
    environment = setup(tmp_path).environment(8080)
    for setting in ("MAX_DAGRUNS_TO_CREATE_PER_LOOP", "MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE"):
        assert int(environment[f"AIRFLOW__SCHEDULER__{setting}"]) >= 100


def test_a_base_path_is_part_of_every_address(tmp_path: Path) -> None:
    airflow = setup(tmp_path, base_path="/airflow")
    environment = airflow.environment(8123)
    assert airflow.url(8123) == environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123/airflow"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/airflow/execution/"


def test_a_component_that_ends_is_started_again_until_it_is_plain_that_it_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow = Airflow(setup(tmp_path), logs=tmp_path / "logs", port=0)
    started: list[str] = []

    def ends_at_once(name: str, *_: object, **__: object) -> ServerProcess:
        started.append(name)
        return ServerProcess(f"Airflow's {name}", ["sh", "-c", "exit 3"], log=tmp_path / "scheduler.log")

    monkeypatch.setattr(airflow, "_process", ends_at_once)

    def watch() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert airflow.restart_ended() in ([], ["scheduler"])

    airflow.launch_scheduler()
    with pytest.raises(ServerError, match="Airflow's scheduler ended with status 3"):
        watch()
    airflow.stop()
    assert started == ["scheduler"] * (1 + SHORT_LIVES)
