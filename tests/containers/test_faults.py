"""Servers that go in the middle of the work: exports end right, and everything comes back by itself."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.containers.deployment import PATIENCE, Deployment
from tests.support.containers.docker import environment
from tests.support.containers.exports import Export
from tests.support.deploy.composition import names
from tests.support.end_to_end.live import until


def test_a_worker_that_is_stopped_finishes_what_it_began(deployment: Deployment) -> None:
    with deployment.locked() as waiting:
        export = Export.start(deployment, "While the worker is stopped")
        until(waiting, "the extract", timeout=PATIENCE)
        stopping = subprocess.Popen(
            ["docker", "compose", "stop", "worker"],
            cwd=deployment.directory,
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        until(lambda: "Warm shutdown" in deployment.compose("logs", "worker"), "the shutdown", timeout=PATIENCE)
    assert stopping.wait(PATIENCE) == 0
    extract = export.task()
    assert (extract["state"], extract["try_number"]) == ("success", 1)
    deployment.compose("up", "--detach", "worker")
    export.wait()
    export.check()


def test_a_worker_that_is_killed_has_its_export_made_again(deployment: Deployment) -> None:
    with deployment.locked() as waiting:
        export = Export.start(deployment, "While the worker is killed")
        until(waiting, "the extract", timeout=PATIENCE)
        deployment.compose("kill", "worker")
    deployment.compose("up", "--detach", "worker")
    export.wait()
    assert export.task()["try_number"] == 2
    export.check()


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_everything_comes_back_after_a_restart_of(deployment: Deployment, server: str) -> None:
    deployment.compose("restart", server)
    deployment.wait_healthy([server])
    deployment.wait_answer()
    export = Export.start(deployment, f"After a restart of {server}")
    export.wait()
    export.check()


def test_every_server_is_healthy_after_all_that(deployment: Deployment) -> None:
    deployment.wait_healthy(names(one_off=False))
