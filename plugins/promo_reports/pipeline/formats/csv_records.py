"""Cut the bytes of a CSV into blocks of whole records, and refuse what RFC 4180 does not allow.

Arrow, which parses the blocks afterwards, accepts more than other readers do: text behind a closing quote, a quote in a
cell that does not begin with one, every kind of line end, empty lines, a last record without an end. What depends on
where quotes stand is checked here, over all bytes of a chunk at once; Arrow counts the cells of each record.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from promo_reports.pipeline.formats.file_code import Unreadable

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_BESIDE_QUOTES = np.isin(np.arange(256), list(b',\n"'))
"""What may stand before an opening and after a closing quote; another quote makes the two a doubled one."""


def whole_records(chunks: Iterator[bytes], width: int) -> Iterator[bytes]:
    """Yield the bytes of the chunks in blocks that end where a record ends, about one block for each chunk.

    They begin with a record of `width` cells. A record that is longer than a chunk is yielded whole. Raises
    `Unreadable`, which does not find every record of another width.
    """
    # The last byte waits for the next chunk, because what follows a quote is checked together with it.
    waiting, inside = b"\n", False
    begun: list[bytes] = []
    for chunk in chain(chunks, [b"\n"]):
        window = _Window(waiting + chunk, inside=inside)
        window.check(width)
        end = window.last_end()
        if end:
            yield b"".join([*begun, window.content[1:end]])
            begun = []
        begun.append(window.content[max(end, 1) : -1])
        waiting, inside = window.content[-2:], window.ends_inside
    if any(begun):
        raise Unreadable("its last record is cut off")


class _Window:
    """Some bytes of a CSV; the first and the last of them only serve to look at what stands beside a quote.

    `inside` says whether the second byte follows an opening quote whose cell has not ended.
    """

    def __init__(self, content: bytes, *, inside: bool) -> None:
        self.content = content
        self._text: Bytes = np.frombuffer(content, np.uint8)
        self._inside = inside
        self._quotes: Places = np.flatnonzero(self._text[1:-1] == _QUOTE) + 1

    @property
    def ends_inside(self) -> bool:
        """Whether the last byte follows an opening quote whose cell has not ended."""
        return self._inside != bool(len(self._quotes) % 2)

    def check(self, width: int) -> None:
        """Raise `Unreadable` for what no CSV of `width` columns has."""
        opening, closing = self._quotes[int(self._inside) :: 2], self._quotes[int(not self._inside) :: 2]
        before, after = self._text[opening - 1], self._text[closing + 1]
        if not (_BESIDE_QUOTES[before].all() and _BESIDE_QUOTES[after].all()):
            raise Unreadable("a quote that neither begins nor ends a cell")
        if b"\0" in self.content:
            raise Unreadable("a NUL character")
        if b"\r" in self.content and self._any_outside(self._text[1:-1] == _RETURN):
            raise Unreadable("a carriage return outside of quotes")
        if width > 1 and b"\n\n" in self.content:
            newlines = self._text[:-1] == _NEWLINE
            if self._any_outside(newlines[:-1] & newlines[1:]):
                raise Unreadable("an empty line")

    def last_end(self) -> int:
        """Return the place after the last newline that ends a record; 0 where none does."""
        begins = np.append(1, self._quotes + 1)[int(self._inside) :: 2]
        ends = np.append(self._quotes, len(self.content) - 1)[int(self._inside) :: 2]
        # Between the two quotes of a doubled one is nothing to be found, and a long cell may hold millions of them.
        for part in np.flatnonzero(ends > begins)[::-1]:
            newline = self.content.rfind(b"\n", int(begins[part]), int(ends[part]))
            if newline >= 0:
                return newline + 1
        return 0

    def _any_outside(self, marked: NDArray[np.bool_]) -> bool:
        """Return whether a marked byte is not within quotes; the marks begin with the second byte."""
        quotes_before = np.searchsorted(self._quotes, np.flatnonzero(marked) + 1)
        return bool(((quotes_before + self._inside) % 2 == 0).any())
