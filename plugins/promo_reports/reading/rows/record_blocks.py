"""A CSV in blocks of whole records, which can be parsed side by side."""

from __future__ import annotations

from collections.abc import Iterator

from promo_reports.reading.trees.tree import Content

BLOCK = 1 << 20
"""Bytes of a block; a longer record has a block of its own."""


def record_blocks(content: Content, block: int = BLOCK) -> Iterator[bytes]:
    """Yield blocks that end with the end of a record; the last one is what is left, whether it does or not."""
    waiting, wanted = b"", block
    while True:
        pieces, length = [waiting], len(waiting)
        while length < wanted and (more := content.read(wanted - length)):
            pieces.append(more)
            length += len(more)
        waiting = b"".join(pieces)
        if length < wanted:
            if waiting:
                yield waiting
            return
        end = _end_of_records(waiting)
        if end:
            yield waiting[:end]
            waiting, wanted = waiting[end:], block
        else:
            wanted = 2 * length


def _end_of_records(block: bytes) -> int:
    """Return the place behind the last newline outside of quotes; 0 where there is none.

    A block begins outside of quotes, and a doubled quote leaves and enters them at once.
    """
    end = len(block)
    quotes = block.count(b'"')
    while end:
        if quotes % 2:  # inside: what opened it is the last quote
            end = block.rfind(b'"', 0, end)
            quotes -= 1
            continue
        newline = block.rfind(b"\n", 0, end)
        between = block.rfind(b'"', 0, end)
        if newline > between:
            return newline + 1
        if between < 0:
            return 0
        end = between
        quotes -= 1
    return 0
