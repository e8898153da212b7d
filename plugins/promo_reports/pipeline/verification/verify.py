"""Compare a second reading with what the database counted and the writer wrote (reliability, P8).

No message holds a cell: they are people's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.databases.source import GroupTotals, SourceTotals
from promo_reports.pipeline.formats.artifact import WrittenPart
from promo_reports.pipeline.verification.second_reading import Reading


def reconcile(reading: Reading, source: SourceTotals, sent: int, written: Sequence[WrittenPart]) -> None:
    """Raise `ReconciliationError` that names every disagreement between database, writer and staged file.

    `sent` is the number of rows that the database says it sent.
    """
    differences = []
    if not reading.rows == source.rows == sent:
        differences.append(f"the database counted {source.rows} rows and sent {sent}, the file holds {reading.rows}")
    nothing = GroupTotals(0, {})
    for by in sorted(source.groups.keys() | reading.groups.keys()):
        counted, found = source.groups.get(by, nothing), reading.groups.get(by, nothing)
        where = f" of {by}" if by else ""
        if counted.rows != found.rows:
            differences.append(f"rows{where}: {counted.rows} in the database, {found.rows} in the file")
        for name in sorted(counted.sums.keys() | found.sums.keys()):
            here, there = counted.sums.get(name, Decimal(0)), found.sums.get(name, Decimal(0))
            if here != there:
                differences.append(f"{name}{where}: {here} in the database, {there} in the file")
    if source.cells_changed is not None:
        for name in sorted(source.cells_changed.keys() | reading.cells_changed.keys()):
            told, cells = source.cells_changed.get(name, 0), reading.cells_changed.get(name, 0)
            if told != cells:
                differences.append(f"cells changed of {name}: {told} in the database, {cells} in the file")
    differences += [
        f"cells of {name} to mask: {cells} in the database, {hidden} masked in the file"
        for name, cells in source.masked.items()
        if cells != (hidden := reading.masked.get(name, 0))
    ]
    if [(p.name, p.rows, p.bytes, p.sha256) for p in reading.parts] != [
        (p.name, p.rows, p.bytes, p.sha256) for p in written
    ]:
        differences.append("the parts read again are not the parts written")
    raise_differences(differences)


def check_due(reading: Reading, source: Mapping[str, SourceTotals]) -> None:
    """Raise `ReconciliationError` unless a file has the cells that other policies would change, by their keys.

    Where the database could not count them, `cut_shape` compares with what the file has.
    """
    differences = [
        f"cells to change of {name}: {told.get(name, 0)} in the database, {found.get(name, 0)} in the file"
        for key, totals in source.items()
        if (told := totals.cells_changed) is not None
        for found in (reading.due[key],)
        for name in sorted(told.keys() | found.keys())
        if told.get(name, 0) != found.get(name, 0)
    ]
    raise_differences(differences)


def raise_differences(differences: Sequence[str]) -> None:
    """Raise `ReconciliationError` with all differences, if there are any."""
    if differences:
        raise ReconciliationError(
            f"Nothing is published, because {'; '.join(differences)}.",
            "If trying again gives the same difference, report it as a defect of Promo Reports.",
        )


def check_window(reading: Reading, report_type: ReportType, window: Window | None) -> None:
    """Raise `DataRefused` where the first or last time of a log is not in its window, [start, end).

    The rows are in the order of the window column, so no other is further out. Such a file shows another time than the
    one by which its rows were chosen.
    """
    if report_type.window_column is None or window is None or not reading.rows:
        return
    for cell in (reading.parts[0].first, reading.parts[-1].last):
        if not _is_within(cell, window):
            raise DataRefused(
                f"Report type {report_type.id!r}: column {report_type.window_column!r} holds a time that is not in the "
                f"window from {window.start.isoformat()} to {window.end.isoformat()}.",
                "Show the very column that window.covers limits, converted in the same way.",
            )


def _is_within(cell: str | None, window: Window) -> bool:
    try:
        return window.start <= datetime.fromisoformat(cell or "") < window.end
    except ValueError:  # no time, or a year that no window reaches
        return False
