"""Requests that were given an Idempotency-Key: the same key makes one report, however often it is sent (P13).

A file of the store for each key, made once by whoever is first. It keeps the hash of what was asked and the instant, so
that a repetition, after a crash too, asks for exactly the same: presets mean the days they meant at first.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from promo_reports.definitions.atomic_files import DIRECTORY_MODE, create_file
from promo_reports.errors import Conflict, StoreError

KEPT = timedelta(days=7)
"""For how long a key is remembered; afterwards it may make another report."""


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

    def claim(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Take a key for a body, or learn when it was taken; `Conflict` where that was for another body."""
        name = hashlib.sha256(f"{by}\0{key}".encode()).hexdigest()
        asked = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        path = self.directory / f"{name}.json"
        try:
            self.directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            self._forget_old()
            with suppress(FileExistsError):
                create_file(path, json.dumps({"asked": asked, "at": at.isoformat()}))
            first = json.loads(path.read_text())
        except OSError as error:
            raise StoreError(
                f"The store of created reports at {self.directory.parent} fails: {error.strerror or error}.",
                "Check that the directory is mounted, writable and not full.",
            ) from error
        if first["asked"] != asked:
            raise Conflict(
                "This Idempotency-Key was used for another report.",
                "Send a new key with a new report, and the same one only to repeat a request.",
            )
        token = hashlib.sha256(f"{name}\0{first['at']}".encode()).hexdigest()[:24]
        return Request(token, datetime.fromisoformat(first["at"]))

    def _forget_old(self) -> None:
        oldest = time.time() - KEPT.total_seconds()
        for path in self.directory.glob("*.json"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
