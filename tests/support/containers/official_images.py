"""Stand-ins for the official images that a clone's Dockerfile and compose file name, and Compose itself."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import yaml

from tests.support.containers.docker import build, images, run

SOURCES = Path(__file__).with_name("stand_ins")
MOTO_SERVER = Path(__file__).resolve().parents[3] / "devstack" / "moto_server.py"
STAND_INS = {"postgres": "postgres", "redis": "redis", "python": "python", "chrislusf/seaweedfs": "s3"}
"""Official image to the stage that stands in for it."""


def prepare(context: Path) -> None:
    """Fill the directory that the stand-ins are built from: certificates, pip's index, versions, programs."""
    shutil.copytree(SOURCES, context, dirs_exist_ok=True)
    shutil.copy(MOTO_SERVER, context)
    certificates = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    shutil.copy(certificates, context / "certificates.crt")
    (context / "pip.conf").write_text(f"[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n{_index()}")
    versions = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    versions.pop("promo-reports", None)
    (context / "constraints.txt").write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))


def stand_in(context: Path, clone: Path, *, packages_of: str | None = None) -> None:
    """Make what the clone's files name and the daemon lacks.

    With `packages_of`, the stand-in for Python is made anew and has the Python packages of that image already: what pip
    is told to install then is mostly there, which saves a minute.
    """
    for tag in official(clone):
        stage = STAND_INS.get(tag.rpartition(":")[0])
        if stage == "python" and packages_of:
            build(context, tag, target="python-with-packages", options=["--build-arg", f"PACKAGES={packages_of}"])
        elif stage and tag not in images():
            build(context, tag, target=stage)


def official(clone: Path) -> set[str]:
    """The images that a clone's Dockerfile begins with, and those of its compose file that it does not build."""
    stages = re.findall(r"^FROM (\S+:\S+)", (clone / "Dockerfile").read_text(), re.MULTILINE)
    services = yaml.safe_load((clone / "docker-compose.yaml").read_text())["services"].values()
    return {*stages, *(service["image"] for service in services if "build" not in service)}


def install_compose(context: Path, docker_config: Path) -> None:
    """Make `docker compose` Debian trixie's, one static program, by the client's directory of plugins."""
    build(context, "promo-reports-ci:packages", target="packages")
    plugins = docker_config / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    container = run("docker", "create", "--network", "none", "promo-reports-ci:packages", "true").strip()
    run("docker", "cp", f"{container}:/compose/usr/libexec/docker/cli-plugins/docker-compose", str(plugins))
    run("docker", "rm", container)


def _index() -> str:
    """The package index that this machine's pip asks, as a line of pip.conf."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    index = os.environ.get("PIP_INDEX_URL", configured)
    return f"index-url = {index}\n" if index else ""
