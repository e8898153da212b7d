"""A mask of the worker: HMAC-SHA256 with one key for all reports, so that hashed columns of several can be joined.

COPY takes no binds, and a key never stands in a statement: the database sends the clear texts, which are hashed here
before they are written.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Callable, Sequence

from promo_reports.domain.mask import HASHED
from promo_reports.domain.report_type import Column
from promo_reports.errors import SourceRefused
from promo_reports.sql.expressions import Expressions

PREFIX = "hmac_"
SHORTEST_KEY = 32
"""Bytes; a shorter key than the hash could be guessed with less work."""
_BYTES = 20
"""Of the hash, which are 32 letters of base32: 160 bits keep any two people of any database apart."""
_FORM = re.compile(PREFIX + "[a-z2-7]{32}")
_CELL = re.compile(rb'("[^"]*(?:""[^"]*)*"|[^,]*)(?:,|\Z)')


class HashKey:
    """The secret key; nothing that prints or logs it shows it.

    Raises `ValueError`, whose message does not have it, where it is too short.
    """

    __slots__ = ("__secret",)

    def __init__(self, secret: str) -> None:
        self.__secret = secret.encode()
        if len(self.__secret) < SHORTEST_KEY:
            raise ValueError(f"has {len(self.__secret)} bytes; a key for hashes has at least {SHORTEST_KEY}")

    def __repr__(self) -> str:
        return "HashKey(...)"

    def __reduce__(self) -> str:
        raise TypeError("A key for hashes is not serialized.")

    def hashed(self, text: bytes) -> bytes:
        """Return the hash of a text in UTF-8 as a cell, which needs no quotes."""
        digest = hmac.digest(self.__secret, text, "sha256")
        return PREFIX.encode() + b32encode(digest[:_BYTES]).lower()


class Hashed:
    """`hmac_` and 32 letters and digits for any text."""

    def sql(self, column: Column, of: Expressions) -> None:
        """Leave it to the worker, who has the key."""

    def is_masked(self, text: str) -> bool:
        """Return whether a cell is a hash."""
        return _FORM.fullmatch(text) is not None


def hashes(columns: Sequence[Column]) -> bool:
    """Return whether any column is hashed."""
    return any(column.mask is HASHED for column in columns)


def hashing(columns: Sequence[Column], key: HashKey | None, sink: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a sink of CSV records, as PostgreSQL's COPY writes them, that hashes the cells of the hashed columns.

    NULL stays NULL; the empty text has a hash. Raises `SourceRefused` where there is no key for them.
    """
    if not hashes(columns):
        return sink
    if key is None:
        raise SourceRefused("There is no key for the hashed columns.", "Give the export the key of the project.")
    places = [place for place, column in enumerate(columns) if column.mask is HASHED]
    width = len(columns)

    def write(record: bytes) -> None:
        end = len(record) - 1
        cells = _CELL.findall(record, 0, end)[:width] if b'"' in record else record[:end].split(b",")
        for place in places:
            if cell := cells[place]:
                cells[place] = key.hashed(cell[1:-1].replace(b'""', b'"') if cell[:1] == b'"' else cell)
        sink(b",".join(cells) + b"\n")

    return write
