"""An object store in a bucket below a prefix: folders are beginnings of keys, which nothing makes or locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, Protocol, TypeVar

from promo_reports.object_stores.port import Objects


class KeyedObjects(Objects, Protocol):
    """The keys below a prefix."""

    def folders(self) -> Sequence[str]:
        """List the common prefixes up to the next `/`."""


Keys = TypeVar("Keys", bound=KeyedObjects)


class BucketStore(Generic[Keys]):
    """Folders of one bucket; `objects` returns the keys below a prefix, which is empty or ends in `/`."""

    def __init__(self, prefix: str, objects: Callable[[str], Keys]) -> None:
        self._prefix = "".join(f"{part}/" for part in prefix.split("/") if part)
        self._objects = objects

    @contextmanager
    def folder(self, *names: str) -> Iterator[Keys]:
        """Return the keys of one folder; nothing is locked, requests on a condition decide."""
        yield self._below(names)

    def reading(self, *names: str) -> AbstractContextManager[Keys]:
        """Return the same keys: without a lock there is nothing to leave out."""
        return self.folder(*names)

    def idle_folder(self, *names: str) -> AbstractContextManager[Keys]:
        """Open the same keys: a bucket has no locks."""
        return self.folder(*names)

    def folders(self, *names: str) -> Sequence[str]:
        """List the common prefixes up to the next `/`."""
        return self._below(names).folders()

    def remove_empty(self, *names: str) -> bool:
        """Return whether no key is left."""
        return not self._below(names).entries()

    def check_visible(self) -> None:
        """Leave it at that: a bucket that is not there, or is closed to us, has been refused before."""

    def _below(self, names: Sequence[str]) -> Keys:
        return self._objects(self._prefix + "".join(f"{each}/" for each in names))
