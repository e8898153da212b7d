"""`promo-reports preview`: the first lines of the file that an export would make, and what all of it adds up to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from promo_reports.cli.screen import aligned, counted, printable, table
from promo_reports.cli.windows import in_words
from promo_reports.domain.report_type import ColumnType
from promo_reports.pipeline.count import Counted, count
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.extract import open_snapshot
from promo_reports.pipeline.filters import check_exist
from promo_reports.pipeline.source import Source
from promo_reports.settings import Settings
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.report_query import load_report_query

if TYPE_CHECKING:
    from rich.table import Table

_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)


@dataclass(frozen=True)
class Preview:
    """What the database counted, and the first records as COPY writes them."""

    export: Export
    counted: Counted
    records: tuple[bytes, ...]

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.export.definition.report_type.columns]

    def lines(self) -> Iterator[bytes]:
        """The beginning of the file."""
        yield (",".join(self.header) + "\n").encode()
        yield from self.records


def take(export: Export, source: Source, settings: Settings, rows: int) -> Preview:
    """Count all and read the first rows, in one snapshot."""
    report_type = export.definition.report_type
    query = load_report_query(report_type, settings.sql)
    records: list[bytes] = []
    with open_snapshot(source, export.zone, settings) as snapshot:
        check_exist(snapshot, export.definition, settings.sql)
        found = count(snapshot, query, export)
        whole = query.rows(export.parameters, snapshot.formula_test if export.spreadsheet else None)
        first = BoundQuery(f"{whole.text}\nLIMIT {mark('first_rows')}", {**whole.values, "first_rows": rows})
        snapshot.copy(first, report_type, records.append, spreadsheet=export.spreadsheet)
    return Preview(export, found, tuple(records))


def print_facts(preview: Preview, console: Console) -> None:
    """The report, its window, its rows and totals."""
    export, found = preview.export, preview.counted
    definition, totals = export.definition, found.totals
    console.print(f"{definition.name} ({definition.report_type.title})", style="bold")
    console.print(f"Window  {in_words(export.window, export.as_of, export.zone)}")
    excluded = f", and {found.excluded:,} without a time that any window holds" if found.excluded else ""
    console.print(f"Rows    {totals.rows:,}{excluded}")
    for line in aligned({c.name: f"{totals.sums.get(c.name, 0):,f}" for c in definition.report_type.totals}):
        console.print(f"Total   {line}")
    if definition.report_type.totals_by and totals.groups:
        console.print()
        console.print(_groups(preview))


def print_rows(preview: Preview, console: Console) -> None:
    """The rows as a table; where that is wider than the terminal, a block for each row instead."""
    rows = [[printable(cell) for cell in row] for row in csv.reader(each.decode() for each in preview.records)]
    if not rows:
        return
    columns = preview.export.definition.report_type.columns
    made = table(*((each.name, "right" if each.type in _NUMBERS else "left") for each in columns))
    for row in rows:
        made.add_row(*row)
    console.print()
    if console.measure(made).minimum > console.width or _width(preview.header, rows) > console.width:
        _print_blocks(preview.header, rows, console)
    else:
        console.print(made)
    console.print(f"\n{len(rows):,} of {counted(preview.counted.totals.rows, 'row')}")


def _print_blocks(header: list[str], rows: list[list[str]], console: Console) -> None:
    width = max(len(name) for name in header)
    for number, row in enumerate(rows, start=1):
        console.print(f"row {number}", style="bold")
        for name, cell in zip(header, row, strict=True):
            console.print(f"  {name:<{width}}  {cell}")


def _width(header: list[str], rows: list[list[str]]) -> int:
    return sum(max(map(len, column)) + 3 for column in zip(header, *rows, strict=True))


def _groups(preview: Preview) -> Table:
    report_type = preview.export.definition.report_type
    made = table(report_type.totals_by or "", ("rows", "right"), *((each.name, "right") for each in report_type.totals))
    for value, group in sorted(preview.counted.totals.groups.items()):
        made.add_row(printable(value), f"{group.rows:,}", *(f"{group.sums[c.name]:,f}" for c in report_type.totals))
    return made
