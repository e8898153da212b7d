"""A deployment of several workers that share nothing but an object store."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from include.demo.exports import DemoExport
from tests.support.containers.deployment import PATIENCE, Deployment
from tests.support.containers.docker import run
from tests.support.end_to_end.demo_files import check_export, manifests
from tests.support.end_to_end.live import until

AREAS, PARTNER = "promo-reports", "bi-exports"
"""The bucket of staging, downloads, created reports and logs, and that of the account."""


class Cluster(Deployment):
    """The deployment, with what tests do to single workers and to the S3 server."""

    def workers(self) -> dict[str, str]:
        """The container of each worker that runs, by its host name."""
        listed = self.compose("ps", "--format", "json", "worker").splitlines()
        return {each["ID"][:12]: each["ID"] for each in map(json.loads, listed)}

    def kill(self, host: str) -> None:
        """End a worker with all its tasks, as a host that loses its power; what lies on its disk stays there."""
        run("docker", "kill", self.workers()[host])

    def disk(self, host: str) -> str:
        """Where the disk of a worker lies on this machine."""
        (inspected,) = json.loads(run("docker", "inspect", self.workers()[host]))
        mounts = {each["Destination"]: each["Source"] for each in inspected["Mounts"]}
        return str(mounts["/var/lib/promo-reports"])

    @contextlib.contextmanager
    def held(self, request: str) -> Iterator[Callable[[], bool]]:
        """Let requests to the S3 server wait whose method and path match; what is given says whether one does."""
        self._in_s3(f"rm -f /data/waiting; echo '{request}' > /data/held")
        try:
            yield lambda: self._in_s3("cat /data/waiting 2>/dev/null || true") != ""
        finally:
            self._in_s3("rm -f /data/held")

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        with self.api() as api:
            return list(api.task_instances(dag_id, run_id))

    def objects(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys in a bucket."""
        pages = self.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def unfinished(self) -> list[str]:
        """The keys of open uploads in both buckets."""
        s3 = self.s3()
        return [
            each["Key"]
            for bucket in (AREAS, PARTNER)
            for each in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        ]

    def check(self, export: DemoExport, name: str, copied: Path) -> None:
        """Fail unless both destinations have an export once, with every row and nothing beside it."""
        psql, s3 = self.psql(), self.s3()
        for bucket, prefix in ((AREAS, "downloads/"), (PARTNER, "")):
            folders = {key.rpartition("/")[0] for key in self.objects(bucket, prefix) if key.endswith("/manifest.json")}
            mine = [folder for folder in folders if self._name(bucket, folder) == name]
            assert len(mine) == 1, (bucket, mine)
            target = copied / bucket / "folder" / "window"
            target.mkdir(parents=True)
            for key in self.objects(bucket, f"{mine[0]}/"):
                s3.download_file(bucket, key, str(target / key.rpartition("/")[2]))
            ((path, manifest),) = manifests(copied / bucket, name, psql.loaded_at).items()
            check_export(psql, path, manifest, export.conf)

    def recovered(self, dag_id: str, run_id: str, since: float) -> float:
        """Wait until a run has succeeded; the seconds since an instant of the monotonic clock."""
        with self.api() as api:
            end = api.wait_for_run(dag_id, run_id, timeout=PATIENCE, interval=0.5)
            assert end.succeeded, api.task_instances(dag_id, run_id)
        return time.monotonic() - since

    def wait_workers(self, count: int) -> None:
        """Wait until so many workers take tasks."""
        self.compose("up", "--detach", "--no-recreate")
        until(lambda: len(self.workers()) == count, f"{count} workers", timeout=PATIENCE)
        self.wait_healthy(["worker"])

    def _name(self, bucket: str, folder: str) -> str:
        manifest = self.s3().get_object(Bucket=bucket, Key=f"{folder}/manifest.json")["Body"].read()
        return str(json.loads(manifest)["report_name"])

    def _in_s3(self, script: str) -> str:
        return self.compose("exec", "-T", "s3", "sh", "-c", script).strip()
