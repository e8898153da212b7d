"""What is registered, without reading it whole each time: the ids of reports, and the marks of stopped ones.

The page's list asks at every request. A directory's time says whether a file came, went or was replaced since then;
only what changed is read. Two changes may share one time: within two seconds of the last one, a directory of the same
time is listed again, but not more than twice a second, unless this process says that it has changed it itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from promo_reports.definitions.inputs.located import read_yaml
from promo_reports.definitions.sources import generation_of, list_directory
from promo_reports.definitions.store.created_reports import Store
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.domain.definition import Origin
from promo_reports.errors import InvalidInput

LISTED_AGAIN_AFTER = 0.5
"""Seconds for which a directory that may have changed within the same instant is taken as it was."""
Found = TypeVar("Found")


class GitReports:
    """The ids of the definitions in git, or rather of the files that should be; one for a process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ids: _Kept[frozenset[str]] = _Kept(directory, self._read_ids, frozenset())

    def ids(self) -> frozenset[str]:
        """The ids that the files are named for; `StoreError` where the directory cannot be read whole."""
        return self._ids.found()

    def _read_ids(self, _: frozenset[str]) -> frozenset[str]:
        return frozenset(each.key for each in list_directory(self._directory, Origin.GIT))


class CreatedReports:
    """The store as the list sees it; one for a process, safe for its threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._created: dict[str, tuple[datetime, str]] = {}
        self._ids: _Kept[frozenset[str]] = _Kept(store.definitions, self._read_ids, frozenset())
        self._marks: _Kept[dict[str, tuple[str, Marks | None]]] = _Kept(store.state, self._read_changed, {})

    def changed(self) -> None:
        """What this process has just written to the store is seen by whoever asks from now on."""
        self._ids.forget()
        self._marks.forget()

    def ids(self) -> frozenset[str]:
        """The ids of all created reports, deleted ones too; `StoreError` where the store cannot be read whole."""
        return self._ids.found() if self._store.exists() else frozenset()

    def created(self, report_id: str) -> tuple[datetime, str] | None:
        """When a report was created, and by whom; None for one that is not a created report's, or is broken.

        Its file is written once and never changed, so it is read once.
        """
        if report_id not in self._created and report_id in self.ids():
            data = read_yaml(self._store.path(report_id)).data
            if isinstance(data, dict) and {"created_at", "created_by"} <= data.keys():
                with suppress(ValueError, TypeError):
                    self._created[report_id] = (datetime.fromisoformat(data["created_at"]), str(data["created_by"]))
        return self._created.get(report_id)

    def stopped(self) -> Mapping[str, Marks]:
        """The marks of every report that is stopped or deleted as things stand, by report id.

        A file that somebody broke counts as stopped, with no marks: its DAG cannot be made either.
        """
        if not self._store.exists():
            return {}
        found = self._marks.found().items()
        return {key: marks or Marks() for key, (_, marks) in found if marks is None or marks.stopped}

    def _read_ids(self, _: frozenset[str]) -> frozenset[str]:
        return frozenset(each.key for each in list_directory(self._store.definitions, Origin.CREATED))

    def _read_changed(self, kept: Mapping[str, tuple[str, Marks | None]]) -> dict[str, tuple[str, Marks | None]]:
        read: dict[str, tuple[str, Marks | None]] = {}
        for source in list_directory(self._store.state, Origin.CREATED):
            before = kept.get(source.key)
            if before is not None and before[0] == source.stamp:
                read[source.key] = before
                continue
            try:
                read[source.key] = (source.stamp, self._store.marks(source.key))
            except InvalidInput:
                read[source.key] = (source.stamp, None)
        return read


@dataclass(frozen=True)
class _Listing(Generic[Found]):
    """What was found in a directory of this time; `good_until` is None for a listing that nothing can have passed by.

    `changes` are those that this process had told of when it began.
    """

    time: str
    changes: int
    good_until: float | None
    found: Found


class _Kept(Generic[Found]):
    """What was found in one directory, kept while it stays the same. No lock is held while it is listed."""

    def __init__(self, directory: Path, read: Callable[[Found], Found], nothing: Found) -> None:
        self._directory, self._read = directory, read
        self._lock = threading.Lock()
        self._changes = 0
        self._listing = _Listing("", 0, None, nothing)

    def forget(self) -> None:
        """List it again for whoever asks from now on."""
        with self._lock:
            self._changes += 1

    def found(self) -> Found:
        """What is in the directory; `StoreError` where it cannot be read whole."""
        stamp, racy, _ = generation_of([self._directory]).partition("?")
        now = time.monotonic()
        with self._lock:
            last, changes = self._listing, self._changes
            if (last.time, last.changes) == (stamp, changes):
                if last.good_until is None or now < last.good_until:
                    return last.found
                # One thread lists it again; the others need not wait for it.
                self._listing = replace(last, good_until=now + LISTED_AGAIN_AFTER)
        found = self._read(last.found)
        with self._lock:
            self._listing = _Listing(stamp, changes, now + LISTED_AGAIN_AFTER if racy else None, found)
        return found
