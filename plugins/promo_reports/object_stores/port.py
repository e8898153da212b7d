"""The interface of object stores: objects become visible completely, and are replaced or deleted on a condition.

`SmallObjects`, which are read and written in one piece, are the lowest part; the store of created reports needs only
`Folders` of them. Delivery adds uploads of whole files, downloads, and an `ObjectStore` of folders of exports.

A directory and a bucket keep the same promises in different ways:

| promise                                | directory                               | bucket                            |
|----------------------------------------|-----------------------------------------|-----------------------------------|
| an object is complete, or missing      | a temporary file is renamed             | one PUT, or a multipart upload    |
| a put holds its condition              | the folder is locked while it compares  | the server compares (`If-Match`)  |
| a deletion holds its condition         | the folder is locked while it compares  | compared, then deleted            |
| other writers in the folder            | none: a second one waits                | any: `exclusive` is False         |
| leftovers of a killed upload           | a temporary file                        | an incomplete multipart upload    |

An SFTP server is a directory whose locks end with a lease, since it does not see that a process has died.
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
    """Somebody else has the folder locked, or it is missing."""


class LostRace(Exception):
    """The object is no longer the one that was read: another attempt has replaced it meanwhile."""


@dataclass(frozen=True)
class Stored:
    """The content of a small object; `tag` changes with every replacement (an ETag, a hash)."""

    content: bytes
    tag: str
    written: datetime


class Entry(NamedTuple):
    """An object in a listing; `bytes` is None if the listing does not tell, or there is no content to read.

    `unfinished` marks leftovers of uploads that were never completed. `handle` belongs to the store, which needs it to
    delete what has no plain name. `stamp` changes with every replacement of the object.
    """

    name: str
    bytes: int | None
    written: datetime
    unfinished: bool = False
    handle: object = None
    stamp: str = ""


@dataclass(frozen=True)
class OpenObject:
    """An object that is open, or readable at a short-lived URL, which is never shown or logged.

    `sha256` is None if only reading the content would tell.
    """

    bytes: int
    sha256: str | None
    content: FileIO | str = field(repr=False)


class Gettable(Protocol):
    """Small objects of one folder by their names, which are plain: no name leads to another folder.

    Every method, here and below, raises DestinationRefused (no retry helps) or DestinationUnavailable; a private
    directory raises OSError as the file system gives it.
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
        """List everything in the folder, with leftovers of uploads."""


class WatchedObjects(SmallObjects, Protocol):
    """Small objects whose changes are noticed without reading all of them.

    A store that is asked over a network may answer all but `get`, `revision` and `contents` from what it has answered
    at most a minute ago, and for as long as it is away from what it has answered last. What this host has put is seen
    at once.
    """

    def recent(self, name: str) -> Stored | None:
        """Return an object as `get` does, or as it was at the last look for changes."""

    def stamp(self, name: str) -> str:
        """Return the stamp that a listing gives for an object; empty where there is none."""

    def revision(self) -> str:
        """Return a value that differs once an object was added, replaced or deleted since.

        A value with a `?` in it may miss a change of the same instant, so it never comes twice. In an object store, the
        change of a writer that died is missed until the contents are asked for, here or on another host.
        """

    def contents(self) -> object:
        """Return a value that equals another one as long as nothing has changed, in place or otherwise.

        In an object store it may miss the change of a writer that died for five minutes.
        """


class Incomplete(Exception):
    """Existing folders have lost a part; `missing` names it."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


class Folders(Protocol):
    """A few folders of small objects that belong together."""

    @property
    def address(self) -> str:
        """Where they lie, for people."""

    def exist(self) -> bool:
        """Return False if they were never created and need not exist; Incomplete if they must exist and do not."""

    def copied(self) -> bool:
        """Return whether this host has a copy of their listings, which answers while they are away."""

    def fetch(self) -> None:
        """Bring to this host what would be slow to read one by one."""

    def prepare(self) -> str:
        """Create what is missing, and describe the state."""

    def folder(self, name: str) -> SmallObjects:
        """Return the folder of a name; nothing is contacted yet."""

    def watched(self, name: str) -> WatchedObjects:
        """Return one of the folders that `prepare` creates."""


class ReadableObjects(Gettable, Protocol):
    """The objects of one export's folder, for those who read it."""

    def open(self, name: str) -> OpenObject | None:
        """Open an uploaded object, or sign a URL of it; None if it is not there, Damaged if it is no object."""

    def download(self, file: ExportFile, target: Path) -> None:
        """Write an uploaded object to a new local file, verified by bytes and sha256 while it is written.

        Damaged if it is not that file, StagingError if it is gone; OSError of the local disk as the file system gives
        it. After an error nothing is left at `target`.
        """

    def entries(self) -> Sequence[Entry]:
        """List everything in the folder, with leftovers of uploads."""


class Objects(ReadableObjects, SmallObjects, Protocol):
    """The objects of an export's folder, for those who write to it."""

    exclusive: bool
    """Whether nobody else writes to the folder meanwhile."""

    def upload(self, file: ExportFile, source: Path) -> None:
        """Store a whole file under its name, verified by bytes and sha256; what has that name is replaced.

        Nothing is visible under the name until all of it is. StagingError if `source` is gone or is not that file.
        """

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Copy the object `file.name` of another folder on the server's side; what has that name here is replaced.

        It is not read, but verified by the store's own checksum, before and after. False where this store cannot do so
        (another kind, endpoint or connection, or no such operation): then the file has to go through a local disk.
        Damaged if the source is not that file, StagingError if it is gone.
        """

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the bytes and the sha256 of an uploaded object; None if it is not there, or is no object.

        The sha256 follows from what the store has computed of the content, or from reading it.
        """

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Delete objects by their names and the handles of their entries; missing ones are ignored."""


class ObjectStore(Protocol):
    """Folders of objects, each below as many names as it is asked for: `folder("a", "b")` is `a/b`."""

    def folder(self, *names: str) -> AbstractContextManager[Objects]:
        """Return the folder for writing, made and locked where the store does either."""

    def reading(self, *names: str) -> AbstractContextManager[ReadableObjects | None]:
        """Return the folder as it is, neither made nor locked; None where there is none."""

    def idle_folder(self, *names: str) -> AbstractContextManager[Objects]:
        """Open the folder as it is, locked if the store has locks; Busy at once if somebody else has it locked."""

    def folders(self, *names: str) -> Sequence[str]:
        """List the names of folders at the root, or below a folder; empty if there are none.

        A folder that holds nothing but leftovers of uploads is one, if `entries` lists these.
        """

    def remove_empty(self, *names: str) -> bool:
        """Remove a folder if the store keeps empty ones, and return whether it is empty."""

    def check_visible(self) -> None:
        """Raise DestinationUnavailable unless this host sees the store: what is missing there has not expired then."""
