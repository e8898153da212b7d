"""A copy of small objects on this host's disk, which its processes share: one SQLite file.

It holds the last whole listing of an object store, and those contents that this host has read. Nothing is lost with it:
a file that is damaged, or of another release, is removed, and the next listing fills a new one.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from promo_reports.errors import DestinationUnavailable
from promo_reports.file_modes import ensure_directory, share
from promo_reports.object_stores.port import Entry, Stored

_RELEASE = 1
"""Of the tables below, which keep it as the file's user_version."""
_TABLES = """
    CREATE TABLE objects (
        folder TEXT NOT NULL, name TEXT NOT NULL, stamp TEXT, written REAL NOT NULL, content BLOB,
        sure INTEGER NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (folder, name)
    );
    CREATE TABLE listing (
        changes INTEGER NOT NULL, revision TEXT NOT NULL, at REAL NOT NULL, followed INTEGER NOT NULL
    );
    INSERT INTO listing VALUES (abs(random() % 1000000000), '', 0, 0);
    PRAGMA user_version = 1;
"""
_WAIT = 30.0
"""Seconds to wait for another process of this host, which holds the file for some milliseconds."""


class Listing(NamedTuple):
    """The last whole listing: `revision` of the store before it began, and when it began, in seconds of the epoch.

    `changes` counts what has changed in the copy, from a random number on; `at` is 0 as long as nothing was listed.
    `followed` says that `revision` is one that this host has put since.
    """

    changes: int
    revision: str
    at: float
    followed: bool


class Known(NamedTuple):
    """An object of the copy, as it was listed or read.

    The store has to be asked for it unless it is `sure`, and where `content` is None: it was listed, and not read yet.
    `stamp` is None for what only this host has written, `changed` the number of the copy's change that has brought it.
    """

    stamp: str | None
    written: datetime
    content: bytes | None
    sure: bool
    changed: int


class LocalCopy:
    """The copy of what lies at an address; methods raise DestinationUnavailable where the disk fails.

    Every call opens the file anew: it may come from any thread, and from a process that was forked.
    """

    def __init__(self, directory: Path, address: str) -> None:
        self._path = directory / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.sqlite"

    def listing(self) -> Listing:
        """Return what is known of the last listing."""
        with self._opened() as database:
            return Listing(*database.execute("SELECT changes, revision, at, followed FROM listing").fetchone())

    def known(self, folder: str, name: str) -> Known | None:
        """Return an object of the copy, None where the last listing had none of the name."""
        with self._opened() as database:
            query = "SELECT stamp, written, content, sure, changed FROM objects WHERE folder = ? AND name = ?"
            row = database.execute(query, (folder, name)).fetchone()
        return None if row is None else _known(*row)

    def entries(self, folder: str) -> list[Entry]:
        """Return the objects of a folder by name, but those that only this host has written."""
        with self._opened() as database:
            query = "SELECT name, length(content), written, stamp FROM objects WHERE folder = ? AND stamp IS NOT NULL"
            rows = database.execute(f"{query} ORDER BY name", (folder,)).fetchall()
        return [Entry(name, size, _instant(written), stamp=stamp) for name, size, written, stamp in rows]

    def doubtful(self, folder: str) -> list[str]:
        """Return the names for which the store has to be asked."""
        with self._opened() as database:
            rows = database.execute("SELECT name FROM objects WHERE folder = ? AND NOT sure", (folder,)).fetchall()
        return [name for (name,) in rows]

    def unread(self) -> list[tuple[str, str, Known]]:
        """Return every object for which the store has to be asked, with its folder and name."""
        with self._opened() as database:
            rows = database.execute(
                "SELECT folder, name, stamp, written, content, sure, changed FROM objects "
                "WHERE content IS NULL OR NOT sure"
            ).fetchall()
        return [(folder, name, _known(*row)) for folder, name, *row in rows]

    def replace(self, listed: Mapping[str, Sequence[Entry]], revision: str, *, at: float, begun: int) -> bool:
        """Take over a whole listing of each folder; return whether anything differs from the one before.

        `begun` is the number of changes when it began: what has changed in the copy since is newer, and stays.
        """
        with self._opened() as database, _transaction(database):
            change = _next_change(database)
            differs = [_take_over(database, folder, entries, begun, change) for folder, entries in listed.items()]
            changes = change if any(differs) else change - 1
            database.execute(
                "UPDATE listing SET changes = ?, revision = ?, at = ?, followed = 0", (changes, revision, at)
            )
            return any(differs)

    def doubt(self, folder: str, name: str, content: bytes | None) -> None:
        """Have the store asked for an object, which this host has just tried to write; None if that failed."""
        with self._opened() as database, _transaction(database):
            change = _next_change(database)
            database.execute(
                "INSERT INTO objects (folder, name, written, content, sure, changed) VALUES (?, ?, ?, ?, 0, ?) "
                "ON CONFLICT DO UPDATE SET content = coalesce(excluded.content, content), sure = 0, "
                "changed = excluded.changed",
                (folder, name, time.time(), content, change),
            )
            database.execute("UPDATE listing SET changes = ?", (change,))

    def keep(self, answers: Iterable[tuple[str, str, Known, Stored | None]]) -> None:
        """Keep what the store has answered for objects, except where the copy has changed meanwhile."""
        with self._opened() as database, _transaction(database):
            for folder, name, known, found in answers:
                where = (folder, name, known.changed)
                if found is None:
                    database.execute("DELETE FROM objects WHERE folder = ? AND name = ? AND changed = ?", where)
                else:
                    values = (found.tag, found.written.timestamp(), found.content)
                    database.execute(
                        "UPDATE objects SET stamp = ?, written = ?, content = ?, sure = 1 "
                        "WHERE folder = ? AND name = ? AND changed = ?",
                        (*values, *where),
                    )
                if known.sure and (found is None or found.tag != known.stamp):
                    database.execute("UPDATE listing SET changes = changes + 1")

    def follow(self, revision: str, *, to: str) -> None:
        """Note the revision that this host has put after another one, if that is the one of the listing."""
        with self._opened() as database:
            database.execute("UPDATE listing SET revision = ?, followed = 1 WHERE revision = ?", (to, revision))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connected()) as database:
                yield database
        except sqlite3.Error as error:
            if type(error) is sqlite3.DatabaseError:  # no database, or a damaged one
                self._remove()
            raise self._failure(str(error)) from None
        except OSError as error:
            raise self._failure(error.strerror or type(error).__name__) from None

    def _connected(self) -> sqlite3.Connection:
        database = self._connect()
        try:
            if _release(database) not in (0, _RELEASE):
                database.close()
                self._remove()
                database = self._connect()
            if _release(database) == 0:
                with _transaction(database):  # another process may have made the tables meanwhile
                    if _release(database) == 0:
                        for statement in _TABLES.split(";"):
                            database.execute(statement)
        except BaseException:
            database.close()
            raise
        return database

    def _connect(self) -> sqlite3.Connection:
        if not self._path.exists():
            ensure_directory(self._path.parent.parent)
            ensure_directory(self._path.parent)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                share(descriptor, self._path.parent)
            finally:
                os.close(descriptor)
        return sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)

    def _remove(self) -> None:
        for path in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            with suppress(OSError):
                path.unlink()

    def _failure(self, why: str) -> DestinationUnavailable:
        return DestinationUnavailable(
            f"this host's copy of it, {self._path}, cannot be used ({why}).",
            "Free space and correct permissions there, or set PROMO_REPORTS_SCRATCH_DIR to another directory.",
        )


def _release(database: sqlite3.Connection) -> int:
    """Return the release that made the tables, 0 where there are none yet."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _next_change(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT changes FROM listing").fetchone()[0]) + 1


def _take_over(database: sqlite3.Connection, folder: str, entries: Sequence[Entry], begun: int, change: int) -> bool:
    """Make a folder of the copy what a listing says; return whether it was anything else."""
    query = "SELECT name, stamp, sure, changed FROM objects WHERE folder = ?"
    rows = database.execute(query, (folder,)).fetchall()
    before = {name: stamp if sure else None for name, stamp, sure, changed in rows if changed <= begun}
    newer = {name for name, *_, changed in rows if changed > begun}
    listed = {each.name: each for each in entries if each.name not in newer}
    new = [each for each in listed.values() if before.get(each.name) != each.stamp]
    gone = before.keys() - listed.keys()
    database.executemany(
        "INSERT OR REPLACE INTO objects (folder, name, stamp, written, sure, changed) VALUES (?, ?, ?, ?, 1, ?)",
        ((folder, each.name, each.stamp, each.written.timestamp(), change) for each in new),
    )
    database.executemany("DELETE FROM objects WHERE folder = ? AND name = ?", ((folder, name) for name in gone))
    return bool(new or gone)


def _known(stamp: str | None, written: float, content: bytes | None, sure: int, changed: int) -> Known:
    return Known(stamp, _instant(written), content, bool(sure), changed)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
