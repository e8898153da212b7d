"""The cells of a block of CSV records, parsed by Arrow in the columns that a second reading looks at.

Every cell stays the text that the file has: an empty cell without quotes is NULL, and numbers are converted to decimals
alone, which are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa  # noqa: TID253 - imported by the task alone
import pyarrow.compute as pc  # noqa: TID253
import pyarrow.csv as pa_csv  # noqa: TID253
from numpy.typing import NDArray

from promo_reports.pipeline.decimals import EXACT
from promo_reports.pipeline.formats.csv_records import has_empty_record
from promo_reports.pipeline.formats.file_code import Unreadable

_Number = TypeVar("_Number", bound=np.generic)

_BOM = b"\xef\xbb\xbf"
# So many digits of so many cells as a block can have (2^31) have a sum of at most 38, all that 128 bits hold.
_DIGITS = 28

# An interruption is Python's own affair: a signal that Arrow takes over while it parses arrives later.
pa.enable_signal_handlers(False)


class AnotherWidth(Exception):
    """A record, counted from 0, has another number of cells."""

    def __init__(self, row: int, cells: int) -> None:
        super().__init__(row, cells)
        self.row, self.cells = row, cells


@dataclass(frozen=True)
class Groups:
    """Rows by the text of one column: each text, how many rows have it, and for each row the number of its text."""

    names: list[str]
    rows: list[int]
    of_row: NDArray[np.int32]


class ParsedBlock:
    """Some columns of whole records; columns and rows are counted from 0."""

    def __init__(self, content: bytes, width: int, columns: Sequence[int]) -> None:
        """Parse a block of `whole_records`; raise `Unreadable` or `AnotherWidth`."""
        _check_utf8(content)
        self.content = content
        table = _parsed(content, width, columns or (0,))
        self._rows: int = table.num_rows
        self._columns = {int(name): table.column(name).combine_chunks() for name in table.column_names}
        # Arrow takes an empty line for a record whose cells are all NULL.
        if width > 1 and all(cells.null_count for cells in self._columns.values()) and has_empty_record(content):
            raise Unreadable("an empty line")

    def __len__(self) -> int:
        return self._rows

    def cell(self, row: int, column: int) -> str | None:
        """Return the text of one cell, None for NULL."""
        text: str | None = self._columns[column][row].as_py()
        return text

    def array(self, column: int) -> Any:
        """Return the cells of a column as an Arrow array of texts."""
        return self._columns[column]

    def has_scale(self, column: int, scale: int) -> bool:
        """Return whether every number of a column has so many digits after the point."""
        cells = self._columns[column]
        return bool((_scales(cells)[_booleans(cells.is_valid())] == scale).all())

    def texts(self, column: int) -> Iterator[str]:
        """Yield the text of every cell; NULL and the empty text are both empty."""
        return (text or "" for text in self._columns[column].to_pylist())

    def beginning_with(self, letters: frozenset[str], column: int) -> Iterator[tuple[int, str]]:
        """Yield the cells whose first letter is one of these, each with its row."""
        bytes_of, borders = octets(self._columns[column])
        if not bytes_of.size:
            return
        first, second = (bytes_of.take(borders[:-1] + place, mode="clip") for place in (0, 1))
        rows = np.flatnonzero(_beginnings(letters)[first, second] & (borders[1:] > borders[:-1]))
        content = bytes_of.data
        for row, begin, end in zip(rows.tolist(), borders[rows].tolist(), borders[rows + 1].tolist(), strict=True):
            cell = str(content[begin:end], "utf-8")
            if cell[0] in letters:
                yield row, cell

    def row_with(self, texts: frozenset[str], column: int) -> int | None:
        """Return the first row whose cell is one of these texts, none of which is empty."""
        cells, wanted = self._columns[column], list(map(str.encode, texts))
        lasts = np.zeros(256, bool)
        lasts[[text[-1] for text in wanted]] = True
        bytes_of, borders = octets(cells)
        # Nearly every cell ends with another letter, and a look at that is a tenth of a comparison.
        if not bytes_of.size or not lasts[bytes_of.take(borders[1:] - 1, mode="wrap")].any():
            return None
        return _first(_booleans(pc.is_in(cells, value_set=texts_of(wanted))))

    def repeated(self, columns: Sequence[int]) -> int | None:
        """Return the first row that is equal in all of these columns to the row before it; NULL is equal to NULL."""
        same = np.ones(max(len(self) - 1, 0), bool)
        for column in reversed(columns):  # what makes an order unique stands last
            here, before = self._columns[column][1:], self._columns[column][:-1]
            valid, valid_before = here.is_valid(), before.is_valid()
            equal = pc.and_kleene(pc.equal(here, before), pc.and_(valid, valid_before))
            same &= _booleans(equal) | ~_booleans(pc.or_(valid, valid_before))
            if not same.any():
                return None
        row = _first(same)
        return None if row is None else row + 1

    def groups(self, column: int | None) -> Groups:
        """Return the rows of each text of a column; without a column all rows are one group.

        NULL is the empty text, which may therefore come twice.
        """
        if column is None:
            return Groups([""], [len(self)], np.zeros(len(self), np.int32))
        coded = self._columns[column].dictionary_encode(null_encoding="encode")
        of_row, names = _numbers(coded.indices, np.int32), [name or "" for name in coded.dictionary.to_pylist()]
        return Groups(names, np.bincount(of_row, minlength=len(names)).tolist(), of_row)

    def sums(self, column: int, groups: Groups) -> list[Decimal] | None:
        """Return the exact sum of each group; NULL counts nothing.

        None where a cell has more than 28 digits, or is written in another way than with digits, a point, a sign and
        an exponent.
        """
        cells = self._columns[column]
        scales = _scales(cells)
        numbers = _decimals(cells, int(scales.max(initial=0)))
        if numbers is None:
            return None
        if len(groups.names) > 1:
            numbers = numbers.take(_places(np.argsort(groups.of_row, kind="stable")))
        widest = np.zeros(len(groups.names), np.int32)
        np.maximum.at(widest, groups.of_row, scales)
        sums, begin = [], 0
        for rows, scale in zip(groups.rows, widest.tolist(), strict=True):
            total = pc.sum(numbers.slice(begin, rows)).as_py()
            # As many digits after the point as the group has, not as the block has.
            sums.append(Decimal(0) if total is None else total.quantize(Decimal(1).scaleb(-scale), context=EXACT))
            begin += rows
        return sums


def _check_utf8(content: bytes) -> None:
    try:
        texts_of([content]).validate(full=True)
    except pa.ArrowInvalid:  # its message would quote the record
        raise Unreadable("bytes that are no UTF-8") from None


def _parsed(content: bytes, width: int, columns: Sequence[int]) -> Any:
    names, chosen = [str(place) for place in range(width)], [str(place) for place in columns]
    other: list[Any] = []

    def of_another_width(row: Any) -> str:
        other.append(row)
        return "error"

    try:
        return pa_csv.read_csv(
            # Arrow leaves out a byte order mark at the beginning, which is here the text of a cell.
            pa.py_buffer(_BOM + content if content.startswith(_BOM) else content),
            pa_csv.ReadOptions(use_threads=False, block_size=len(content) + len(_BOM) + 1, column_names=names),
            pa_csv.ParseOptions(
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=of_another_width,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False,  # all of the block has been checked
                include_columns=chosen,
                column_types=dict.fromkeys(chosen, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        if other:
            raise AnotherWidth(other[0].number - 1, other[0].actual_columns) from None
        raise Unreadable("a record that is no CSV") from None


@lru_cache
def _beginnings(letters: frozenset[str]) -> NDArray[np.bool_]:
    """Return whether one of the letters begins with two bytes; of a letter that is one byte, any byte is the second."""
    found = np.zeros((256, 256), bool)
    for octets in map(str.encode, letters):
        found[octets[0], octets[1] if len(octets) > 1 else slice(None)] = True
    return found


def _scales(cells: Any) -> NDArray[np.int32]:
    """Return how many digits each cell has after the point; 0 for NULL."""
    points, lengths = _numbers(pc.find_substring(cells, "."), np.int32), _numbers(pc.binary_length(cells), np.int32)
    return np.where(is_valid(cells) & (points >= 0), lengths - points - 1, 0).astype(np.int32)


def _decimals(cells: Any, scale: int) -> Any:
    try:
        return cells.cast(pa.decimal128(_DIGITS, scale)) if scale <= _DIGITS else None
    except pa.ArrowInvalid:
        return None


# Arrow's own conversions from and to Python's values import pandas.


def texts_of(texts: Iterable[bytes]) -> Any:
    """Return an array of UTF-8 texts."""
    content = list(texts)
    ends = np.cumsum([0, *map(len, content)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(content), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(content))])


def octets(cells: Any) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return the bytes that texts are kept in, and where in them each begins; then where the last ends."""
    _, borders, content = cells.buffers()
    octets = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(0, np.uint8)
    return octets, np.frombuffer(borders, np.int32)[cells.offset : cells.offset + len(cells) + 1]


def is_valid(cells: Any) -> NDArray[np.bool_]:
    """Return which cells are not NULL."""
    return _booleans(cells.is_valid())


def _places(rows: NDArray[np.int64]) -> Any:
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])


def _booleans(found: Any) -> NDArray[np.bool_]:
    return _numbers(found.cast(pa.uint8()), np.uint8).view(bool)


def _numbers(array: Any, kind: type[_Number]) -> NDArray[_Number]:
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _first(found: NDArray[np.bool_]) -> int | None:
    return int(found.argmax()) if found.any() else None
