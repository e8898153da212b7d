"""Parquet: exact decimals, instants with the report's zone, zstd, row groups of bounded size.

Arrow writes it and DuckDB reads it again: it renders every cell as PostgreSQL's COPY does, so that the content of the
part is compared with what the database sent, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import duckdb  # noqa: TID253 - imported by the task alone
import pyarrow as pa  # noqa: TID253
import pyarrow.compute as pc  # noqa: TID253
import pyarrow.parquet as pq  # noqa: TID253

from promo_reports.domain.manifest import Part
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.file_code import Unreadable
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.hashed_file import HashedFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.parsed_block import AnotherWidth, ParsedBlock, texts_of
from promo_reports.pipeline.formats.part_reading import read_part
from promo_reports.pipeline.formats.records import content_of, quoted, records
from promo_reports.pipeline.formats.tally import Tally

DIGITS = 38
"""Digits of a decimal: what 128 bits hold, and all that DuckDB, polars and Spark take."""
_GROUP_ROWS, _GROUP_BYTES = 1 << 17, 32 << 20
_BATCH_ROWS, _BATCH_BYTES = 1 << 13, 8 << 20
_FALSE_AND_TRUE = texts_of([b"f", b"t"])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ParquetWriter:
    """Writes one part in row groups of at most 131,072 rows or 32 MiB of CSV, a longer record in a group of its own."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        self._file, self._heading = HashedFile(file), heading
        self._schema = pa.schema([pa.field(each.name, _type_of(each, heading)) for each in heading.columns])
        self._writer = pq.ParquetWriter(
            self._file, self._schema, compression="zstd", write_batch_size=256, write_page_checksum=True
        )
        self._group: list[Any] = []
        self._rows = self._bytes = 0
        self.spans: list[ChecksummedSpan] = []

    def begin(self, name: str) -> None:
        """Start the part; its header is the schema."""
        header = self._heading.line
        self._name, self._length, self._sha256 = name, len(header), hashlib.sha256(header)

    def write(self, given: bytes) -> None:
        """Append whole records."""
        columns = self._heading.columns
        try:
            block = ParsedBlock(given, len(columns), range(len(columns)))
        except AnotherWidth as other:
            raise ReconciliationError(
                f"A row of {self._name} has {other.cells} cells instead of {len(columns)}."
            ) from None
        cells = [block.array(place) for place in range(len(columns))]
        values = [_values(*each) for each in zip(columns, cells, self._schema.types, strict=True)]
        content = given if self._as_scaled(block) else _scaled(columns, cells, values)
        self._length += len(content)
        self._sha256.update(content)
        self._group.append(pa.record_batch(values, schema=self._schema))
        self._rows += len(block)
        self._bytes += len(given)
        if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._end_group()

    def end(self) -> ChecksummedSpan:
        """Finish the part."""
        self._end_group()
        return ChecksummedSpan(self._length, self._sha256.hexdigest())

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
        self.spans.append(self._file.span)

    def _end_group(self) -> None:
        if self._group:
            self._writer.write_table(pa.Table.from_batches(self._group), row_group_size=self._rows)
        self._group, self._rows, self._bytes = [], 0, 0

    def _as_scaled(self, block: ParsedBlock) -> bool:
        """Return whether each decimal is written at its column's scale, as the file has it."""
        return all(
            block.has_scale(place, column.scale or 0)
            for place, column in enumerate(self._heading.columns)
            if column.type is ColumnType.DECIMAL
        )


def _scaled(columns: Sequence[Column], cells: Sequence[Any], values: Sequence[Any]) -> bytes:
    """Return the records of cells, with decimals at their scale."""
    return records(
        [
            numbers.cast(pa.string()) if column.type is ColumnType.DECIMAL else quoted(texts)
            for column, texts, numbers in zip(columns, cells, values, strict=True)
        ]
    )


def _type_of(column: Column, heading: Heading) -> Any:
    """Return the Arrow type of a column; DataRefused for a decimal whose digits nobody has told."""
    if column.type is ColumnType.DECIMAL and not 0 <= (-1 if column.scale is None else column.scale) <= DIGITS:
        raise DataRefused(
            f"Column {column.name!r} is a decimal without a scale, and Parquet has as many digits in every row.",
            f"Write `scale:` for it in the report type, at most {DIGITS}, or choose the format CSV.",
        )
    types = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.DECIMAL: pa.decimal128(DIGITS, column.scale or 0),
        ColumnType.TIMESTAMP: pa.timestamp("us", heading.zone.key),
        ColumnType.DATE: pa.date32(),
        ColumnType.BOOLEAN: pa.bool_(),
    }
    return types[column.type]


def _values(column: Column, cells: Any, kind: Any) -> Any:
    """Return cells as values of a type; DataRefused where one is none."""
    try:
        if column.type is ColumnType.BOOLEAN:
            return _booleans(cells)
        try:
            return cells.cast(kind)
        except pa.ArrowInvalid:
            if column.type is not ColumnType.TIMESTAMP:
                raise
            # An offset with seconds, as all were before clocks agreed, is none that Arrow takes.
            return pa.array(map(_microseconds, cells.to_pylist()), pa.int64(), from_pandas=False).cast(kind)
    except (pa.ArrowInvalid, TypeError, ValueError):  # whose messages would quote the cell
        raise DataRefused(
            f"Column {column.name!r} holds a value that the type {kind} of Parquet cannot hold.",
            "Correct it in the report type's SQL, or choose the format CSV.",
        ) from None


def _booleans(cells: Any) -> Any:
    found = pc.index_in(cells, value_set=_FALSE_AND_TRUE)
    if found.null_count != cells.null_count:
        raise ValueError
    return found.cast(pa.bool_())


def _microseconds(cell: str | None) -> int | None:
    return None if cell is None else (datetime.fromisoformat(cell) - _EPOCH) // timedelta(microseconds=1)


def writer(file: BinaryIO, heading: Heading) -> ParquetWriter:
    """Return the writer of a Parquet file."""
    return ParquetWriter(file, heading)


_RENDERED = {
    ColumnType.TEXT: """CASE WHEN {0} IS NULL THEN '' WHEN {0} = '' THEN '""'
        WHEN contains({0}, '"') OR contains({0}, ',') OR contains({0}, chr(10)) OR contains({0}, chr(13))
        THEN concat('"', replace({0}, '"', '""'), '"') ELSE {0} END""",
    ColumnType.BOOLEAN: "CASE WHEN {0} THEN 't' WHEN NOT {0} THEN 'f' ELSE '' END",
}
_DUCKDB_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DECIMAL: f"DECIMAL({DIGITS},{{scale}})",
    ColumnType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    ColumnType.DATE: "DATE",
    ColumnType.BOOLEAN: "BOOLEAN",
}


class _Records:
    """The content of the part, as DuckDB renders it: `read` as a file has it."""

    def __init__(self, file: GrowingFile, batches: Iterator[Any], header: bytes) -> None:
        self._file, self._batches, self._waiting = file, batches, memoryview(header)

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most so many; nothing at the end."""
        while not self._waiting:
            self._file.wait_until_finished()  # Abandoned
            batch = next(self._batches, None)
            if batch is None:
                return b""
            self._waiting = content_of(batch.column(0))
        found, self._waiting = self._waiting[:most], self._waiting[most:]
        return bytes(found)


def read_back(file: GrowingFile, heading: Heading, tally: Tally) -> tuple[Part, ...]:
    """Read the one part of a Parquet file by DuckDB, when it is whole."""
    file.wait_until_finished()
    path = str(file.path)
    settings = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    try:
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = ?", [heading.zone.key])
            whole = connection.sql("SELECT * FROM read_parquet(?)", params=[path])
            header = (",".join(whole.columns) + "\n").encode()
            types = [_DUCKDB_TYPES[each.type].format(scale=each.scale) for each in heading.columns]
            if header == heading.line and list(map(str, whole.types)) != types:
                raise Unreadable("its columns have other types")
            rendered = connection.sql(_select(heading.columns), params=[path])
            batches = rendered.to_arrow_reader(_rows_at_a_time(connection, path))
            return (read_part(_Records(file, iter(batches), header), file.path.name, heading, tally),)
    except (duckdb.Error, pa.ArrowException) as damage:  # whose messages may quote a cell
        raise Unreadable(f"DuckDB tells {type(damage).__name__}") from None


def _select(columns: tuple[Column, ...]) -> str:
    """Return the SQL that renders each row as one record; the path is its only parameter."""
    names = [f"c{place}" for place in range(len(columns))]
    cells = [
        _RENDERED.get(column.type, "CAST({0} AS VARCHAR)").format(name)
        for name, column in zip(names, columns, strict=True)
    ]
    if len(cells) == 1:
        cells = [f"""CASE WHEN {cells[0]} = '\\.' THEN '"\\."' ELSE {cells[0]} END"""]
    rendered = ", ',', ".join(cells)
    return f"SELECT concat({rendered}, chr(10)) FROM read_parquet(?) AS part({', '.join(names)})"  # noqa: S608 - names of ours


def _rows_at_a_time(connection: Any, path: str) -> int:
    """Return the rows of a batch, fewer where they are long."""
    ((longest,),) = connection.execute(
        "SELECT max(row_group_bytes / row_group_num_rows) FROM parquet_metadata(?)", [path]
    ).fetchall()
    return max(1, min(_BATCH_ROWS, int(_BATCH_BYTES / (longest or 1))))
