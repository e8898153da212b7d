"""Caches of what the page's lists ask at every request: the ids of reports, and the marks of stopped ones.

A listing is kept while the revision of the store, or of a directory, stays the same; only changed objects are read
again. A revision with a `?` may hide a second change of the same instant: it is listed again, at most twice a second,
unless this process reports a change of its own.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from promo_reports.definitions.source_files import list_directory
from promo_reports.definitions.store.report_store import ReportStore
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.domain.definition import Origin
from promo_reports.errors import InvalidInput
from promo_reports.object_stores.directory.file_stamps import generation_of

LISTED_AGAIN_AFTER = 0.5
"""Seconds for which what may have changed within the same instant is taken as it was."""
_UNSETTLED = re.compile(r"\?[0-9a-f]*")
Found = TypeVar("Found")


class GitReports:
    """The ids of the definition files in git; one instance per process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ids: _Kept[frozenset[str]] = _Kept(lambda: generation_of([directory]), self._read_ids, frozenset())

    def ids(self) -> frozenset[str]:
        """Return the ids that the files are named for; `StoreError` where the directory cannot be read whole."""
        return self._ids.found()

    def _read_ids(self, _: frozenset[str]) -> frozenset[str]:
        return frozenset(each.key for each in list_directory(self._directory, Origin.GIT))


class CreatedReports:
    """The store as the lists of the page need it; one instance per process, safe for threads."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store
        self._created: dict[str, tuple[datetime, str]] = {}
        self._ids: _Kept[frozenset[str]] = _Kept(store.revision, self._read_ids, frozenset())
        self._marks: _Kept[dict[str, tuple[str, Marks | None]]] = _Kept(store.revision, self._read_changed, {})

    def changed(self) -> None:
        """Report that this process has just written to the store: later calls must see it."""
        self._ids.forget()
        self._marks.forget()

    def ids(self) -> frozenset[str]:
        """Return the ids of all created reports, also deleted ones; `StoreError` if the store cannot be listed."""
        return self._ids.found() if self._store.exists() else frozenset()

    def created(self, report_id: str) -> tuple[datetime, str] | None:
        """Return when a report was created, and by whom; None if it is not a created report, or its file is invalid.

        A definition never changes, so it is read once.
        """
        if report_id not in self._created and report_id in self.ids():
            data = self._store.read(report_id).data
            if isinstance(data, dict) and {"created_at", "created_by"} <= data.keys():
                with suppress(ValueError, TypeError):
                    self._created[report_id] = (datetime.fromisoformat(data["created_at"]), str(data["created_by"]))
        return self._created.get(report_id)

    def stopped(self) -> Mapping[str, Marks]:
        """Return the marks of every report that is currently stopped or deleted, by report id.

        An invalid file counts as stopped, without marks: its DAG cannot be created either.
        """
        if not self._store.exists():
            return {}
        found = self._marks.found().items()
        return {key: marks or Marks() for key, (_, marks) in found if marks is None or marks.stopped}

    def _read_ids(self, _: frozenset[str]) -> frozenset[str]:
        return frozenset(each.key for each in self._store.entries())

    def _read_changed(self, kept: Mapping[str, tuple[str, Marks | None]]) -> dict[str, tuple[str, Marks | None]]:
        read: dict[str, tuple[str, Marks | None]] = {}
        for report_id, stamp in self._store.mark_stamps().items():
            before = kept.get(report_id)
            if before is not None and before[0] == stamp:
                read[report_id] = before
                continue
            try:
                read[report_id] = (stamp, self._store.marks(report_id))
            except InvalidInput:
                read[report_id] = (stamp, None)
        return read


@dataclass(frozen=True)
class _Listing(Generic[Found]):
    """The result of a listing and its revision, without its `?`; `good_until` is None if no change can be hidden.

    `changes` counts the changes that this process had reported when the listing began.
    """

    revision: str
    changes: int
    good_until: float | None
    found: Found


class _Kept(Generic[Found]):
    """The last listing. No lock is held while a new one is made."""

    def __init__(self, revision: Callable[[], str], read: Callable[[Found], Found], nothing: Found) -> None:
        self._revision, self._read = revision, read
        self._lock = threading.Lock()
        self._changes = 0
        self._listing = _Listing("", 0, None, nothing)

    def forget(self) -> None:
        """Discard the listing: later calls must list again."""
        with self._lock:
            self._changes += 1

    def found(self) -> Found:
        """Return the current listing; `StoreError` if it cannot be read completely."""
        given = self._revision()
        revision = _UNSETTLED.sub("", given)
        now = time.monotonic()
        with self._lock:
            last, changes = self._listing, self._changes
            if (last.revision, last.changes) == (revision, changes):
                if last.good_until is None or now < last.good_until:
                    return last.found
                # One thread lists again; the others use the last listing meanwhile.
                self._listing = replace(last, good_until=now + LISTED_AGAIN_AFTER)
        found = self._read(last.found)
        with self._lock:
            self._listing = _Listing(revision, changes, None if revision == given else now + LISTED_AGAIN_AFTER, found)
        return found
