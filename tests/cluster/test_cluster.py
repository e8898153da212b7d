"""Exports of every kind on workers that share no disk; one that is killed in the middle loses and doubles nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.demo.exports import DemoExport, demo_exports
from tests.support.containers.cluster import Cluster
from tests.support.containers.deployment import PATIENCE
from tests.support.containers.exports import create_report, report_ids
from tests.support.deploy.composition import names
from tests.support.end_to_end.live import until

SMALL = demo_exports()[0]


def start(cluster: Cluster, export: DemoExport, name: str) -> str:
    with cluster.api() as api:
        api.wait_for_dag(export.dag_id, timeout=PATIENCE)
        return api.trigger(export.dag_id, {**export.conf, "name": name})


def host_of(cluster: Cluster, run_id: str, task_id: str) -> str:
    """The worker on which the one task of this name runs that has not ended."""

    def host() -> str:
        found = [each for each in cluster.tasks(SMALL.dag_id, run_id) if each["task_id"] == task_id]
        running = [each for each in found if each["state"] != "success"]
        return str(running[0]["hostname"] or "") if [each["state"] for each in running] == ["running"] else ""

    return str(until(host, f"{task_id} on a worker", timeout=PATIENCE))


@pytest.fixture(autouse=True)
def two_workers(cluster: Cluster) -> Iterator[None]:
    """Both are there; one that was killed is started again."""
    cluster.wait_workers(2)
    yield
    assert cluster.unfinished() == []


def test_workers_share_no_disk(cluster: Cluster) -> None:
    cluster.wait_healthy(names(one_off=False))
    disks = {cluster.disk(host) for host in cluster.workers()}
    assert len(disks) == 2
    assert "promo-reports" not in "".join(each.split("/")[-2] for each in disks), "they have no name to share them by"


@pytest.fixture(scope="module")
def exported(cluster: Cluster) -> dict[str, str]:
    """Every export of the demo, run at the same time: run ids by name."""
    cluster.wait_workers(2)
    started = [(export, start(cluster, export, export.conf["name"])) for export in demo_exports()]
    for export, run_id in started:
        cluster.recovered(export.dag_id, run_id, time.monotonic())
    return {export.conf["name"]: run_id for export, run_id in started}


@pytest.mark.parametrize("export", demo_exports(), ids=lambda each: each.conf["name"])
def test_every_kind_of_export_is_what_psql_says(
    cluster: Cluster, exported: dict[str, str], export: DemoExport, tmp_path: Path
) -> None:
    assert export.conf["name"] in exported
    cluster.check(export, export.conf["name"], tmp_path)


def test_an_export_is_delivered_by_another_worker_than_made_it(cluster: Cluster, exported: dict[str, str]) -> None:
    hosts = [
        {each["hostname"] for each in cluster.tasks(export.dag_id, exported[export.conf["name"]])}
        for export in demo_exports()
    ]
    assert any(len(each) > 1 for each in hosts)
    staged = [key.rpartition("/")[2] for key in cluster.objects("promo-reports", "staging/")]
    assert not [name for name in staged if not name.endswith(".json") and not name.startswith(".delivered-")]


def test_a_report_that_is_created_becomes_a_dag_and_runs(cluster: Cluster) -> None:
    report_id = create_report(cluster, "Created where nothing is shared")
    assert report_id in report_ids(cluster)
    with cluster.api() as api:
        api.wait_for_dag(f"promo_reports.report.{report_id}", timeout=PATIENCE)
    cluster.call("POST", f"reports/{report_id}/stop", {})
    assert f"created/state/{report_id}.yaml" in cluster.objects("promo-reports", "created/")


def test_a_worker_that_is_killed_in_extract(cluster: Cluster, tmp_path: Path) -> None:
    name = "While a worker is killed in extract"
    with cluster.locked() as waiting:
        run_id = start(cluster, SMALL, name)
        host = host_of(cluster, run_id, "extract")
        until(waiting, "the extract", timeout=PATIENCE)
        cluster.kill(host)
        killed = time.monotonic()
    seconds = cluster.recovered(SMALL.dag_id, run_id, killed)
    print(f"\n{seconds:6.1f} s  from the kill in extract until the export is Created", flush=True)  # noqa: T201
    (task,) = [each for each in cluster.tasks(SMALL.dag_id, run_id) if each["task_id"] == "extract"]
    assert (task["try_number"], task["hostname"] != host) == (2, True)
    cluster.check(SMALL, name, tmp_path)


@pytest.mark.parametrize(
    "request_held", ["PUT /bi-exports/", "PUT /bi-exports/.*manifest.json"], ids=["data", "manifest"]
)
def test_a_worker_that_is_killed_in_deliver(cluster: Cluster, tmp_path: Path, request_held: str) -> None:
    """With data on the way, and between the data and the manifest; the other worker has nothing of its disk."""
    name = f"While a worker is killed at {request_held.rpartition('/')[2] or 'data'}"
    with cluster.held(request_held) as waiting:
        run_id = start(cluster, SMALL, name)
        until(waiting, "the delivery", timeout=PATIENCE)
        host = host_of(cluster, run_id, "deliver")
        cluster.kill(host)
        killed = time.monotonic()
    seconds = cluster.recovered(SMALL.dag_id, run_id, killed)
    print(f"\n{seconds:6.1f} s  from the kill in deliver until the export is Created", flush=True)  # noqa: T201
    tries = {each["task_id"]: 0 for each in cluster.tasks(SMALL.dag_id, run_id)}
    for each in cluster.tasks(SMALL.dag_id, run_id):
        tries[each["task_id"]] = max(tries[each["task_id"]], each["try_number"])
    assert tries == {"extract": 1, "deliver": 2}, "what was made is delivered, and not made again"
    cluster.check(SMALL, name, tmp_path)
