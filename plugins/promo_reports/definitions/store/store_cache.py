"""What is registered, without reading it whole each time: the ids of reports, and the marks of stopped ones.

The page's list asks at every request. The revision of the store, or of a directory, says whether anything was added or
replaced since; only what changed is read. A revision with a `?` may miss a change of the same instant: then it is
listed again, but not more than twice a second, unless this process says that it has changed it itself.
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
from promo_reports.object_stores.file_stamps import generation_of

LISTED_AGAIN_AFTER = 0.5
"""Seconds for which what may have changed within the same instant is taken as it was."""
_UNSETTLED = re.compile(r"\?[0-9a-f]*")
Found = TypeVar("Found")


class GitReports:
    """The ids of the definitions in git, or rather of the files that should be; one for a process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ids: _Kept[frozenset[str]] = _Kept(lambda: generation_of([directory]), self._read_ids, frozenset())

    def ids(self) -> frozenset[str]:
        """The ids that the files are named for; `StoreError` where the directory cannot be read whole."""
        return self._ids.found()

    def _read_ids(self, _: frozenset[str]) -> frozenset[str]:
        return frozenset(each.key for each in list_directory(self._directory, Origin.GIT))


class CreatedReports:
    """The store as the page's lists need it; one for a process, safe for its threads."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store
        self._created: dict[str, tuple[datetime, str]] = {}
        self._ids: _Kept[frozenset[str]] = _Kept(store.revision, self._read_ids, frozenset())
        self._marks: _Kept[dict[str, tuple[str, Marks | None]]] = _Kept(store.revision, self._read_changed, {})

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
            data = self._store.read(report_id).data
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
    """What was found at a revision, without its `?`; `good_until` is None where no change can have been missed.

    `changes` are those that this process had told of when it began.
    """

    revision: str
    changes: int
    good_until: float | None
    found: Found


class _Kept(Generic[Found]):
    """What was found at the last revision. No lock is held while it is listed."""

    def __init__(self, revision: Callable[[], str], read: Callable[[Found], Found], nothing: Found) -> None:
        self._revision, self._read = revision, read
        self._lock = threading.Lock()
        self._changes = 0
        self._listing = _Listing("", 0, None, nothing)

    def forget(self) -> None:
        """List it again for whoever asks from now on."""
        with self._lock:
            self._changes += 1

    def found(self) -> Found:
        """Return what is there; `StoreError` where it cannot be read whole."""
        given = self._revision()
        revision = _UNSETTLED.sub("", given)
        now = time.monotonic()
        with self._lock:
            last, changes = self._listing, self._changes
            if (last.revision, last.changes) == (revision, changes):
                if last.good_until is None or now < last.good_until:
                    return last.found
                # One thread lists it again; the others need not wait for it.
                self._listing = replace(last, good_until=now + LISTED_AGAIN_AFTER)
        found = self._read(last.found)
        with self._lock:
            self._listing = _Listing(revision, changes, None if revision == given else now + LISTED_AGAIN_AFTER, found)
        return found
