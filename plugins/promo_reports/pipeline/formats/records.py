"""Columns of texts as CSV records, with the bytes that PostgreSQL's COPY writes for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc  # noqa: TID253 - imported by the task alone

from promo_reports.pipeline.formats.parsed_block import texts_of

_QUOTE, _COMMA, _NEWLINE, _NOTHING = texts_of([b'"', b",", b"\n", b""])
_NEEDS_QUOTES = '[",\r\n]'


def quoted(cells: Any) -> Any:
    """Return a column with quotes around what COPY quotes: the empty text, and what a bare cell cannot hold."""
    marked = pc.or_(pc.match_substring_regex(cells, _NEEDS_QUOTES), pc.equal(cells, _NOTHING))
    if not pc.any(marked).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(marked, pc.binary_join_element_wise(_QUOTE, doubled, _QUOTE, _NOTHING), cells)


def records(columns: Sequence[Any]) -> bytes:
    """Return the records of columns whose cells are quoted where they need it; NULL is nothing."""
    rows = pc.binary_join_element_wise(*columns, _COMMA, null_handling="replace", null_replacement="")
    return bytes(content_of(pc.binary_join_element_wise(rows, _NEWLINE, _NOTHING)))


def content_of(texts: Any) -> memoryview:
    """Return the bytes of texts, none of which is NULL, one behind the other."""
    _, borders, content = texts.buffers()
    ends = np.frombuffer(borders, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(content or b"")[int(ends[0]) : int(ends[-1])]
