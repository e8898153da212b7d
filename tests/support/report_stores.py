"""Stores of created reports, opened as each of several hosts would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promo_reports.definitions.store.stored_reports import NEEDED, StoredReports
from promo_reports.domain.account import Bucket
from promo_reports.object_stores import stores
from promo_reports.object_stores.directory.private import PrivateDirectory
from promo_reports.object_stores.port import Objects, ObjectStore
from promo_reports.object_stores.small_folders import SmallFolders, watch
from tests.support.delivery import memory_destination

REQUEST: dict[str, Any] = {
    "name": "Nightly",
    "report_type": "ledger",
    "filters": {"wallet": "w", "kind": ["debit"]},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
"""A recurring report of the small project in tests/definitions."""


def directory_store(root: Path, *, may_be_missing: bool = False) -> StoredReports:
    """Return the store in a directory."""
    return StoredReports(PrivateDirectory(root, NEEDED, may_be_missing=may_be_missing))


def object_store(store: ObjectStore, copy: Path) -> StoredReports:
    """Return the store in an object store, as a host has it that keeps its copy in a directory."""
    return StoredReports(SmallFolders(store, NEEDED, address="the test's bucket", copy=copy))


class Clock:
    """The time by which hosts look for changes in a bucket; it moves when a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr(watch, "time", SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now))
        monkeypatch.setattr(watch, "interruptible", lambda request, **_: request())


class FlakyStore:
    """An object store that notes every request for small objects, and can be away."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.requests: list[str] = []
        self.away: Exception | None = None

    @contextmanager
    def folder(self, *names: str) -> Iterator[Any]:
        """The objects of a folder."""
        with self._store.folder(*names) as objects:
            yield _FlakyObjects(self, objects, "".join(f"{each}/" for each in names))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not for small objects")


BUCKET: list[FlakyStore] = []
"""The one store of `in_bucket`."""


def in_bucket(monkeypatch: pytest.MonkeyPatch) -> FlakyStore:
    """Make a bucket in memory the store of this process's settings, made and empty."""
    memory_destination.register(monkeypatch, "created")
    monkeypatch.setitem(stores.STORES, memory_destination.KEY, (__name__, "opened"))
    monkeypatch.setenv("PROMO_REPORTS_STORE_BUCKET", "memory://created/store")
    monkeypatch.setenv("PROMO_REPORTS_STORE_CONNECTION", "none")
    monkeypatch.setattr(f"{__name__}.BUCKET", [])
    return opened(Bucket(memory_destination.KEY, "created", "none", "store"))


def opened(bucket: Bucket) -> FlakyStore:
    """Return that store, the same for every registry."""
    if not BUCKET:
        BUCKET.append(FlakyStore(memory_destination.memory_store(bucket)))
    return BUCKET[0]


class _FlakyObjects:
    def __init__(self, store: FlakyStore, objects: Objects, folder: str) -> None:
        self._store, self._objects, self._folder = store, objects, folder

    def address(self, name: str) -> str:
        return self._objects.address(name)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            what = f"{operation} {self._folder}{arguments[0] if arguments else ''}"
            self._store.requests.append(what)
            if self._store.away is not None:
                raise self._store.away
            return getattr(self._objects, operation)(*arguments, **named)

        return ask
