"""The parts of a delivered file as record batches, by the key of its format."""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from promo_reports.domain.file_format import format_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import ReadRefused
from promo_reports.object_stores.port import damaged
from promo_reports.reading.rows.csv_cells import CellParser, NotCsv
from promo_reports.reading.rows.packed import GZIP, Inflated, Packed, Unpackable, zip_members
from promo_reports.reading.rows.parquet_rows import parquet_batches
from promo_reports.reading.rows.record_blocks import record_blocks
from promo_reports.reading.trees.tree import Content
from promo_reports.reading.verified_content import CHUNK, VerifiedContent

_BOM = "\ufeff"
_WORKERS = min(os.cpu_count() or 1, 8)


@dataclass(frozen=True)
class Delivered:
    """One file of an export, and how its rows are wanted; `names` are those of all columns in the file."""

    file: ExportFile
    address: str
    names: tuple[str, ...]
    schema: Any


def _csv(content: Content, delivered: Delivered) -> Iterator[Any]:
    yield from _part(content, delivered, delivered.file.name, delivered.file.rows)


def _zip(content: Content, delivered: Delivered) -> Iterator[Any]:
    members = zip_members(content)
    for part in delivered.file.members:
        name, member = next(members, ("the end of the file", content))
        if name != part.name:
            raise damaged(delivered.address, f"{name} is in the place of {part.name}, which its manifest names")
        yield from _part(member, delivered, name, part.rows)
    for name, _ in members:
        raise damaged(delivered.address, f"{name} is in it, which its manifest does not name")


def _csv_gz(content: Content, delivered: Delivered) -> Iterator[Any]:
    packed = Packed(content)
    yield from _csv(Inflated(packed, GZIP), delivered)
    if packed.read(1):
        raise damaged(delivered.address, "something follows its compressed data")


def _parquet(content: VerifiedContent, delivered: Delivered) -> Iterator[Any]:
    # What says where its columns are stands at its end. No reader is given what is not known to be whole.
    with TemporaryFile(prefix="promo-reports-read-") as whole:
        while piece := content.read(CHUNK):
            whole.write(piece)
        content.check()
        yield from parquet_batches(whole, delivered.file.name, delivered.names, delivered.schema, delivered.file.rows)


FORMATS: dict[str, Callable[[VerifiedContent, Delivered], Iterator[Any]]] = {
    "csv": _csv,
    "zip": _zip,
    "csv_gz": _csv_gz,
    "parquet": _parquet,
}
"""The function that reads a file of each format from its beginning."""


def batches_of(content: VerifiedContent, delivered: Delivered) -> Iterator[Any]:
    """Yield the rows of a file in order, in record batches that are not empty.

    Damaged where it is not readable, or has other rows than its manifest says; ReadRefused for an unknown format.
    """
    file_format = format_of(delivered.file.name)
    if file_format is None or file_format.key not in FORMATS:
        raise ReadRefused(
            f"{delivered.address} is of a format that this release does not read.", "Read it with a later release."
        )
    try:
        yield from FORMATS[file_format.key](content, delivered)
    except Unpackable as wrong:
        raise damaged(delivered.address, str(wrong)) from None


def _part(content: Content, delivered: Delivered, name: str, rows: int) -> Iterator[Any]:
    """Yield the rows of one CSV, whose header has the names of the manifest."""
    blocks = record_blocks(content)
    first = next(blocks, b"")
    header, _, rest = first.partition(b"\n")
    found = tuple(next(csv.reader([header.decode(errors="replace").removeprefix(_BOM)]), ()))
    if found != delivered.names:
        raise damaged(delivered.address, f"the header of {name} is not that of the columns in its manifest")
    read = 0
    with closing(_parsed(rest, blocks, CellParser(delivered.names, delivered.schema))) as batches:
        try:
            for batch in batches:
                read += batch.num_rows
                yield batch
        except NotCsv:
            raise damaged(delivered.address, f"{name} is no CSV of the columns in its manifest") from None
    if read != rows:
        raise damaged(delivered.address, f"{name} has {read:,} rows, its manifest says {rows:,}")


def _parsed(first: bytes, blocks: Iterator[bytes], parser: CellParser) -> Generator[Any]:
    """Yield parsed blocks in their order; a few of them are parsed at one time, while the next ones are read."""
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="promo-reports-read")
    waiting: deque[Future[Any]] = deque()
    try:
        if first:
            waiting.append(pool.submit(parser.parse, first))
        for block in blocks:
            waiting.append(pool.submit(parser.parse, block))
            while len(waiting) > _WORKERS + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
