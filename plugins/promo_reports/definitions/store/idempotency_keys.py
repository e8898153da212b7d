"""Requests that were given an Idempotency-Key: the same key makes one report, however often it is sent (P13).

An object of the store for each key, made once by whoever is first. It keeps the hash of the body and the instant, so
that a repetition, after a crash too, asks for exactly the same: presets mean the days they meant at first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from promo_reports.errors import Conflict, StoreError
from promo_reports.object_stores.port import LostRace, SmallObjects

KEPT = timedelta(days=7)
"""For how long a key is remembered at least; afterwards it may make another report."""
SWEPT = timedelta(hours=1)
"""How often old keys are looked for, at most: it lists all of them."""

_ENDING = ".json"
_LAST_SWEEP = ".swept"


@dataclass(frozen=True)
class Request:
    """What was asked under a key: `token` names it in ids, `at` is when it was asked first."""

    token: str
    at: datetime


class IdempotencyKeys:
    """The keys of one store, each known by its user and its text alone.

    The store must be there: it is never made here, since one that is not mounted would look like one that is broken.
    """

    def __init__(self, objects: SmallObjects) -> None:
        self._objects = objects

    def look_up(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Return what `claim` would, without taking the key: where it is free, a request of now."""
        name = _name_of(key, by)
        found = self._objects.get(name)
        return Request(_token(name, at.isoformat()), at) if found is None else self._request(name, found.content, body)

    def claim(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Take a key for a body, or return when it was taken; `Conflict` where that was for another body."""
        name = _name_of(key, by)
        content = json.dumps({"asked": _hash_of(body), "at": at.isoformat()}).encode()
        taken = self._taken(name, content) or self._taken(name, content)  # between the two, a sweep has removed it
        if taken is None:
            raise StoreError(f"{self._objects.address(name)} was removed while it was read.", "Send the request again.")
        request = self._request(name, taken, body)
        self._sweep()
        return request

    def _taken(self, name: str, content: bytes) -> bytes | None:
        """Put a key if nobody has it, and return what is there; None where that was removed in this moment."""
        with suppress(LostRace):
            self._objects.put(name, content, replacing=None)
            return content
        found = self._objects.get(name)
        return None if found is None else found.content

    def _sweep(self) -> None:
        """Remove old keys, unless somebody did so a short while ago."""
        now = datetime.now(UTC)
        last = self._objects.get(_LAST_SWEEP)
        if last is not None and last.written > now - SWEPT:
            return
        with suppress(LostRace):  # somebody else sweeps in this moment
            self._objects.put(_LAST_SWEEP, b"", replacing=None if last is None else last.tag)
            for each in self._objects.entries():
                if each.name.endswith(_ENDING) and each.written < now - KEPT:
                    with suppress(LostRace):  # somebody has removed it, and it was taken anew
                        self._objects.discard(each.name, stamp=each.stamp)

    def _request(self, name: str, content: bytes, body: Mapping[str, Any]) -> Request:
        """Return the request that a key was taken for."""
        try:
            first = json.loads(content)
            same, at = first["asked"] == _hash_of(body), datetime.fromisoformat(first["at"])
            if at.tzinfo is None:
                raise ValueError(first["at"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise StoreError(
                f"{self._objects.address(name)} does not hold what was asked under an Idempotency-Key: "
                f"{type(error).__name__}.",
                "Remove it, if the report that was asked for is there; then send the request with a new key.",
            ) from error
        if not same:
            raise Conflict(
                "This Idempotency-Key was used for another report.",
                "Send a new key with a new report, and the same one only to repeat a request.",
            )
        return Request(_token(name, first["at"]), at)


def _name_of(key: str, by: str) -> str:
    return hashlib.sha256(f"{by}\0{key}".encode()).hexdigest() + _ENDING


def _token(name: str, at: str) -> str:
    return hashlib.sha256(f"{name.removesuffix(_ENDING)}\0{at}".encode()).hexdigest()[:24]


def _hash_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
