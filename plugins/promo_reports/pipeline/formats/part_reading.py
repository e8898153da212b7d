"""One part of an artifact, read again to its end: its bytes hashed, its rows tallied.

Blocks of whole records are counted column by column where nothing in them is out of the ordinary (`cell_index`);
everything else is read by the standard library's strict reader, which therefore has the last word.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from typing import Protocol

from promo_reports.domain.manifest import Part
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.formats.cell_index import CellIndex, Unusual, index_cells, record_end
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.tally import Tally

# Large, so that the two threads seldom wait for each other; counted in pieces that stay in the processor's cache.
_CHUNK = 1 << 20
_AHEAD = 2
_BLOCK = 1 << 18
_LONG = 4
"""Blocks that a record is not whole in."""
# Decoding makes text of up to four times as many bytes, which should stay in the processor's cache.
_DECODED = 1 << 14


class Readable(Protocol):
    """What a part is read from."""

    def read(self, most: int, /) -> bytes:
        """Return the next bytes, at least one and at most so many; nothing at the end."""
        ...


class _Content:
    """The bytes of a part; they are hashed and counted, and are UTF-8."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def read(self) -> bytes:
        """Return the next bytes; nothing at the end."""
        content = self._file.read(_CHUNK)
        self.bytes += len(content)
        self.sha256.update(content)
        for place in range(0, len(content), _DECODED):
            self._decoder.decode(content[place : place + _DECODED])
        if not content:
            self._decoder.decode(b"", final=True)
        return content


def read_part(file: Readable, name: str, tally: Tally) -> Part:
    """Read a part to its end and tally its rows.

    Raises `ReconciliationError` for another header or a row of another width, `DataRefused` for a cell that no file may
    carry, `Unreadable` for what is no CSV in UTF-8.
    """
    try:
        return _read_part(file, name, tally)
    except csv.Error as damage:
        raise Unreadable(str(damage)) from None
    except UnicodeDecodeError:  # its message would quote the cell
        raise Unreadable("bytes that are no UTF-8") from None


def _read_part(file: Readable, name: str, tally: Tally) -> Part:
    tally.begin_part()
    content = _Content(file)
    header = (",".join(tally.names) + "\n").encode()
    with closing(_chunks(content)) as chunks:
        beginning = next(chunks, b"")
        while len(beginning) < len(header) and (more := next(chunks, b"")):
            beginning += more
        if not beginning.startswith(header):
            raise ReconciliationError(f"The header of {name} is not the report type's columns.")
        pieces = _pieces(chain([beginning[len(header) :]], chunks))
        for block, cells in _blocks(pieces, len(tally.names)):
            try:
                if cells is None:
                    raise Unusual
                tally.add_all(cells)
            except Unusual:
                _read_strictly(block, name, tally)
    return Part(name, tally.rows, content.bytes, content.sha256.hexdigest(), tally.first, tally.last)


def _chunks(content: _Content) -> Generator[bytes, None, None]:
    """Yield the bytes of a part; they are inflated and hashed on a thread of its own, while the caller counts."""
    with ThreadPoolExecutor(1, thread_name_prefix="export-inflate") as reader:
        coming = deque(reader.submit(content.read) for _ in range(_AHEAD))
        try:
            while chunk := coming.popleft().result():
                coming.append(reader.submit(content.read))
                yield chunk
        finally:
            reader.shutdown(cancel_futures=True)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for place in range(0, len(chunk), _BLOCK):
            yield chunk[place : place + _BLOCK]


def _blocks(pieces: Iterator[bytes], width: int) -> Iterator[tuple[bytes, CellIndex | None]]:
    """Yield blocks of whole records; a record longer than a few blocks is a block by itself.

    An index of a long record would take many times its memory.
    """
    rest = b""
    for piece in pieces:
        if len(rest) >= _LONG * _BLOCK:
            record, rest = _long_record(rest, chain([piece], pieces))
            yield record, None
            continue
        block = rest + piece
        size, cells = index_cells(block, width)
        rest = block[size:]
        if size:
            yield block[:size], cells
    if rest:
        yield rest, None


def _long_record(begun: bytes, pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return the record whole, and what follows it in its last piece."""
    record, quoted = [begun], begun.count(b'"') % 2 == 1
    for piece in pieces:
        end, quoted = record_end(piece, quoted=quoted)
        if end:
            return b"".join([*record, piece[:end]]), piece[end:]
        record.append(piece)
    return b"".join(record), b""


def _read_strictly(block: bytes, name: str, tally: Tally) -> None:
    csv.field_size_limit(sys.maxsize)
    width = len(tally.names)
    for row in csv.reader(_lines(block), strict=True):
        if len(row) != width:
            if row or width != 1:
                raise ReconciliationError(f"Row {tally.rows + 1} of {name} has {len(row)} cells instead of {width}.")
            row = [""]  # noqa: PLW2901 - an empty line is a row whose only cell is NULL
        try:
            tally.add(row)
        except DataRefused as refused:
            raise DataRefused(f"Row {tally.rows + 1} of {name}: {refused.reason}", refused.fix) from None


def _lines(block: bytes) -> Iterator[str]:
    begin = 0
    while begin < len(block):
        end = block.find(b"\n", begin) + 1 or len(block)
        yield block[begin:end].decode()
        begin = end
