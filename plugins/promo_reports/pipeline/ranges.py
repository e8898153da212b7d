"""The members of a large ZIP as ranges of the export's rows, each a query of its own, to be copied in parallel."""

from __future__ import annotations

from dataclasses import dataclass

from promo_reports.pipeline.databases.source import Snapshot, SourceTotals
from promo_reports.pipeline.export import Export
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.report_query import ReportQuery
from promo_reports.sql.row_range import RowRange


@dataclass(frozen=True)
class MemberRange:
    """The rows of member `number`, counted from 1: how many they are, and the query for them in their order."""

    number: int
    rows: int
    query: BoundQuery


def member_ranges(
    snapshot: Snapshot,
    query: ReportQuery,
    export: Export,
    transform: CellTransform,
    totals: SourceTotals,
    *,
    rows_per_file: int,
) -> list[MemberRange]:
    """Return the ranges of an export; none where it can only be read as a whole.

    That is where rows have NULL in the total order, or equal ones stand on both sides of a border, and where the report
    type has no window column: each range of an aggregate would cost as much as all of it. Borders stand in statements,
    which have no clear text of a masked column.
    """
    report_type = query.report_type
    if report_type.window_column is None or any(report_type.column(name).mask for name in report_type.order):
        return []
    rows = totals.rows
    begins = range(1, rows + 1, rows_per_file)
    answer = {
        int(str(place)): values
        for place, *values in snapshot.fetch(query.places(export.parameters, rows_per_file, rows))
    }
    if answer.keys() != {*begins, rows}:
        return []
    edges = [None, *([str(value) for value in answer[begin]] for begin in begins[1:]), None]
    return [
        MemberRange(
            number,
            min(rows_per_file, rows + 1 - begin),
            query.rows(
                export.parameters,
                transform,
                changed=totals.cells_changed,
                within=RowRange(edges[number - 1], edges[number]),
            ),
        )
        for number, begin in enumerate(begins, start=1)
    ]
