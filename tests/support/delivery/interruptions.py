"""An area that stops an attempt at one step: by an exception, or by killing or freezing the process.

Run as a program it publishes a staged export in a process of its own, for signals that cannot be survived.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from promo_reports.delivery import Area, Folder, OpenFile, PresignedFile, publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.delivery.target import Item, ReadableFolder
from promo_reports.domain.account import Bucket
from promo_reports.domain.manifest import ExportFile, Manifest
from promo_reports.domain.places.export_place import ExportPlace
from promo_reports.errors import PromoReportsError
from promo_reports.object_stores.amazon_s3 import objects
from promo_reports.object_stores.port import Stored
from promo_reports.object_stores.staged_export import StagedExport
from promo_reports.object_stores.stores import store_at
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import directory_area, s3_area

PROJECT = Path(__file__).resolve().parents[3]
STEPS = ["manifest 1", "items 1", "put 1", "put 2", "switch 1", "remove 1", "items 2"]
"""The calls of an attempt that replaces an export by two files, in order."""
POINTS = [f"{when} {step}" for step in STEPS for when in ("before", "after")]


class Terminated(BaseException):
    """What Airflow raises in a task on SIGTERM is no Exception either."""


class InterruptedArea(Area):
    """Calls `stop` at one point, such as `before put 2`."""

    def __init__(self, area: Area, point: str, stop: Callable[[], object]) -> None:
        self._area = area
        self.placement = area.placement
        self._point = point
        self._stop = stop
        self.reached = False

    @contextmanager
    def folder(self, place: ExportPlace) -> Iterator[Folder]:
        with self._area.folder(place) as folder:
            yield _InterruptedFolder(folder, self._at)

    def reading(self, place: ExportPlace) -> AbstractContextManager[ReadableFolder | None]:
        return self._area.reading(place)

    def recorded(self, default: ExportPlace) -> ExportPlace | None:
        return self._area.recorded(default)

    def record(self, default: ExportPlace, place: ExportPlace) -> ExportPlace:
        self._at("before record")
        found = self._area.record(default, place)
        self._at("after record")
        return found

    def check_visible(self) -> None:
        self._area.check_visible()

    def _at(self, point: str) -> None:
        if point == self._point and not self.reached:
            self.reached = True
            self._stop()


class _InterruptedFolder(Folder):
    def __init__(self, folder: Folder, at: Callable[[str], None]) -> None:
        self._folder = folder
        self._at = at
        self._calls: Counter[str] = Counter()

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._calls[name] += 1
        self._at(f"before {name} {self._calls[name]}")
        yield
        self._at(f"after {name} {self._calls[name]}")

    def open(self, file: ExportFile) -> OpenFile | PresignedFile | None:
        return self._folder.open(file)

    def manifest(self) -> Stored | None:
        with self._step("manifest"):
            return self._folder.manifest()

    def items(self, present: Stored | None) -> Sequence[Item]:
        with self._step("items"):
            return self._folder.items(present)

    def put(self, file: ExportFile, staged: StagedExport, *, adopt: bool) -> bool:
        with self._step("put"):
            return self._folder.put(file, staged, adopt=adopt)

    def holds(self, file: ExportFile) -> bool:
        with self._step("holds"):
            return self._folder.holds(file)

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        with self._step("switch"):
            self._folder.switch(manifest, replacing=replacing)

    def remove(self, items: Iterable[Item]) -> None:
        with self._step("remove"):
            self._folder.remove(items)

    def address(self, name: str) -> str:
        return self._folder.address(name)

    def manifest_address(self) -> str:
        return self._folder.manifest_address()


def child(staged: StagedDirectory, place: dict[str, str], point: str, signal_name: str) -> subprocess.Popen[str]:
    """Publish in another process, which sends itself a signal at `point`; it prints the outcome as JSON."""
    order = {"staged": str(staged.directory), "place": place, "point": point, "signal": signal_name}
    return started("tests.support.delivery.interruptions", order)


def started(module: str, order: dict[str, Any]) -> subprocess.Popen[str]:
    """Run a module in another process, which gets its order as JSON; what it prints can be read."""
    path = os.pathsep.join([str(PROJECT), str(PROJECT / "plugins")])
    return subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(order)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )


def _main(order: dict[str, Any]) -> None:
    told = threading.Event()

    def stop() -> None:
        os.kill(os.getpid(), signal.Signals[order["signal"]])
        if order["signal"] == "SIGTERM":  # on another thread than the one that is told
            told.wait(20)

    def terminated(*_: object) -> None:
        told.set()
        raise Terminated

    signal.signal(signal.SIGTERM, terminated)
    attempt = Path(order["staged"])
    staged = StagedDirectory(attempt, Manifest.from_json((attempt / "manifest.json").read_bytes()))
    area = _area(order["place"], stop)
    if order["point"] == "while copying":
        setattr(os, "copy_file_range", _stopping_copy(os.copy_file_range, stop))  # noqa: B010 - of this process
    elif order["point"] == "file size limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        published = publish(staged, InterruptedArea(area, order["point"], stop))
    except PromoReportsError as error:
        print(json.dumps({"error": type(error).__name__, "text": str(error)}))  # noqa: T201
    except Terminated:
        print(json.dumps({"error": "Terminated"}))  # noqa: T201
    else:
        print(json.dumps({"changed": published.changed}))  # noqa: T201


def _stopping_copy(copy_range: Callable[..., int], stop: Callable[[], None]) -> Callable[..., int]:
    def copied(source: int, target: int, count: int, *offsets: int) -> int:
        if offsets[0] > 0:
            stop()
        return copy_range(source, target, min(count, 2), *offsets)

    return copied


def _area(place: dict[str, str], stop: Callable[[], None]) -> Area:
    if "root" in place:
        return directory_area(Path(place["root"]))
    if "partner" in place:
        return StoredExports(store_at(Bucket(place["partner"], place["name"], place["connection"], place["prefix"])))
    if "made_by" in place:
        made: Area = import_module(place["made_by"]).area_for_child(place, stop)
        return made
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=place["endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )
    if stopped_at := place.get("stopped_at"):
        once = iter([stop])  # Airflow tells a task once; several parts are on their way
        client.meta.events.register(stopped_at, lambda **_: next(once, lambda: None)())
    return s3_area("test_s3", place["bucket"], place.get("prefix", "exports/promo"), client=lambda: client)


if __name__ == "__main__":
    objects.log.setLevel("CRITICAL")
    _main(json.loads(sys.argv[1]))
