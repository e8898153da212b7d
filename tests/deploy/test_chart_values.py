"""deploy/values.yaml: what it sets is what the compose file sets, Airflow knows it, and the chart's schema takes it."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from promo_reports.settings import Settings
from tests.support.deploy.composition import PROJECT, environment, known_options

FILE = PROJECT / "deploy" / "values.yaml"
DOCUMENTED = (PROJECT / "docs" / "deploy.md").read_text()
CHART = PROJECT / ".cache" / "chart" / "airflow"
"""The chart itself, where somebody has fetched it: docs/deploy.md says how."""


@cache
def values() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def chart_version() -> str:
    (version,) = set(re.findall(r"--version ([\d.]+)", FILE.read_text() + DOCUMENTED))
    return str(version)


def containers() -> list[dict[str, Any]]:
    """Those that are added to the chart's."""
    parts = [values()["migrateDatabaseJob"], values()["apiServer"], values()["dagProcessor"]]
    parts.append(values()["workers"]["kubernetes"])
    return [
        each for part in parts for kind in ("extraInitContainers", "extraContainers") for each in part.get(kind, [])
    ]


def test_the_charts_schema_takes_them() -> None:
    if not CHART.is_dir():
        pytest.skip(f"the chart is not in {CHART}")
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["version"] == chart_version()
    jsonschema.validate(values(), json.loads((CHART / "values.schema.json").read_text()), jsonschema.Draft7Validator)


def test_the_image_has_what_the_chart_starts() -> None:
    """Its executor, its auth manager and its metrics are in the lock that the file says to build from."""
    lock = (PROJECT / "requirements-kubernetes.txt").read_text()
    assert f"\napache-airflow=={values()['airflowVersion']} " in lock
    assert values()["executor"] == "KubernetesExecutor"
    assert "auth_manager" not in values()["config"]["core"]
    assert "statsd" not in values()
    for package in ("apache-airflow-providers-cncf-kubernetes", "apache-airflow-providers-fab", "statsd"):
        assert f"\n{package}==" in lock
    assert "REQUIREMENTS=requirements-kubernetes.txt" in FILE.read_text()


def test_options_are_airflows_and_as_the_compose_file_has_them() -> None:
    compose: dict[str, str] = {}
    for name in ("api-server", "scheduler", "dag-processor", "worker"):
        compose |= environment(name)
    other = {("api", "base_url")}
    for section, options in values()["config"].items():
        assert options.keys() <= known_options()[section]["options"].keys()
        for option, value in options.items():
            if (section, option) not in other:
                assert str(value) == compose[f"AIRFLOW__{section}__{option}".upper()]


def test_bundles_are_those_of_the_compose_file() -> None:
    bundles = {each["name"]: each for each in values()["dagProcessor"]["dagBundleConfigList"]}
    (product,) = (
        each
        for each in json.loads(environment("worker")["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
        if each["name"] == "promo-reports"
    )
    assert bundles["promo-reports"] == product
    folder = bundles["dags-folder"]
    module, _, name = folder["classpath"].rpartition(".")
    getattr(import_module(module), name)(name="dags-folder", **folder["kwargs"])
    assert folder["kwargs"]["path"] == environment("worker")["AIRFLOW__CORE__DAGS_FOLDER"]


def test_directories_of_the_settings_are_on_volumes() -> None:
    settings = Settings.from_environment({each["name"]: each["value"] for each in values()["env"]})
    mounts = {Path(each["mountPath"]): each["name"] for each in values()["volumeMounts"]}
    volumes = {each["name"] for each in values()["volumes"]}

    def volume(directory: Path) -> str:
        (name,) = (name for path, name in mounts.items() if directory.is_relative_to(path))
        return str(name)

    assert {volume(each) for each in (settings.staging, settings.downloads, settings.store)} == {"promo-reports"}
    assert volume(settings.reports) == "definitions"
    assert set(mounts.values()) == volumes == {"promo-reports", "definitions"}
    (temporary,) = values()["workers"]["kubernetes"]["env"]
    assert temporary == {"name": "TMPDIR", "value": str(settings.staging)}


def test_definitions_come_to_where_the_settings_look_for_them() -> None:
    home = next(each["value"] for each in values()["env"] if each["name"] == "PROMO_REPORTS_HOME")
    for container in containers():
        told = {each["name"]: each["value"] for each in container["env"]}
        assert f"{told['GITSYNC_ROOT']}/{told['GITSYNC_LINK']}" == home
        assert [each["name"] for each in container["volumeMounts"]] == ["definitions"]
        assert ("GITSYNC_ONE_TIME" in told) != ("GITSYNC_PERIOD" in told)
    assert len(containers()) == 6


def test_the_job_does_what_init_of_the_compose_file_does() -> None:
    from airflow.cli.cli_parser import get_parser

    shell, option, script = values()["migrateDatabaseJob"]["args"]
    assert (shell, option) == ("bash", "-ec")
    lines = [shlex.split(line) for line in script.splitlines()]
    assert [line[0] for line in lines] == ["airflow", "airflow", "airflow", "promo-reports"]
    parsed = [get_parser().parse_args(line[1:]) for line in lines[:3]]
    env = environment("init")
    slots = {each.pool: str(each.slots) for each in parsed[1:]}
    assert slots == {
        env["PROMO_REPORTS_POOL"]: env["EXPORTS_AT_ONE_TIME"],
        "promo_reports_on_demand": env["ON_DEMAND_AT_ONE_TIME"],
    }


def test_secrets_are_named_in_the_documentation() -> None:
    named = {values()["data"]["metadataSecretName"]} | {
        values()[each] for each in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName")
    }
    named |= {each["secretName"] for each in values()["secret"]}
    assert [name for name in named if f"`{name}`" not in DOCUMENTED] == []
    connections = {each["envName"] for each in values()["secret"]}
    assert connections == {name for name in environment("worker") if name.startswith("AIRFLOW_CONN_")}


def test_log_groomers_are_off_whose_script_the_image_has_not() -> None:
    for component in ("scheduler", "dagProcessor"):
        assert values()[component]["logGroomerSidecar"] == {"enabled": False}
    assert values()["triggerer"] == {"enabled": False}


def test_a_worker_finishes_its_task_before_its_pod_is_removed() -> None:
    workers = values()["workers"]["kubernetes"]
    assert workers["terminationGracePeriodSeconds"] >= 600
    assert workers["safeToEvict"] is False
