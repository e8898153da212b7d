"""`promo-reports preview`: first rows, row count and totals of an export, without making it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from promo_reports.cli.console import aligned, counted, printable, table
from promo_reports.cli.windows import in_words
from promo_reports.domain.estimate import Estimate, duration_words
from promo_reports.domain.report_type import ColumnType
from promo_reports.pipeline.preview import Preview

if TYPE_CHECKING:
    from rich.table import Table

_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)


def print_facts(preview: Preview, expected: Estimate, console: Console) -> None:
    """Print the report, its window, row count, the file to expect, and totals."""
    export, found = preview.export, preview.counted
    definition, totals = export.definition, found.totals
    console.print(f"{definition.name} ({definition.report_type.title})", style="bold")
    console.print(f"Window  {in_words(export.window, export.as_of, export.zone)}")
    excluded = f", and {found.excluded:,} without a time that any window holds" if found.excluded else ""
    console.print(f"Rows    {totals.rows:,}{excluded}")
    console.print(f"File    {', '.join(each.words for each in expected.files)}")
    if expected.basis:
        console.print(f"        {expected.basis}", style="dim")
    if expected.seconds is not None:
        console.print(f"Time    about {duration_words(expected.seconds)}")
    for line in aligned({c.name: f"{totals.sums.get(c.name, 0):,f}" for c in definition.report_type.totals}):
        console.print(f"Total   {line}")
    if definition.report_type.totals_by and totals.groups:
        console.print()
        console.print(_groups(preview))


def print_rows(preview: Preview, console: Console) -> None:
    """Print the rows as a table, or as a block for each row if the table is wider than the terminal."""
    rows = [[printable(cell or "") for cell in row] for row in preview.rows]
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
