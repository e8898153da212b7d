"""The folders, as others use them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.port import Entry, LostRace, ObjectStore, Stored
from promo_reports.object_stores.small_folders.local_copy import Known, LocalCopy
from promo_reports.object_stores.small_folders.watch import LISTED_AGAIN_AFTER, MARKER, RECENT, SECONDS_TO_GET, Watch

_READERS = 8
"""Contents that are read at one time; a client of S3 keeps ten connections."""
_BATCH = 400
"""Contents that are kept at one time: a process that is killed meanwhile has not read in vain."""


class SmallFolders:
    """The folders of an object store, right below its prefix; `address` is where they lie, for people.

    `folders` are made by `prepare` and must be there from then on; `copy` is the directory of this host's copy of them.
    Any other folder needs no making, and has no copy.
    """

    def __init__(self, store: ObjectStore, folders: Collection[str], *, address: str, copy: Path) -> None:
        self.address = address
        self._store = store
        self._watch = Watch(store, folders, LocalCopy(copy, address), address=address)
        self._folders = {each: SmallFolder(store, each, self._watch) for each in folders}

    def exist(self) -> bool:
        """Return True; Incomplete if a folder has no marker."""
        if not self._watch.copied():
            self._watch.look()
        return True

    def copied(self) -> bool:
        """Return whether this host has a copy, which can be read while the store is away."""
        return self._watch.copied()

    def prepare(self) -> str:
        """Put the markers that are not there."""
        said = "already there"
        for each in self._folders.values():
            with suppress(LostRace):
                each.put(MARKER, b"", replacing=None)
                said = "made"
        return said

    def folder(self, name: str) -> UnwatchedFolder:
        """Return one folder."""
        return self._folders.get(name) or UnwatchedFolder(self._store, name, self._watch)

    def watched(self, name: str) -> SmallFolder:
        """Return one of the folders that have a copy."""
        return self._folders[name]

    def fetch(self) -> None:
        """Read every content that this host has no copy of, several at one time."""
        self._watch.look(listed_within=LISTED_AGAIN_AFTER)
        missing = self._watch.copy.unread()
        with ThreadPoolExecutor(_READERS) as pool:
            for first in range(0, len(missing), _BATCH):
                batch = missing[first : first + _BATCH]
                found = pool.map(lambda each: self._folders[each[0]].get(each[1]), batch)
                self._watch.copy.keep((*each, content) for each, content in zip(batch, list(found), strict=True))


class UnwatchedFolder:
    """The objects of one folder, without a copy; conditional puts decide between two writers."""

    def __init__(self, store: ObjectStore, name: str, watch: Watch) -> None:
        self._store, self._name, self._watch = store, name, watch

    def get(self, name: str) -> Stored | None:
        """Ask for an object; its tag is the store's."""

        def read() -> Stored | None:
            with self._store.folder(self._name) as objects:
                return objects.get(name)

        return self._watch.within(SECONDS_TO_GET, read)

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Put on a condition."""
        with self._store.folder(self._name) as objects:
            objects.put(name, content, replacing=replacing)

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete on a condition."""
        with self._store.folder(self._name) as objects:
            objects.discard(name, stamp=stamp)

    def entries(self) -> Sequence[Entry]:
        """List what is whole."""
        with self._store.folder(self._name) as objects:
            return [each for each in objects.entries() if not each.unfinished]

    def address(self, name: str) -> str:
        """Return the URI of an object."""
        with self._store.folder(self._name) as objects:
            return objects.address(name)


class SmallFolder(UnwatchedFolder):
    """The objects of a folder that is watched; `get` asks the store, all else is read from this host's copy."""

    def __init__(self, store: ObjectStore, name: str, watch: Watch) -> None:
        super().__init__(store, name, watch)
        self._copy = watch.copy
        self._hashed: tuple[int, str] | None = None

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Put on a condition, then tell other hosts; the next reader asks the store, whatever came of it."""
        done = False
        try:
            super().put(name, content, replacing=replacing)
            done = True
        finally:
            self._copy.doubt(self._name, name, content if done else None)
        self._watch.announce()

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete on a condition, then tell other hosts."""
        try:
            super().discard(name, stamp=stamp)
        finally:
            self._copy.doubt(self._name, name, None)
        self._watch.announce()

    def entries(self) -> Sequence[Entry]:
        """Return a whole listing, which is no older than five minutes unless the store is away."""
        self._watch.look_if_possible(listed_within=LISTED_AGAIN_AFTER)
        return self._entries()

    def recent(self, name: str) -> Stored | None:
        """Return an object as of the last look, from the copy if its content is there."""
        known = self._known(name)
        if known is None or (known.sure and known.content is not None):
            return _stored(known)
        return self._asked(name, known)

    def stamp(self, name: str) -> str:
        """Return the tag as of the last look, which is also what a listing says."""
        known = self._known(name)
        if known is None or known.sure:
            return "" if known is None else known.stamp or ""
        found = self._asked(name, known)
        return "" if found is None else found.tag

    def revision(self) -> str:
        """Return a hash of the names and stamps of the last listing, and of what this host has written since."""
        self._watch.look()
        return self._hash()

    def contents(self) -> str:
        """Return the same of a listing that is no older than five minutes."""
        self._watch.look(listed_within=LISTED_AGAIN_AFTER)
        return self._hash()

    def _known(self, name: str) -> Known | None:
        self._watch.look_if_possible(unless_within=RECENT)
        return self._copy.known(self._name, name)

    def _asked(self, name: str, known: Known) -> Stored | None:
        """Ask the store for an object; while it is away, return what this host knows of it, if that is anything."""
        try:
            self._watch.check_answering()
            found = self.get(name)
        except (DestinationRefused, DestinationUnavailable):
            if known.content is None:
                raise
            return _stored(known)
        self._copy.keep([(self._name, name, known, found)])
        return found

    def _entries(self) -> list[Entry]:
        """Return the copy's entries; the store is asked for those that this host has written."""
        for each in self._copy.doubtful(self._name):
            with suppress(DestinationRefused, DestinationUnavailable):
                self.stamp(each)
        return self._copy.entries(self._name)

    def _hash(self) -> str:
        changes = self._copy.listing().changes
        if self._hashed is None or self._hashed[0] != changes:
            listed = "\n".join(f"{each.name} {each.stamp}" for each in self._entries())
            self._hashed = (changes, hashlib.sha256(listed.encode()).hexdigest()[:32])
        return self._hashed[1]


def _stored(known: Known | None) -> Stored | None:
    return None if known is None else Stored(known.content or b"", known.stamp or "", known.written)
