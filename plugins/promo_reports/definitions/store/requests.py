"""Requests that were given an Idempotency-Key: the same key makes one report, however often it is sent (P13).

A file of the store for each key, made once by whoever is first. It keeps the hash of what was asked and the instant, so
that a repetition, after a crash too, asks for exactly the same: presets mean the days they meant at first.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from promo_reports.atomic_files import DIRECTORY_MODE, create_file, replace_file
from promo_reports.errors import Conflict, StoreError
from promo_reports.regular_file import read_regular

KEPT = timedelta(days=7)
"""For how long a key is remembered at least; afterwards it may make another report."""
SWEPT = timedelta(hours=1)
"""How often old keys are looked for, at most: it is one stat for each key."""

_MOST_BYTES = 4096


@dataclass(frozen=True)
class Request:
    """What was asked under a key: `token` names it in ids, `at` is when it was asked first."""

    token: str
    at: datetime


class Requests:
    """The keys of one store, each known by its user and its text alone; `directory` lies in the store, which is there.

    A store is never made here: one that is not mounted would look like one that is broken.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def look_up(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """What `claim` would answer, without taking the key: where it is free, a request of now."""
        path, asked = self._path(key, by), _hash_of(body)
        with self._explained():
            try:
                return _request(path, asked)
            except (FileNotFoundError, NotADirectoryError):
                return Request(_token(path, at.isoformat()), at)

    def claim(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Take a key for a body, or learn when it was taken; `Conflict` where that was for another body."""
        path, asked = self._path(key, by), _hash_of(body)
        with self._explained():
            self.directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            text = json.dumps({"asked": asked, "at": at.isoformat()})
            try:
                request = _taken(path, text, asked)
            except FileNotFoundError:  # it was old, and another process has swept it in this moment
                request = _taken(path, text, asked)
            self._forget_old()
        return request

    def _path(self, key: str, by: str) -> Path:
        name = hashlib.sha256(f"{by}\0{key}".encode()).hexdigest()
        return self.directory / f"{name}.json"

    def _forget_old(self) -> None:
        """Remove old keys, unless that was done a short while ago."""
        now = time.time()
        stamp = self.directory / ".swept"
        with suppress(FileNotFoundError):
            if stamp.lstat().st_mtime > now - SWEPT.total_seconds():
                return
        replace_file(stamp, "")
        for path in self.directory.glob("*.json"):
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime < now - KEPT.total_seconds():
                    path.unlink()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The store of created reports at {self.directory.parent} fails: {error.strerror or error}.",
                "Check that the directory is mounted, writable and not full.",
            ) from error


def _taken(path: Path, text: str, asked: str) -> Request:
    with suppress(FileExistsError):
        create_file(path, text)
    return _request(path, asked)


def _request(path: Path, asked: str) -> Request:
    """The request that a key was taken for."""
    text = read_regular(path, _MOST_BYTES)
    try:
        first = json.loads(text)
        same, at = first["asked"] == asked, datetime.fromisoformat(first["at"])
        if at.tzinfo is None:
            raise ValueError(first["at"])
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"{path} does not hold what was asked under an Idempotency-Key: {type(error).__name__}.",
            "Remove it, if the report that was asked for is there; then send the request with a new key.",
        ) from error
    if not same:
        raise Conflict(
            "This Idempotency-Key was used for another report.",
            "Send a new key with a new report, and the same one only to repeat a request.",
        )
    return Request(_token(path, first["at"]), at)


def _token(path: Path, at: str) -> str:
    return hashlib.sha256(f"{path.stem}\0{at}".encode()).hexdigest()[:24]


def _hash_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
