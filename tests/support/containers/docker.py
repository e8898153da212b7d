"""Docker's client, beside the daemon that .ci/with-docker has started for this run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

BASE = "promo-reports-ci:trixie"
"""The plain Debian that every stand-in is made from."""


def run(
    *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: bytes | None = None
) -> str:
    """Run a command and return its standard output; AssertionError with all that it said if it fails."""
    ended = subprocess.run(
        command, cwd=cwd, env={**environment(), **(env or {})}, input=stdin, capture_output=True, check=False
    )
    said = ended.stdout.decode(errors="replace")
    if ended.returncode != 0:
        errors = ended.stderr.decode(errors="replace")
        raise AssertionError(f"{' '.join(command)} ended with {ended.returncode}:\n{said[-4000:]}\n{errors[-8000:]}")
    return said


def environment() -> dict[str, str]:
    """What every command runs with: the classic builder, since BuildKit's client is in no package of Debian 12."""
    return {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}


def build(context: Path, tag: str, *, target: str, options: Sequence[str] = ()) -> None:
    """Build one stage of a Dockerfile, on the host's network."""
    words = ["--network", "host", "--target", target, "--tag", tag, *options]
    run("docker", "build", "--quiet", *words, str(context))


def images() -> set[str]:
    """Every tag in the daemon."""
    return set(run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split())
