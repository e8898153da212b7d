"""Notice what other hosts change, with one small request, and keep this host's copy up to date."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.object_stores.port import Entry, Incomplete, LostRace, ObjectStore, Stored
from promo_reports.object_stores.small_folders.local_copy import LocalCopy

log = logging.getLogger(__name__)

MARKER = ".promo-reports"
"""An object in each folder that must be there: another prefix, which is empty, is told from it."""
REVISION = ".revision"
"""The object beside the folders that is replaced after each change; its content is random."""
ASKED_AGAIN_AFTER = 1.0
"""Seconds for which this process does not ask for the revision again."""
TRIED_AGAIN_AFTER = 15.0
"""Seconds for which a store that did not answer is not asked again."""
LISTED_AGAIN_AFTER = 300.0
"""Seconds after which everything is listed, whatever the revision says."""
RECENT = 60.0
"""Seconds since the last look for changes within which the copy is read without another one."""
SECONDS_TO_GET = 30.0
"""Seconds that a small object may take, with what has to be imported and connected for the first one."""
SECONDS_TO_LIST = 120.0
"""Seconds that a listing of all folders may take."""
T = TypeVar("T")


class Watch:
    """The watch over some folders of an object store, all of which have a marker; `address` is where they lie."""

    def __init__(self, store: ObjectStore, folders: Collection[str], copy: LocalCopy, *, address: str) -> None:
        self.copy = copy
        self._store, self._folders, self._address = store, tuple(folders), address
        self._looking = threading.Lock()
        self._looked = self._tried = float("-inf")
        self._failure: DestinationRefused | DestinationUnavailable | None = None

    def copied(self) -> bool:
        """Return whether this host has a copy, which can be read while the store is away."""
        return self.copy.listing().at > 0

    def look(self, *, listed_within: float = float("inf")) -> None:
        """Bring the copy up to date: one request if nothing has changed, and it was listed within so many seconds.

        While another thread does so, the copy is left as it was. Raises before anything is changed, Incomplete where a
        folder has no marker, as an empty listing would look like no reports.
        """
        if not self._looking.acquire(blocking=not self.copied()):
            return
        try:
            self._look(listed_within)
        finally:
            self._looking.release()

    def look_if_possible(self, *, unless_within: float = 0.0, listed_within: float = float("inf")) -> None:
        """Look unless that was tried within so many seconds; leave the copy as it is if the store does not answer."""
        if time.monotonic() - self._tried < unless_within and self.copied():
            return
        try:
            self.look(listed_within=listed_within)
        except (DestinationRefused, DestinationUnavailable, Incomplete) as error:
            if not self.copied():
                raise
            log.warning("%s is taken as it was when it last answered: %s", self._address, error)

    def announce(self) -> None:
        """Put a new revision; somebody else's, which came after the change, serves as well.

        It is a hint, so that the change stands where this fails.
        """
        new = secrets.token_hex(16)
        try:
            before = self._revision()
            with self._store.folder() as objects:
                objects.put(REVISION, new.encode(), replacing=None if before is None else before.tag)
        except LostRace:
            return
        except (DestinationRefused, DestinationUnavailable) as error:
            log.warning("Other hosts see a change in %s only when they list it: %s", self._address, error)
            return
        self.copy.follow(_text(before), to=new)

    def check_answering(self) -> None:
        """Raise again what the store has failed with a moment ago."""
        if self._failure is not None and time.monotonic() - self._tried < TRIED_AGAIN_AFTER:
            raise self._failure

    def within(self, seconds: float, request: Callable[[], T]) -> T:
        """Return what a request returns; DestinationUnavailable if it takes longer than so many seconds."""
        ends = time.monotonic() + seconds
        try:
            return interruptible(request, remaining=lambda: ends - time.monotonic(), grace=0.0)
        except LimitReached:
            raise DestinationUnavailable(f"it did not answer within {seconds:g} s.") from None

    def _look(self, listed_within: float) -> None:
        listing, now = self.copy.listing(), time.time()
        if listing.followed:
            # Others have listed since that revision, and with it what a writer had left that died before it.
            listed_within = min(listed_within, LISTED_AGAIN_AFTER)
        due = listing.at == 0 or not 0 <= now - listing.at < listed_within
        if not due and time.monotonic() - self._looked < ASKED_AGAIN_AFTER:
            return
        self.check_answering()
        try:
            revision = _text(self._revision())
            if due or revision != listing.revision:
                listed = self.within(SECONDS_TO_LIST, self._listed)
                differs = self.copy.replace(listed, revision, at=now, begun=listing.changes)
                if differs and listing.at > 0 and revision == listing.revision:
                    log.warning("%s has changed without a new revision: a writer has died.", self._address)
                    self.announce()
        except (DestinationRefused, DestinationUnavailable) as error:
            self._failure = error
            raise
        else:
            self._failure, self._looked = None, time.monotonic()
        finally:
            self._tried = time.monotonic()

    def _listed(self) -> dict[str, Sequence[Entry]]:
        """List every folder whole."""
        found: dict[str, Sequence[Entry]] = {}
        for folder in self._folders:
            with self._store.folder(folder) as objects:
                found[folder] = [each for each in objects.entries() if not each.unfinished]
            if MARKER not in {each.name for each in found[folder]}:
                raise Incomplete(f"object {folder}/{MARKER}")
        return found

    def _revision(self) -> Stored | None:
        def read() -> Stored | None:
            with self._store.folder() as objects:
                return objects.get(REVISION)

        return self.within(SECONDS_TO_GET, read)


def _text(revision: Stored | None) -> str:
    return "" if revision is None else revision.content.decode(errors="replace")
