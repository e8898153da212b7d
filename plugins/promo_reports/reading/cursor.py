"""The cursor of `follow`: what was given, in some 75 characters of JSON for each export.

Places and keys stand in it as 16 digits of their hashes, and each key with the snapshot that it was given of.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from promo_reports.errors import ReadRefused

_VERSION = 1
_SHORT = re.compile(r"[0-9a-f]{16}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Given:
    """The key that was found in each place last, and the snapshot of each key that was given, in microseconds."""

    places: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)

    def add(self, place: str, key: str, snapshot: datetime) -> bool:
        """Take down what lies in a place, and return whether it is to be given.

        A key is given once, whatever places it is found in: those of one export in several shapes, which are filled one
        after the other. It is given again if it replaces another one by a later snapshot, and no place has kept it: the
        data is then what it was before.
        """
        here, short, taken = _short(place), _short(key), (snapshot - _EPOCH) // timedelta(microseconds=1)
        before = self.places.get(here)
        if before == short:
            return False
        known = self.keys.get(short)
        back = before is not None and known is not None and taken > known and short not in self.places.values()
        self.places[here] = short
        if known is None or back:
            self.keys[short] = taken
            return True
        return False

    def to_text(self) -> str:
        """Return the cursor as it is stored."""
        return json.dumps({"version": _VERSION, "places": self.places, "keys": self.keys}, separators=(",", ":"))

    @classmethod
    def from_text(cls, cursor: str | None) -> Given:
        """Read a cursor again; nothing was given without one. ReadRefused for what is none."""
        if not cursor:
            return cls()
        try:
            values = json.loads(cursor)
            places, keys = values["places"], values["keys"]
            texts = [*places, *places.values(), *keys]
            if values["version"] != _VERSION or not all(map(_SHORT.fullmatch, texts)):
                raise ValueError
            return cls(dict(places), {key: int(snapshot) for key, snapshot in keys.items()})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ReadRefused(
                "The cursor is none that follow gave.", "Give the cursor of an export, or none to begin with the first."
            ) from None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
