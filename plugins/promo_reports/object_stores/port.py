"""What is asked of an object store: objects that are shown whole, and replaced or deleted on a condition.

`SmallObjects` are read and written in one piece and are the lowest part; the store of created reports needs no more
than `Folders` of them. Delivery adds whole-file uploads, downloads and an `ObjectStore` of exports' folders.

A directory and a bucket keep the same promises by other means:

| promise                                | directory                               | bucket                            |
|----------------------------------------|-----------------------------------------|-----------------------------------|
| an object is whole, or not there       | a temporary file is renamed             | one PUT, or an upload in parts    |
| a put holds its condition              | the folder is locked while it compares  | the server compares (`If-Match`)  |
| who else writes to the folder meanwhile| nobody: whoever comes second waits      | anybody: `exclusive` is False     |
| a deletion holds its condition         | the folder is locked while it compares  | compared, then deleted            |
| what a killed upload leaves            | a temporary file                        | an upload that was not completed  |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Protocol

from promo_reports.domain.manifest import MOST_MANIFEST_BYTES, ExportFile
from promo_reports.errors import Damaged

TEMPORARY = ".part-"
"""Prefix of the names of files that are still being written, where a store needs names for them."""

MOST_BYTES = MOST_MANIFEST_BYTES
"""Bytes of an object that is read and replaced in one piece."""


def damaged(address: str, how: str) -> Damaged:
    """Return the error for what lies at an address and is not what its manifest says."""
    return Damaged(
        f"{address} is damaged: {how}.", "Clear the run in Airflow: it is exported again, and put in its place."
    )


class Busy(Exception):
    """Somebody else is at work in the folder, or it is gone."""


class LostRace(Exception):
    """The object is no longer the one that was read: another attempt has replaced it meanwhile."""


@dataclass(frozen=True)
class Stored:
    """The content of a small object; `tag` changes with every replacement (an ETag, a hash)."""

    content: bytes
    tag: str
    written: datetime


class Entry(NamedTuple):
    """An object of a listing; `bytes` is None where the listing does not tell, or there is no content to be read.

    `unfinished` is what an upload has left that was never completed. `handle` is the store's own, by which it deletes
    what has no plain name; nobody else looks at it. `stamp` changes with every replacement of the object.
    """

    name: str
    bytes: int | None
    written: datetime
    unfinished: bool = False
    handle: object = None
    stamp: str = ""


@dataclass(frozen=True)
class Readable:
    """An object in a reader's hands: open, or for a moment readable at a URL, which is never shown or logged.

    `sha256` is None where nothing but reading it would tell.
    """

    bytes: int
    sha256: str | None
    content: FileIO | str = field(repr=False)


class Gettable(Protocol):
    """Small objects of one folder by their names, which are plain: nothing in them leads to another folder.

    Every method, here and below, raises DestinationRefused (no retry helps) or DestinationUnavailable; of a private
    directory, OSError as the file system gives it.
    """

    def get(self, name: str) -> Stored | None:
        """Return an object, or its first MOST_BYTES and one more, by which a larger one is told; None without it."""

    def address(self, name: str) -> str:
        """Return the URI under which readers find an object; of a private directory, its path."""


class SmallObjects(Gettable, Protocol):
    """Small objects of one folder that are replaced and deleted on a condition."""

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Replace an object in one step if it still has the tag `replacing` (None: if there is none); else LostRace.

        After any other error than LostRace and DestinationRefused it may have been replaced all the same.
        """

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete an object if it is still the one that was listed; else LostRace. One that is gone is no error."""

    def entries(self) -> Sequence[Entry]:
        """List everything in the folder, and what uploads to it have left."""


class WatchedObjects(SmallObjects, Protocol):
    """Small objects whose changes are noticed without reading all of them."""

    def stamp(self, name: str) -> str:
        """Return the stamp that a listing gives for an object; empty where there is none."""

    def revision(self) -> str:
        """Return a value that differs once an object was added, replaced or deleted since.

        A value with a `?` in it may miss a change of the same instant, so it never comes twice.
        """


class Incomplete(Exception):
    """Folders that were made have lost a part; `missing` names it."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


class Folders(Protocol):
    """A few folders of small objects that belong together."""

    @property
    def address(self) -> str:
        """Where they lie, for people."""

    def exist(self) -> bool:
        """Return False where they were never made and need not be; Incomplete where they must be there, and are not."""

    def prepare(self) -> str:
        """Make what of them is not there yet, and return how they are now, in words."""

    def folder(self, name: str) -> WatchedObjects:
        """Return the folder of a name; nothing is contacted yet."""


class ReadableObjects(Gettable, Protocol):
    """The objects of one export's folder, for those who read it."""

    def open(self, name: str) -> Readable | None:
        """Open an uploaded object, or sign a URL of it; None if it is not there, Damaged if it is no object."""


class Objects(ReadableObjects, SmallObjects, Protocol):
    """The objects of an export's folder, for those who write to it."""

    exclusive: bool
    """Whether nobody else writes to the folder meanwhile."""

    def upload(self, file: ExportFile, source: Path) -> None:
        """Store a whole file under its name, verified by bytes and sha256; what has that name is replaced.

        Nothing is visible under the name until all of it is. StagingError if `source` is gone or is not that file.
        """

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the bytes and the sha256 of an uploaded object; None if it is not there, or is no object."""

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Delete objects by their names and the handles of their entries; those that are gone are no error."""


class ObjectStore(Protocol):
    """Folders of objects, each two names deep: `<name>/<below>`."""

    def folder(self, name: str, below: str) -> AbstractContextManager[Objects]:
        """The folder for writing, made and locked where the store does either."""

    def reading(self, name: str, below: str) -> AbstractContextManager[ReadableObjects | None]:
        """The folder as it is, neither made nor locked; None where there is none."""

    def idle_folder(self, name: str, below: str) -> AbstractContextManager[Objects]:
        """The folder as it is, locked where the store does that; Busy at once if somebody else has it locked."""

    def folders(self, name: str | None = None) -> Sequence[str]:
        """List the names of folders, or those below one of them; none where there is nothing."""

    def remove_empty(self, name: str, below: str | None = None) -> bool:
        """Remove a folder where the store keeps empty ones, and return whether there is nothing in it."""

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the store: what is missing there has not expired then."""
