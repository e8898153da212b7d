"""A small export and a created report, as the tests of faults, backups and upgrades follow them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from include.demo.exports import BUCKET, demo_exports
from tests.support.containers.deployment import PATIENCE, Deployment
from tests.support.end_to_end.demo_files import check_export, manifests

SMALL = demo_exports()[0]


@dataclass(frozen=True)
class Export:
    """A started export of last week's transactions, to the download area and the bucket."""

    deployment: Deployment
    name: str
    run_id: str

    @classmethod
    def start(cls, deployment: Deployment, name: str) -> Export:
        with deployment.api() as api:
            api.wait_for_dag(SMALL.dag_id, timeout=PATIENCE)
            return cls(deployment, name, api.trigger(SMALL.dag_id, {**SMALL.conf, "name": name}))

    def state(self) -> str:
        with self.deployment.api() as api:
            return str(api.run(SMALL.dag_id, self.run_id)["state"])

    def task(self, task_id: str = "extract") -> dict[str, Any]:
        with self.deployment.api() as api:
            return next(each for each in api.task_instances(SMALL.dag_id, self.run_id) if each["task_id"] == task_id)

    def wait(self) -> None:
        """Wait until it is Created."""
        with self.deployment.api() as api:
            end = api.wait_for_run(SMALL.dag_id, self.run_id, timeout=PATIENCE, interval=1.0)
            assert end.succeeded, api.task_instances(SMALL.dag_id, self.run_id)

    def check(self) -> None:
        """Fail unless the download area has it once, with every row."""
        psql = self.deployment.psql()
        ((path, manifest),) = manifests(self.deployment.volume("downloads"), self.name, psql.loaded_at).items()
        check_export(psql, path, manifest, SMALL.conf)


def listed(deployment: Deployment, name: str) -> list[dict[str, Any]]:
    """The exports that the page lists under a name."""
    return list(deployment.call("GET", f"exports?{urlencode({'q': name})}")["items"])


def create_report(deployment: Deployment, name: str) -> str:
    """Create a daily report of the same wallet, to the bucket, as somebody does on the page; its id."""
    definition = {
        "name": name,
        "report_type": SMALL.conf["report_type"],
        "filters": SMALL.conf["filters"],
        "frequency": {"interval": "daily", "delivery_time": "06:00"},
        "delivery": [BUCKET],
    }
    return str(deployment.call("POST", "reports", definition)["report"]["id"])


def report_ids(deployment: Deployment) -> set[str]:
    """The ids of all reports that the page lists."""
    return {each["id"] for each in deployment.call("GET", "reports?limit=100")["items"]}
