"""docker-compose.yaml as the tests look at it: services with their anchors merged, and the texts that they hold."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[3]
ONE_OFF = ("bucket", "init", "demo-data")
AIRFLOW = ("init", "api-server", "scheduler", "dag-processor", "worker")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)([^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def names(*, one_off: bool | None = None) -> list[str]:
    return [name for name in services() if one_off is None or (name in ONE_OFF) is one_off]


def environment(name: str) -> dict[str, str]:
    return dict(services()[name].get("environment", {}))


def mounts(name: str) -> dict[str, tuple[str, bool]]:
    """Target to (source, whether it can be written)."""
    found = {}
    for volume in services()[name].get("volumes", []):
        source, target, *options = volume.split(":")
        found[target] = (source, "ro" not in ",".join(options).split(","))
    return found


def words(command: str | list[str]) -> list[str]:
    """A command as the container gets it: `$$` is compose's way to write `$`."""
    split = command.split() if isinstance(command, str) else command
    return [word.replace("$$", "$") for word in split]


def commands(name: str) -> list[list[str]]:
    """What a service runs, and what its health check runs."""
    service = services()[name]
    found = [words(service["command"])] if "command" in service else []
    if "healthcheck" in service:
        kind, *test = service["healthcheck"]["test"]
        found.append(words(["sh", "-c", *test] if kind == "CMD-SHELL" else test))
    return found


def known_options() -> dict[str, Any]:
    """Sections of Airflow's configuration and what they know under `options`, providers' included."""
    from airflow.configuration import retrieve_configuration_description

    return dict(retrieve_configuration_description(include_providers=True))
