"""Cut the bytes of a CSV into blocks of whole records, and refuse what RFC 4180 does not allow.

Arrow, which parses the blocks afterwards, accepts more than other readers do: text behind a closing quote, a quote in a
cell that does not begin with one, every kind of line end, empty lines, a last record without an end. What depends on
where quotes stand is checked here, over all bytes of a chunk at once; Arrow counts the cells of each record that is not
empty.
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
_LAST_QUOTES = 64
"""The end of the last record is looked for behind so many quotes of a window first: mostly it is there."""


def whole_records(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes of the chunks in blocks that end where a record ends, about one block for each chunk.

    A record that is longer than a chunk is yielded whole. Raises `Unreadable`; empty records are left to
    `has_empty_record`.
    """
    # The last byte waits for the next chunk, because what follows a quote is checked together with it.
    waiting, inside = b"\n", False
    begun: list[bytes] = []
    for chunk in chain(chunks, [b"\n"]):
        window = _Window(waiting + chunk, inside=inside)
        window.check()
        end = window.last_end()
        if end:
            yield b"".join([*begun, memoryview(window.content)[1:end]])
            begun = []
        begun.append(window.content[max(end, 1) : -1])
        waiting, inside = window.content[-2:], window.ends_inside
    if any(begun):
        raise Unreadable("its last record is cut off")


def has_empty_record(block: bytes) -> bool:
    """Return whether a line of a block of whole records is empty."""
    return _Window(b"\n" + block + b"\n", inside=False).has_empty_line()


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

    def check(self) -> None:
        """Raise `Unreadable` for what no CSV has."""
        opening, closing = self._quotes[int(self._inside) :: 2], self._quotes[int(not self._inside) :: 2]
        before, after = self._text.take(opening - 1), self._text.take(closing + 1)
        if not (_BESIDE_QUOTES.take(before).all() and _BESIDE_QUOTES.take(after).all()):
            raise Unreadable("a quote that neither begins nor ends a cell")
        if b"\0" in self.content:
            raise Unreadable("a NUL character")
        if b"\r" in self.content and self._any_outside(self._text[1:-1] == _RETURN):
            raise Unreadable("a carriage return outside of quotes")

    def has_empty_line(self) -> bool:
        """Return whether a newline that ends a record follows another."""
        newlines = self._text == _NEWLINE
        return self._any_outside(newlines[1:-1] & newlines[:-2])

    def last_end(self) -> int:
        """Return the place after the last newline that ends a record; 0 where none does."""
        return self._last_end(max(0, len(self._quotes) - _LAST_QUOTES)) or self._last_end(0)

    def _last_end(self, first: int) -> int:
        """Return the same, of the bytes that follow the first `first` quotes."""
        quotes, inside = self._quotes[first:], int(self._inside) ^ first & 1
        begins = np.append(quotes[0] if first else 1, quotes + 1)[inside::2]
        ends = np.append(quotes, len(self.content) - 1)[inside::2]
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
