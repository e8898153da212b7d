"""Where the cells of a block of CSV lie, found for all of its records at once.

A strict reader of RFC 4180 needs some microseconds a record, more than PostgreSQL needs to send it. Here the block is
looked at column by column, for what a second reading has to know; whatever is out of the ordinary is left to the strict
reader, so that this module never has to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Rows = NDArray[np.bool_]

_QUOTE, _COMMA, _NEWLINE, _RETURN = b'",\n\r'
_MINUS, _POINT, _ZERO = b"-.0"
# So many cells of so many digits have a sum that 64 bits hold.
_SAFE_DIGITS = 18
_LONGEST_NAME = 64
# Bytes at the end of a cell by which neighbours are told apart, and so few pairs that they are looked at one by one.
_LAST_BYTES = 12
_FEW = 16
_LETTERS = np.array([chr(byte).isascii() and chr(byte).isalnum() for byte in range(256)])


class Unusual(Exception):
    """A block that only the strict reader can judge."""


class CellIndex:
    """The records of one block, all of `width` cells; rows are counted from 0.

    What it is asked of a whole column raises `Unusual` where a cell is out of the ordinary.
    """

    def __init__(self, block: bytes, text: Bytes, ends: Places) -> None:
        self._block, self._text, self._ends = block, text, ends
        self._starts = np.zeros_like(ends)
        np.add(ends.reshape(-1)[:-1], 1, out=self._starts.reshape(-1)[1:])

    def __len__(self) -> int:
        return len(self._ends)

    def cell(self, row: int, column: int) -> str:
        """Return the text of one cell as a CSV reader gives it; NULL and the empty text are both empty."""
        raw = self._raw(row, column)
        return (raw[1:-1].replace(b'""', b'"') if raw[:1] == b'"' else raw).decode()

    def check_values(self, columns: Sequence[int]) -> None:
        """Return every cell of columns of numbers or times is empty, or begins with a digit, or a minus and one."""
        starts = self._starts[:, columns]
        first = self._text[starts]
        second = self._text.take(starts + 1, mode="clip")
        digits = np.where(first == _MINUS, second, first) - np.uint8(_ZERO) < 10
        if not (digits | (self._ends[:, columns] == starts)).all():
            raise Unusual

    def texts(self, column: int) -> Iterator[str]:
        """Yield the text of every cell, in the order of the rows."""
        return (self.cell(row, column) for row in range(len(self)))

    def without_letter(self, column: int) -> Iterator[str]:
        """Yield the cells that do not begin with a letter or digit of ASCII, quotes and empty cells aside."""
        starts = self._starts[:, column]
        first = self._text[starts + (self._text[starts] == _QUOTE)]
        for row in np.flatnonzero((self._ends[:, column] > starts) & ~_LETTERS[first]):
            yield self.cell(int(row), column)

    def repeats(self, columns: Sequence[int]) -> bool:
        """Return whether a row has in all of these columns the bytes of the row before it."""
        rows = np.arange(1, len(self))
        for column in reversed(columns):  # what makes an order unique stands last
            ends = self._ends[:, column]
            lengths = ends - self._starts[:, column]
            rows = rows[lengths[rows] == lengths[rows - 1]]
            for place in range(1, _LAST_BYTES):
                if len(rows) <= _FEW:
                    break
                same = self._text[ends[rows] - place] == self._text[ends[rows - 1] - place]
                rows = rows[same | (lengths[rows] < place)]
        return any(all(self._raw(row, c) == self._raw(row - 1, c) for c in columns) for row in rows.tolist())

    def groups(self, column: int) -> tuple[list[str], Places]:
        """Return the texts of a column, each once, and for each row the number of its text."""
        starts, ends = self._starts[:, column], self._ends[:, column]
        widest = int((ends - starts).max())
        if widest > _LONGEST_NAME:
            raise Unusual
        width = max(widest, 8)
        places = starts[:, None] + np.arange(width)
        inside = places < ends[:, None]
        letters = self._text.take(places, mode="clip")
        if not letters[inside].all():  # NUL, which would not count at a name's end
            raise Unusual
        names = np.where(inside, letters, np.uint8(0)).view(np.uint64 if width == 8 else f"S{width}").ravel()
        _, first, which = np.unique(names, return_index=True, return_inverse=True)
        return [self.cell(int(row), column) for row in first], which

    def sums(self, column: int, group: Places) -> Iterator[tuple[int, int, int]]:
        """Yield the exact sum of each group: its number, an integer, and its digits after the decimal point.

        A group comes several times where its cells have different numbers of digits there, and not at all where they
        are empty. `group` numbers each row's.
        """
        starts, ends = self._starts[:, column], self._ends[:, column]
        lengths = ends - starts
        widest = int(lengths.max())
        if widest == 0:
            return
        if widest + len(str(len(self))) > _SAFE_DIGITS:
            raise Unusual
        places = ends - np.arange(widest, 0, -1)[:, None]
        letters = np.where(places >= starts, self._text.take(places, mode="clip"), np.uint8(0))
        points, negative = letters == _POINT, self._text[starts] == _MINUS
        digits = letters - np.uint8(_ZERO)
        isdigit = digits < 10
        filled = lengths > 0
        pointed = np.count_nonzero(points, axis=0)
        if (np.count_nonzero(isdigit, axis=0) + pointed + (negative & filled) != lengths).any():
            raise Unusual
        scales = np.where(pointed > 0, widest - 1 - points.argmax(axis=0), 0)
        # Digits on both sides of a point, so that nothing but a number as PostgreSQL writes it passes.
        before_point = lengths - negative - pointed - scales
        if (pointed > 1).any() or (pointed > scales).any() or (filled & (before_point < 1)).any():
            raise Unusual
        values = np.where(isdigit, digits, np.uint8(0)).astype(np.int64)
        for scale in map(int, np.unique(scales[filled])):
            numbers = _whole_numbers(values, scale)
            of_scale = filled & (scales == scale)
            found = np.zeros(int(group.max()) + 1, np.int64)
            np.add.at(found, group[of_scale], np.where(negative, -numbers, numbers)[of_scale])
            for number in np.unique(group[of_scale]):
                yield int(number), int(found[number]), scale

    def _raw(self, row: int, column: int) -> bytes:
        return self._block[int(self._starts[row, column]) : int(self._ends[row, column])]


def index_cells(block: bytes, width: int) -> tuple[int, CellIndex | None]:
    """Return how many bytes from the beginning are whole records, and where their cells are.

    None where a record has another number of cells, a quote stands where RFC 4180 has none, or a line ends in a
    carriage return.
    """
    text = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero(_are_one_of(text, (_COMMA, _NEWLINE, _RETURN, _QUOTE)))
    letters = text[marks]
    quoting = letters == _QUOTE
    inside = np.bitwise_xor.accumulate(quoting.view(np.uint8))
    breaking = (inside | quoting) == 0
    breaks, kinds = marks[breaking], letters[breaking]
    rows = len(breaks) // width
    lines = kinds[: rows * width].reshape(rows, width)
    if rows and (lines[:, :-1] == _COMMA).all() and (lines[:, -1] == _NEWLINE).all():
        ends = breaks[: rows * width].reshape(rows, width)
        size = int(ends[-1, -1]) + 1
        quotes = marks[quoting]
        if _strictly_quoted(text, quotes[: np.searchsorted(quotes, size)]):
            return size, CellIndex(block, text, ends)
    newlines = breaks[kinds == _NEWLINE]
    return int(newlines[-1]) + 1 if len(newlines) else 0, None


def record_end(piece: bytes, *, quoted: bool) -> tuple[int, bool]:
    """For a piece that goes on with a record, `quoted` where it begins within quotes: how many bytes end the record, 0
    where none do, and whether the piece ends within quotes."""
    text = np.frombuffer(piece, np.uint8)
    inside = np.bitwise_xor.accumulate((text == _QUOTE).view(np.uint8)) ^ np.uint8(quoted)
    ends = np.flatnonzero((text == _NEWLINE) & (inside == 0))
    return (int(ends[0]) + 1 if len(ends) else 0), bool(inside[-1])


def _strictly_quoted(text: Bytes, quotes: Places) -> bool:
    """Return whether a quote only opens behind a break or a closing quote, and only closes before one."""
    neighbours = (_COMMA, _NEWLINE, _QUOTE)
    before, behind = text[np.maximum(quotes[::2] - 1, 0)], text[quotes[1::2] + 1]
    opened = _are_one_of(before, neighbours) | (quotes[::2] == 0)
    return bool(opened.all() and _are_one_of(behind, neighbours).all())


def _are_one_of(text: Bytes, letters: tuple[int, ...]) -> Rows:
    found: Rows = text == letters[0]
    another = np.empty_like(found)
    for letter in letters[1:]:
        found |= np.equal(text, letter, out=another)
    return found


def _whole_numbers(digits: Places, scale: int) -> Places:
    """Return the digits of each column as one number, without the point that stands before the last `scale` of them."""
    widest = len(digits)
    weights = [10 ** (widest - 1 - place) for place in range(widest)]
    if scale:
        point = widest - 1 - scale
        weights = [weight // 10 for weight in weights[:point]] + [0] + weights[point + 1 :]
    return np.array(weights, np.int64) @ digits
