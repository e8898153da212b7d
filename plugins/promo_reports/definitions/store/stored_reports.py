"""The store of created reports, in folders of small objects.

::

    definitions/<id>.yaml    a report created without git; written once, never changed
    state/<id>.yaml          its stop marks, or those of a definition in git (decisions, 9)
    requests/<hash>.json     an Idempotency-Key; forgotten after some days

It needs no more than puts on a condition: a definition is put if its id was never used, marks if they are still those
that were read. No step that matters follows the put, so that whatever a killed writer leaves is either whole or not
there; in an object store other hosts may see it five minutes later then (`object_stores.small_folders`).

A store that is not there is not the same as an empty one: taken for empty, it would make every created report's DAG
stale. Only a store inside the project's own directory may be missing until it is first written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from promo_reports.definitions.inputs.messages import quoted
from promo_reports.definitions.inputs.yaml_reader import MAX_BYTES, Document, parse_yaml, unread
from promo_reports.definitions.source_files import SourceFile, is_source_name, key_of
from promo_reports.definitions.store.idempotency_keys import IdempotencyKeys, Request
from promo_reports.definitions.store.report_store import ReportStore
from promo_reports.definitions.store.stop_marks import Marks, marks_of
from promo_reports.domain.definition import Origin, is_report_id
from promo_reports.errors import DestinationRefused, DestinationUnavailable, InvalidInput, Problem, StoreError
from promo_reports.object_stores.directory.private import PrivateDirectory
from promo_reports.object_stores.port import Entry, Folders, Incomplete, LostRace, Stored, WatchedObjects
from promo_reports.object_stores.small_folders import SmallFolders
from promo_reports.object_stores.stores import store_at
from promo_reports.regular_file import NotRegular
from promo_reports.settings import Settings

DEFINITIONS, STATE, REQUESTS = "definitions", "state", "requests"
NEEDED = (DEFINITIONS, STATE)
"""The folders that every store has; the other one comes with the first key."""
MOST_TRIES = 100
"""Times that marks are read for a change: each was replaced by somebody else before it could be."""


def store_of(settings: Settings) -> ReportStore:
    """Return the store of this host, without contacting it: a directory, or a bucket."""
    if settings.store_bucket is None:
        may_be_missing = settings.store.is_relative_to(settings.home)
        return StoredReports(PrivateDirectory(settings.store, NEEDED, may_be_missing=may_be_missing))
    area = settings.store_area
    return StoredReports(SmallFolders(store_at(area), NEEDED, address=area.address, copy=settings.store_copy))


class StoredReports:
    """A store on folders of small objects; created on first use if it need not exist before."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._definitions, self._state = (folders.watched(each) for each in NEEDED)
        self._keys = IdempotencyKeys(folders.folder(REQUESTS))

    @property
    def address(self) -> str:
        """Where it is kept, for messages."""
        return self._folders.address

    def exists(self) -> bool:
        """Return False where it was never made and may be; `StoreError` where it must be there, and is not whole."""
        with self._explained():
            return self._folders.exist()

    def copied(self) -> bool:
        """Return whether this host can read what it knew last while the store is away."""
        with self._explained():
            return self._folders.copied()

    def fetch(self) -> None:
        """Bring all definitions and marks to this host, where reading them one by one would be slow."""
        with self._explained():
            self._folders.fetch()

    def prepare(self) -> str:
        """Make an empty store where there is none yet; a step of deployment for a store outside the project."""
        with self._explained():
            return self._folders.prepare()

    def revision(self) -> str:
        """Return a value that differs once a definition or stop mark was added or replaced since."""
        with self._explained():
            return f"{self._definitions.revision()}_{self._state.revision()}"

    def contents(self) -> object:
        """Return what both folders say of theirs."""
        with self._explained():
            return self._definitions.contents(), self._state.contents()

    def entries(self) -> tuple[SourceFile, ...]:
        """Return every definition; nothing of one is read."""
        folder = self._definitions
        return tuple(
            SourceFile(key_of(each.name), folder.address(each.name), Origin.CREATED, each.stamp)
            for each in self._listed(folder)
        )

    def entry(self, report_id: str) -> SourceFile | None:
        """Return the definition of an id without looking at the others; None where there is none."""
        name = _file_of(report_id)
        with self._explained():
            stamp = self._definitions.stamp(name)
            address = self._definitions.address(name)
        return SourceFile(report_id, address, Origin.CREATED, stamp) if stamp else None

    def read(self, report_id: str) -> Document:
        """Return the definition of an id as data."""
        name = _file_of(report_id)
        return self._document(self._definitions, name, self._definitions.recent)[0] or unread(
            self._definitions.address(name)
        )

    def create(self, report_id: str, text: str) -> None:
        """Keep a new definition; no id is used twice, not even that of a deleted report."""
        name = _file_of(report_id)
        self._make_ready()
        try:
            with self._explained():
                self._definitions.put(name, text.encode(), replacing=None)
        except LostRace:
            message = "is the id of a created report already; a created report cannot be changed, duplicate it instead"
            raise InvalidInput("The request", [Problem("request", "id", f"{report_id!r} {message}")]) from None

    def marks(self, report_id: str) -> Marks:
        """Return what was done to a report: nothing where nothing is known of it."""
        name = _file_of(report_id)
        return self._marks_in(name, self._state.recent)[0] if self.exists() else Marks()

    def mark_stamps(self) -> dict[str, str]:
        """Return the stamp of the marks of each report that has any, by its id."""
        return {key_of(each.name): each.stamp for each in self._listed(self._state)}

    def change_marks(self, report_id: str, change: Callable[[Marks], Marks]) -> Marks:
        """Replace the marks of a report if they are still those that were read; else read them again."""
        name = _file_of(report_id)
        self._make_ready()
        for _ in range(MOST_TRIES):
            before, tag = self._marks_in(name, self._state.get)
            after = change(before)
            if after == before:
                return after
            after = after.within(MAX_BYTES)
            content = after.to_yaml().encode()
            marks_of(parse_yaml(content, self._state.address(name)))  # raises for marks that could not be read back
            try:
                with self._explained():
                    self._state.put(name, content, replacing=tag)
            except LostRace:
                continue
            return after
        raise StoreError(f"{self._state.address(name)} is being replaced by others again and again.", "Try it again.")

    def look_up(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Return what `claim` would, without taking the key."""
        with self._explained():
            return self._keys.look_up(key, body, by=by, at=at)

    def claim(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Take an Idempotency-Key for a body, or return when it was taken; `Conflict` where that was for another."""
        self._make_ready()
        with self._explained():
            return self._keys.claim(key, body, by=by, at=at)

    def _listed(self, folder: WatchedObjects) -> list[Entry]:
        with self._explained():
            return [each for each in folder.entries() if is_source_name(each.name)] if self.exists() else []

    def _marks_in(self, name: str, get: Callable[[str], Stored | None]) -> tuple[Marks, str | None]:
        """Return the marks in a file, got by a method of its folder, and its tag; None where there is no such file."""
        document, tag = self._document(self._state, name, get)
        return (Marks(), None) if document is None else (marks_of(document), tag)

    def _document(
        self, folder: WatchedObjects, name: str, get: Callable[[str], Stored | None]
    ) -> tuple[Document | None, str | None]:
        """Return an object as data, with its tag; None where there is none."""
        address = folder.address(name)
        with self._explained():
            try:
                found = get(name)
            except (IsADirectoryError, NotRegular) as error:
                return unread(address, error), None
        return (None, None) if found is None else (parse_yaml(found.content, address), found.tag)

    def _make_ready(self) -> None:
        if not self.exists():
            self.prepare()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise errors of the underlying folders as `StoreError`."""
        try:
            yield
        except Incomplete as error:
            raise StoreError(
                f"The store of created reports at {self.address} has no {error.missing}.",
                "Mount it, correct PROMO_REPORTS_STORE_DIR or PROMO_REPORTS_STORE_BUCKET, or make an empty store once "
                "with `promo-reports prepare`.",
            ) from None
        except OSError as error:
            raise StoreError(
                f"The store of created reports at {self.address} fails: {error.strerror or error}.",
                "Check that the directory is mounted, writable and not full.",
            ) from error
        except (DestinationRefused, DestinationUnavailable) as error:
            raise StoreError(
                f"The store of created reports at {self.address} fails: {error.reason}", error.fix
            ) from error


def _file_of(report_id: str) -> str:
    if not is_report_id(report_id):
        raise InvalidInput("The request", [Problem("request", "id", f"{quoted(report_id)} is not an id")])
    return f"{report_id}.yaml"
