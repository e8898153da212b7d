"""Arrow tables into PostgreSQL through COPY, and constraints out of the way while that happens."""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg2.extensions
    import pyarrow as pa

    Progress = Callable[[str], None]

SCHEMA = Path(__file__).parents[1] / "schema.sql"
ROWS_PER_CHUNK = 100_000


def copy_rows(connection: psycopg2.extensions.connection, table: str, rows: pa.Table, progress: Progress) -> int:
    """Append rows to a table that this transaction has made (FREEZE); columns go by name.

    The next chunk is rendered while PostgreSQL reads this one. A null becomes NULL and '' stays '': Arrow quotes every
    text and no null.
    """
    statement = f"COPY {table} ({', '.join(rows.column_names)}) FROM STDIN WITH (FORMAT csv, FREEZE)"
    offsets = range(0, rows.num_rows, ROWS_PER_CHUNK)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        chunks = (rows.slice(offset, ROWS_PER_CHUNK) for offset in offsets)
        following = pool.submit(_csv, next(chunks)) if offsets else None
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        for offset in offsets:
            assert following is not None  # noqa: S101
            rendered = following.result()
            chunk = next(chunks, None)
            following = pool.submit(_csv, chunk) if chunk is not None else None
            cursor.copy_expert(statement, rendered)
            done = min(offset + ROWS_PER_CHUNK, rows.num_rows)
            if rows.num_rows > ROWS_PER_CHUNK:
                progress(f"{table}: {done:,} of {rows.num_rows:,} rows")
    return int(rows.num_rows)


@contextlib.contextmanager
def constraints_lifted(connection: psycopg2.extensions.connection, table: str) -> Iterator[None]:
    """Take a table's foreign keys and secondary indexes off and put the very same ones back.

    Row by row the two foreign keys of the ledger cost more than the rows; put back, they are checked by one scan.
    Five million rows into seven took 29 s so, and 39 s with the index kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY conname",
            (table,),
        )
        foreign_keys = cursor.fetchall()
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisprimary"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1",
            (table,),
        )
        indexes = cursor.fetchall()
        for name, _ in foreign_keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in foreign_keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _csv(rows: pa.Table) -> io.BytesIO:
    import pyarrow.csv

    rendered = io.BytesIO()
    pyarrow.csv.write_csv(rows, rendered, pyarrow.csv.WriteOptions(include_header=False, batch_size=16_384))
    rendered.seek(0)
    return rendered
