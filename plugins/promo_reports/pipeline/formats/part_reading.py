"""One part of an artifact, read again to its end: its bytes hashed, its rows tallied."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from promo_reports.domain.manifest import Part
from promo_reports.errors import ReconciliationError
from promo_reports.pipeline.formats.csv_records import whole_records
from promo_reports.pipeline.formats.growing_file import Readable, read_all
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.parsed_block import AnotherWidth, ParsedBlock
from promo_reports.pipeline.formats.tally import Tally

_CHUNK = 2 << 20
"""Bytes; a block is longer only where a record is."""
_AHEAD = 2
"""Blocks."""

# glibc gives the memory of such blocks back to the system, and asks for each page of the next one again, unless a
# larger allocation has been freed before (mallopt(3), M_MMAP_THRESHOLD). No page of this one is touched.
bytes(4 * _CHUNK)


def read_part(file: Readable, name: str, heading: Heading, tally: Tally) -> Part:
    """Read a part to its end and tally its rows.

    Raises `ReconciliationError` for another header or a row of another width, `DataRefused` for a cell that no file may
    carry, `Unreadable` for what is no CSV in UTF-8.
    """
    tally.begin_part(name)
    header, width = heading.line, len(heading.columns)
    size, sha256 = len(header), hashlib.sha256(header)
    with closing(_ahead(_records(file, name, header))) as blocks:
        for block in blocks:
            size += len(block)
            sha256.update(block)
            try:
                tally.add_all(ParsedBlock(block, width, tally.needed))
            except AnotherWidth as other:
                row = tally.rows + other.row + 1
                raise ReconciliationError(f"Row {row} of {name} has {other.cells} cells instead of {width}.") from None
    return Part(name, tally.rows, size, sha256.hexdigest(), tally.first, tally.last)


def _records(file: Readable, name: str, header: bytes) -> Iterator[bytes]:
    """Yield what follows the header, in blocks of whole records."""
    begun = read_all(file, len(header))
    if begun != header:
        raise ReconciliationError(f"The header of {name} is not the report type's columns.")
    yield from whole_records(iter(lambda: read_all(file, _CHUNK), b""))


def _ahead(blocks: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Yield the blocks; they are inflated and checked on another thread, while the caller hashes, parses and counts."""
    with ThreadPoolExecutor(1, thread_name_prefix="export-inflate") as reader:
        coming = deque(reader.submit(next, blocks, b"") for _ in range(_AHEAD))
        try:
            while block := coming.popleft().result():
                coming.append(reader.submit(next, blocks, b""))
                yield block
        finally:
            reader.shutdown(cancel_futures=True)
