"""Preview an export without making it: all rows counted, and the first ones as COPY writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from promo_reports.errors import PreviewTooSlow, QueryTooSlow
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.source import Source, in_terms_of
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.filters import known_filters
from promo_reports.pipeline.verification.count import Counted, count
from promo_reports.settings import Settings
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.cell_policies.hashed import hashing
from promo_reports.sql.cell_policies.transform import transform_of
from promo_reports.sql.report_query import load_report_query

_CELL = re.compile(r'"([^"]*(?:""[^"]*)*)"|([^,]*)')


@dataclass(frozen=True)
class Preview:
    """What the database counted, and the first records as COPY writes them, `\\n` ended."""

    export: Export
    counted: Counted
    records: tuple[bytes, ...]

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.export.definition.report_type.columns]

    @property
    def rows(self) -> list[list[str | None]]:
        """The records' cells as text; None is NULL."""
        return [cells(record) for record in self.records]

    def lines(self) -> Iterator[bytes]:
        """Yield the beginning of the file."""
        yield (",".join(self.header) + "\n").encode()
        yield from self.records


def preview(export: Export, source: Source, settings: Settings, rows: int, *, seconds: float | None = None) -> Preview:
    """Count all and read the first rows, in one snapshot, with the cells that people see (`Definition.for_people`).

    `PreviewTooSlow` where all of it, connecting included, takes longer than `seconds`. Without them, each query has the
    statement timeout of exports. `UnknownValue` is of a filter, any other `SourceRefused` of the database.
    """
    report_type = export.definition.report_type
    query = load_report_query(report_type, settings.sql)
    transform = transform_of(export.definition.for_people.shape.cells)
    records: list[bytes] = []
    try:
        limits = TimeLimits.of(settings, seconds=seconds)
        row_security = report_type.allow_row_security
        with open_snapshot(source, export.zone, limits, row_security=row_security) as snapshot:
            export = replace(export, filters=known_filters(snapshot, export.definition, settings.sql))
            query = in_terms_of(snapshot, query, export.parameters)
            found = count(snapshot, query, export, (transform.policy,))
            whole = query.rows(export.parameters, transform)
            first = BoundQuery(f"{whole.text}\nLIMIT {mark('first_rows')}", {**whole.values, "first_rows": rows})
            write = hashing(report_type.columns, export.hash_key, records.append)
            snapshot.copy(first, report_type, write, transform=transform)
    except QueryTooSlow:
        if seconds is None:
            raise
        raise PreviewTooSlow(
            f"The preview took longer than {seconds:g} seconds.",
            "Choose a shorter date range, or export without a preview.",
        ) from None
    return Preview(export, found, tuple(records))


def cells(record: bytes) -> list[str | None]:
    """Return the cells of one record of COPY's CSV, NULL apart from the empty text, as `csv` does not."""
    text = record.decode().removesuffix("\n")
    found: list[str | None] = []
    end = -1
    while end < len(text):
        cell = _CELL.match(text, end + 1)
        assert cell is not None  # noqa: S101 - it matches nothing, too
        quoted, bare = cell.groups()
        found.append((bare or None) if quoted is None else quoted.replace('""', '"'))
        end = cell.end()
    return found
