"""Kinds of staging areas, as workers with disks of their own see them, and attempts that are made by hand.

Run as a program it stages an export in a bucket in a process of its own, which sends itself a signal on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from promo_reports.domain.delivery import Destination, Download
from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.port import ObjectStore
from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging.area import StagingArea
from promo_reports.pipeline.staging.bucket import StagingBucket
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.pipeline.staging.scratch import Scratch
from tests.support.databases.promo import export
from tests.support.delivery.exports import PREFIX, BucketPlace, MemoryPlace, staged_manifest
from tests.support.delivery.interruptions import Terminated, started

LONGEST = timedelta(hours=1)
"""What a killed task has left on a scratch disk is removed after this."""
CONTENT = b"a,b\n1,2\n"


class Staging(Protocol):
    """One kind of staging area."""

    def worker(self, name: str = "one") -> StagingArea:
        """The area as a worker of that name opens it."""

    def names(self) -> list[str]:
        """Everything in it, by names relative to it, with leftovers of uploads."""

    def put(self, name: str, content: bytes) -> None:
        """Write behind the product's back."""

    def get(self, name: str) -> bytes:
        """Read behind the product's back."""

    def delete(self, name: str) -> None:
        """Remove behind the product's back."""

    def on_scratch(self) -> list[Path]:
        """Everything on the disks of workers that is no part of the area."""


@dataclass
class InDirectory:
    """A directory that all workers see."""

    root: Path

    def worker(self, name: str = "one") -> StagingArea:
        return StagingDirectory(self.root)

    def names(self) -> list[str]:
        return sorted(str(each.relative_to(self.root)) for each in self.root.rglob("*") if each.is_file())

    def put(self, name: str, content: bytes) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(content)

    def get(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def delete(self, name: str) -> None:
        (self.root / name).unlink()

    def on_scratch(self) -> list[Path]:
        return []


@dataclass
class InStore:
    """An object store, and a scratch directory for each worker."""

    store: ObjectStore
    address: str
    disks: Path

    def worker(self, name: str = "one") -> StagingArea:
        return StagingBucket(self.store, self.address, Scratch(self.disks / name, LONGEST))

    def on_scratch(self) -> list[Path]:
        return [each for each in self.disks.glob("*/*/*/*") if any(each.rglob("*"))]


class OnS3(InStore):
    """The bucket of a place."""

    def __init__(self, place: BucketPlace, disks: Path) -> None:
        super().__init__(place.area.store, f"s3://{place.bucket}/{PREFIX}", disks)  # type: ignore[attr-defined]
        self.place = place

    def names(self) -> list[str]:
        objects = self.place.client.list_objects_v2(Bucket=self.place.bucket).get("Contents", [])
        uploads = self.place.client.list_multipart_uploads(Bucket=self.place.bucket).get("Uploads", [])
        return sorted(each["Key"].removeprefix(f"{PREFIX}/") for each in (*objects, *uploads))

    def put(self, name: str, content: bytes) -> None:
        self.place.client.put_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}", Body=content)

    def get(self, name: str) -> bytes:
        body: bytes = self.place.client.get_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}")["Body"].read()
        return body

    def delete(self, name: str) -> None:
        self.place.client.delete_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}")


class InMemory(InStore):
    """The memory of this process."""

    def __init__(self, place: MemoryPlace, disks: Path) -> None:
        super().__init__(place.area.store, f"memory://{place.bucket}/{PREFIX}", disks)  # type: ignore[attr-defined]
        self.place = place

    def names(self) -> list[str]:
        return sorted(each.removeprefix(f"{PREFIX}/") for each in self.place.objects)

    def put(self, name: str, content: bytes) -> None:
        from tests.support.delivery.memory_destination import Written

        self.place.objects[f"{PREFIX}/{name}"] = Written(content)

    def get(self, name: str) -> bytes:
        return self.place.objects[f"{PREFIX}/{name}"].content

    def delete(self, name: str) -> None:
        del self.place.objects[f"{PREFIX}/{name}"]


def stage(
    area: StagingArea,
    of: Export | None = None,
    content: bytes = CONTENT,
    *,
    destinations: tuple[Destination, ...] = (Download(),),
    before_seal: Callable[[], object] = lambda: None,
    **changes: Any,
) -> StagedExport:
    """Stage an attempt with one file of this content; `changes` are values of its manifest."""
    of = of or export()
    with area.attempt(of) as attempt:
        digest = hashlib.sha256(content).hexdigest()
        file = ExportFile(f"Wallets-{digest[:8]}.csv", content.count(b"\n"), len(content), digest)
        with attempt.explained(lambda: len(content)):
            (attempt.directory / file.name).write_bytes(content)
        before_seal()
        manifest = staged_manifest(file, dag_id=of.dag_id, run_id=of.run_id, **changes)
        return attempt.seal(tuple(StagedDelivery(each, manifest) for each in destinations))


def place_of(staged: StagedExport) -> str:
    """Where an attempt lies below the root: report, run, attempt."""
    return "/".join(staged.address.split("/")[-3:])


def child(place: BucketPlace, scratch: Path, event: str, signal_name: str, size: int) -> subprocess.Popen[str]:
    """Stage so many bytes from another process, which sends itself a signal at an event of boto3's client."""
    order = {**place.for_child(), "scratch": str(scratch), "event": event, "signal": signal_name, "size": size}
    return started("tests.support.delivery.staging_areas", order)


def _main(order: dict[str, Any]) -> None:
    import boto3
    from botocore.config import Config

    from promo_reports.object_stores import bucket_access
    from promo_reports.object_stores.amazon_s3.store import AmazonS3Store

    def terminated(*_: object) -> None:
        raise Terminated

    client = boto3.client(
        "s3",
        endpoint_url=order["endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )
    # However long the bucket takes on a busy machine; tests/object_stores/test_stalled_bucket.py has the limits.
    bucket_access.SECONDS_TO_END = bucket_access.SECONDS_TO_TIDY = 50.0
    once = iter([lambda: os.kill(os.getpid(), signal.Signals[order["signal"]])])
    client.meta.events.register(order["event"], lambda **_: next(once, lambda: None)())
    signal.signal(signal.SIGTERM, terminated)
    store = AmazonS3Store("test_s3", order["bucket"], PREFIX, client=lambda: client)
    area = StagingBucket(store, f"s3://{order['bucket']}/{PREFIX}", Scratch(Path(order["scratch"]), LONGEST))
    try:
        print(stage(area, content=b"0123456789abcde\n" * (order["size"] // 16)).address)  # noqa: T201
    except Terminated:
        print("Terminated")  # noqa: T201


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
