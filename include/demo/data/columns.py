"""Arrow columns for COPY, built from integers without a detour through Python objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from include.demo.data.source import Integers


def money(cents: Integers) -> pa.Array:
    """Make exact two-digit decimals of integer cents: a decimal128 is the integer and its sign, 16 bytes a row."""
    import pyarrow as pa

    words = np.empty((len(cents), 2), np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def instants(microseconds: Integers | Sequence[int | None]) -> pa.Array:
    """Make timestamps of UTC microseconds; None is NULL.

    They carry no zone, which Arrow writes twenty times faster; `bulk.copy_rows` lets PostgreSQL read them as UTC.
    """
    import pyarrow as pa

    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us"))


def words(values: Sequence[str | None]) -> pa.Array:
    """Make text; None is NULL and '' is empty text."""
    import pyarrow as pa

    return pa.array(values, pa.string())


def pick(choices: Sequence[str | None], index: Integers) -> pa.Array:
    """Make text of few choices, one index a row."""
    return words(choices).take(index)


def constant(value: str | None, rows: int) -> pa.Array:
    """Make one text for all rows."""
    return pick([value], np.zeros(rows, np.int64))
