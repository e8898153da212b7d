"""Cursors: the position of a page as one opaque text, valid for the same filters and sort order only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from promo_reports.errors import InvalidCursor

_LONGEST = 4096
LARGEST_ID = 2**31 - 1
"""Of a row whose id is a number; a larger one is an error to PostgreSQL, not an unknown row."""

Key = str | datetime
RowId = str | int


@dataclass(frozen=True)
class Cursor:
    """A row's place in its list: its sort key and id. What is asked for are the rows after it, or those before.

    `inclusive` asks for the row itself too: the way back from a page whose rows have gone meanwhile.
    """

    key: Key
    id: RowId
    backwards: bool = False
    inclusive: bool = False

    def to_text(self, fingerprint: str) -> str:
        """Return the cursor for the outside; `fingerprint` is its question's."""
        by_time = isinstance(self.key, datetime)
        key = self.key.astimezone(UTC).isoformat() if isinstance(self.key, datetime) else self.key
        fields = [fingerprint, int(by_time), key, self.id, int(self.backwards), int(self.inclusive)]
        return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def of_text(cls, text: str, fingerprint: str, *, by_time: bool, numbered: bool) -> Cursor:
        """Read a cursor; `InvalidCursor` where it is none, or not one of this question.

        `by_time` says that the list is sorted by a time and not by a text, `numbered` that its ids are numbers.
        """
        try:
            given, time_key, key, row_id, backwards, inclusive = _fields(text)
        except (ValueError, RecursionError):
            raise InvalidCursor("is not a cursor that this list gave") from None
        if given != fingerprint:
            raise InvalidCursor("belongs to another sort or to other filters")
        flags = (time_key, backwards, inclusive)
        if any(flag not in (0, 1) for flag in flags) or bool(time_key) != by_time:
            raise InvalidCursor("is damaged")
        return cls(_key(key, by_time), _row_id(row_id, numbered), bool(backwards), bool(inclusive))


def fingerprint(question: Mapping[str, object]) -> str:
    """Differs for questions that differ in what is listed or in which order."""
    content = json.dumps(question, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fields(text: str) -> list[object]:
    if len(text) > _LONGEST:
        raise ValueError("too long")
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    if not isinstance(fields, list) or len(fields) != 6:
        raise ValueError("not the fields of a cursor")
    return fields


def _key(key: object, by_time: bool) -> Key:
    if not isinstance(key, str) or not _storable(key):
        raise InvalidCursor("is damaged")
    if not by_time:
        return key
    try:
        moment = datetime.fromisoformat(key)
        if moment.tzinfo is None:
            raise ValueError("a time without a timezone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidCursor("is damaged") from None


def _row_id(row_id: object, numbered: bool) -> RowId:
    if numbered and type(row_id) is int and 0 <= row_id <= LARGEST_ID:
        return row_id
    if not numbered and isinstance(row_id, str) and _storable(row_id):
        return row_id
    raise InvalidCursor("is damaged")


def _storable(text: str) -> bool:
    """Return whether a database can be asked for it: no NUL character, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)
