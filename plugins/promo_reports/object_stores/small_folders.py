"""Folders of small objects in any object store, which has neither locks nor modification times of folders."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TypeVar

from promo_reports.object_stores.port import Entry, Incomplete, LostRace, Objects, ObjectStore, Stored

MARKER = ".promo-reports"
"""An object in each folder that `prepare` makes: another prefix, which is empty, is told from it."""
LISTED_AGAIN_AFTER = 1.0
"""Seconds for which a revision is not asked for again, unless this process has changed the folder."""
T = TypeVar("T")


class SmallFolders:
    """The folders `<name>/<folder>` of an object store; `address` is where they lie, for people.

    `folders` are made by `prepare` and must be there from then on. Unlike a directory's, the objects of any other
    folder need no making.
    """

    def __init__(self, store: ObjectStore, name: str, folders: Collection[str], *, address: str) -> None:
        self.address = address
        self._store, self._name, self._needed = store, name, tuple(folders)

    def exist(self) -> bool:
        """Return True; Incomplete if a folder has no marker, as an empty listing would look like no reports."""
        for each in self._needed:
            if self.folder(each).get(MARKER) is None:
                raise Incomplete(f"object {each}/{MARKER}")
        return True

    def prepare(self) -> str:
        """Put the markers that are not there."""
        said = "already there"
        for each in self._needed:
            with suppress(LostRace):
                self.folder(each).put(MARKER, b"", replacing=None)
                said = "made"
        return said

    def folder(self, name: str) -> SmallFolder:
        """Return one folder."""
        return SmallFolder(self._store, self._name, name)


class SmallFolder:
    """The objects of one folder; conditional PUTs decide between two writers."""

    def __init__(self, store: ObjectStore, name: str, below: str) -> None:
        self._store, self._name, self._below = store, name, below
        self._known: tuple[float, str] | None = None

    def get(self, name: str) -> Stored | None:
        """Return an object; its tag is the store's."""
        return self._ask(lambda objects: objects.get(name))

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Put on a condition."""
        self._known = None
        self._ask(lambda objects: objects.put(name, content, replacing=replacing))
        self._known = None

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete on a condition."""
        self._known = None
        self._ask(lambda objects: objects.discard(name, stamp=stamp))
        self._known = None

    def entries(self) -> Sequence[Entry]:
        """List what is whole."""
        return [each for each in self._ask(lambda objects: objects.entries()) if not each.unfinished]

    def stamp(self, name: str) -> str:
        """Return the tag, which is also what a listing says."""
        found = self.get(name)
        return "" if found is None else found.tag

    def revision(self) -> str:
        """Return a hash of the listing, so that no change can be missed, not even one of a writer that was killed."""
        known, now = self._known, time.monotonic()
        if known is None or now - known[0] >= LISTED_AGAIN_AFTER:
            listed = "\n".join(sorted(f"{each.name} {each.stamp}" for each in self.entries()))
            known = self._known = (now, hashlib.sha256(listed.encode()).hexdigest()[:32])
        return known[1]

    def address(self, name: str) -> str:
        """Return the URI of an object."""
        return self._ask(lambda objects: objects.address(name))

    def _ask(self, request: Callable[[Objects], T]) -> T:
        with self._store.folder(self._name, self._below) as objects:
            return request(objects)
