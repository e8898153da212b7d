"""The rows of a Parquet file as record batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import pyarrow as pa  # noqa: TID253 - imported when an export is read
import pyarrow.parquet as pq  # noqa: TID253

from promo_reports.reading.rows.csv_cells import Misfit
from promo_reports.reading.rows.packed import Unpackable


def parquet_batches(file: IO[bytes], name: str, names: Sequence[str], schema: Any, rows: int) -> Iterator[Any]:
    """Yield the columns of `schema`, as those types.

    Unpackable where the file is not of these names and rows, Misfit for a value that its type does not hold.
    """
    try:
        with pq.ParquetFile(file) as found:
            if tuple(found.schema_arrow.names) != tuple(names):
                raise Unpackable(f"the columns of {name} are not those in its manifest")
            if found.metadata.num_rows != rows:
                raise Unpackable(f"{name} has {found.metadata.num_rows:,} rows, its manifest says {rows:,}")
            for batch in found.iter_batches(columns=schema.names):
                yield _cast(batch, schema)
    except (pa.ArrowException, OSError) as wrong:  # whose messages may quote a cell
        raise Unpackable(f"it is no Parquet file of the columns in its manifest ({type(wrong).__name__})") from None


def _cast(batch: Any, schema: Any) -> Any:
    arrays = []
    for field in schema:
        try:
            arrays.append(batch.column(field.name).cast(field.type))
        except pa.ArrowException:
            raise Misfit(field.name, field.type) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
