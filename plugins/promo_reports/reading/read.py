"""`read` and `batches`: the rows of one delivered export, from its manifest on.

Nothing is given out of a file before it is known to be whole but its first rows: the last ones wait for its hash. An
export that is replaced meanwhile is read again from its new manifest, as long as no row of it was given out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged, DestinationUnavailable, Expired, ReadRefused, Replaced
from promo_reports.object_stores.port import damaged
from promo_reports.reading.manifests import Named, Published
from promo_reports.reading.verified_content import VerifiedContent

ATTEMPTS = 5
"""Times that an export is read from its manifest on, which was replaced each time meanwhile."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for of an export: its columns, their types, and its cells as they were before they were changed."""

    columns: tuple[str, ...] | None = None
    types: Mapping[str, Any] | None = None
    original: bool = True

    @classmethod
    def of(cls, columns: Iterable[str] | None, types: Mapping[str, Any] | None, original: bool) -> Wanted:
        """Return what the arguments of a call ask for."""
        return cls(tuple(columns) if columns is not None else None, types, original)


def read(
    address: str,
    into: str = "arrow",
    *,
    columns: Iterable[str] | None = None,
    types: Mapping[str, Any] | None = None,
    original: bool = True,
    filesystem: Any = None,
    connection: str | None = None,
) -> Any:
    """Return all rows of a delivered export, verified, as a table of the library that `into` names.

    `address` is that of a manifest, as asset events carry it, or of the folder that it lies in. `into` is `arrow` (a
    pyarrow Table), `pandas` (a DataFrame of Arrow types; `attrs["manifest"]` is the manifest), `polars` (a DataFrame)
    or `duckdb` (a relation). `columns` are those to read, `types` are Arrow types in the place of those that the
    manifest's columns have. Cells that were made safe for spreadsheets are given back as they were, unless `original`
    is False. `filesystem`, of fsspec or pyarrow, or the Airflow connection of the id `connection` reaches the export
    where the environment's credentials do not.

    Raises Damaged if a file is not what the manifest says, Expired if it is gone, NotPublished if there is no manifest,
    ReadRefused if what is asked for cannot be given, DestinationRefused (no retry helps) or DestinationUnavailable.
    """
    convert = converter(into)
    wanted = Wanted.of(columns, types, original)
    named = Named(address, filesystem, connection)
    for _ in range(ATTEMPTS):
        try:
            return convert(table_of(named.find(), wanted))
        except Replaced:
            continue
    raise _busy(address)


def batches(
    address: str,
    *,
    columns: Iterable[str] | None = None,
    types: Mapping[str, Any] | None = None,
    original: bool = True,
    filesystem: Any = None,
    connection: str | None = None,
) -> Any:
    """Return a pyarrow RecordBatchReader over the rows of a delivered export, in some 100 MB of memory.

    The arguments and errors are those of `read`. The last rows of each file are given out when its hash was compared:
    what is made of the rows before them counts once the reader has come to its end. Replaced if the export was replaced
    after its first rows were given out.
    """
    wanted = Wanted.of(columns, types, original)
    named = Named(address, filesystem, connection)
    for _ in range(ATTEMPTS):
        try:
            return reader_of(named.find(), wanted)
        except Replaced:
            continue
    raise _busy(address)


def table_of(published: Published, wanted: Wanted) -> Any:
    """Return the rows of this very export as a pyarrow Table; Replaced if another one lies in its place by now."""
    import pyarrow as pa

    schema = _schema(published, wanted)
    return pa.Table.from_batches(_rows(published, wanted, schema), schema=schema)


def reader_of(published: Published, wanted: Wanted) -> Any:
    """Return a RecordBatchReader over the rows of this very export, whose first batch has been read."""
    import pyarrow as pa

    schema = _schema(published, wanted)
    rows = _rows(published, wanted, schema)
    first = next(rows, None)
    return pa.RecordBatchReader.from_batches(schema, _from(first, rows))


def _from(first: Any, rows: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
    yield from rows


def _schema(published: Published, wanted: Wanted) -> Any:
    from promo_reports.reading.rows.column_types import schema_of

    return schema_of(published.manifest, published.content, columns=wanted.columns, types=wanted.types)


def _rows(published: Published, wanted: Wanted, schema: Any) -> Iterator[Any]:
    """Yield the batches of every file; what is wrong with one is Replaced if another export lies there by now."""
    from promo_reports.reading.rows.csv_cells import Misfit
    from promo_reports.reading.rows.originals import Originals

    restore = Originals.of(published.manifest).restore if wanted.original else _as_it_is
    found = 0
    try:
        for file in published.manifest.files:
            for batch in _file_rows(published, file, schema):
                found += batch.num_rows
                yield restore(batch)
        if found != published.manifest.rows:
            raise damaged(published.address, f"its files have {found:,} rows, and it says {published.manifest.rows:,}")
    except (Damaged, Expired):
        content = published.tree.get(published.path)
        if content != published.content:
            raise _replaced(published) from None
        raise
    except Misfit as cell:
        raise ReadRefused(
            f"{published.address}: column {cell.column!r} has a value that {cell.type} does not hold.",
            f"Give types={{{cell.column!r}: ...}} with a type that does, or pyarrow.string().",
        ) from None


def _file_rows(published: Published, file: ExportFile, schema: Any) -> Iterator[Any]:
    """Yield the batches of one file, the last of them after its hash was compared."""
    from promo_reports.reading.rows.csv_cells import Misfit
    from promo_reports.reading.rows.file_formats import Delivered, batches_of

    path = f"{published.folder}/{file.name}"
    address = published.tree.address(path)
    names = tuple(str(each["name"]) for each in published.manifest.columns)
    with published.tree.content(path, file) as content:
        if content is None:
            raise Expired(
                f"{address} is gone, which {published.address} names.",
                "Create it again, or clear its run in Airflow.",
            )
        verified = VerifiedContent(content, file, address)
        last = None
        try:
            for batch in batches_of(verified, Delivered(file, address, names, schema)):
                if last is not None:
                    yield last
                last = batch
        except (Damaged, Misfit):
            verified.check()  # which says so where the cell or the record was another one when it was delivered
            raise
        verified.check()
    if last is not None:
        yield last


def _replaced(published: Published) -> Replaced:
    """Return the error for an export in whose place another one lies by now."""
    return Replaced(f"{published.address} was replaced by a later export while it was read.", "Read it again.")


def _busy(address: str) -> DestinationUnavailable:
    return DestinationUnavailable(f"{address} is being replaced again and again.")


def _as_it_is(batch: Any) -> Any:
    return batch


def converter(into: str) -> Callable[[Any], Any]:
    """Return what makes a table of a library out of one of pyarrow; ReadRefused where it is not installed."""
    if into not in CONVERTERS:
        raise ReadRefused(f"There is no into={into!r}.", f"There are {', '.join(CONVERTERS)}.")
    install, convert = CONVERTERS[into]
    if install:
        try:
            import_module(into)
        except ModuleNotFoundError:
            raise ReadRefused(f"{into} is not installed on this host.", f"Install {install}.") from None
    return convert


def _into_pandas(table: Any) -> Any:
    import pandas

    from promo_reports.reading.rows.column_types import METADATA

    frame = table.to_pandas(types_mapper=pandas.ArrowDtype)
    frame.attrs["manifest"] = json.loads(table.schema.metadata[METADATA])
    return frame


def _into_polars(table: Any) -> Any:
    import polars

    return polars.from_arrow(table)


def _into_duckdb(table: Any) -> Any:
    import duckdb

    return duckdb.from_arrow(table)


CONVERTERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "arrow": ("", _as_it_is),
    "pandas": ("promo-reports[pandas]", _into_pandas),
    "polars": ("promo-reports[polars]", _into_polars),
    "duckdb": ("promo-reports[duckdb]", _into_duckdb),
}
"""What has to be installed for each library, and what makes its table out of one of pyarrow."""
