"""What the database says an export holds, before its rows are read: count, exact sums, excluded and late rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promo_reports.domain.report_type import Column
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Snapshot, SourceTotals, totals_of
from promo_reports.pipeline.export import Export
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.report_query import ReportQuery


@dataclass(frozen=True)
class Counted:
    """The database's own answer; `excluded` rows have no time that a window holds, `late` is None where unknown."""

    totals: SourceTotals
    excluded: int
    late: int | None


def count(snapshot: Snapshot, query: ReportQuery, export: Export) -> Counted:
    """Ask the snapshot; raise `DataRefused` where a total is no number."""
    report_type, parameters = export.definition.report_type, export.parameters
    by = report_type.totals_by
    totals = totals_of(
        snapshot.fetch(query.totals(parameters, export.transform)),
        report_type.totals,
        counted=_counted_columns(query, export),
        masked=query.masked_columns,
        group_text=snapshot.text_of(report_type.column(by)) if by else str,
    )
    for name, value in totals.sums.items():
        if not value.is_finite():
            raise DataRefused(
                f"Report {export.definition.id!r}: column {name!r} holds NaN or Infinity, so it has no total.",
                "Correct these rows in the promo database, or leave them out in the report type's SQL.",
            )
    late = None
    if export.previous is not None:
        earlier = replace(parameters, window=export.previous.window)
        late = _one(snapshot, query.late(earlier, export.previous.snapshot_at))
    return Counted(totals, _one(snapshot, query.excluded(parameters)) or 0, late)


def _counted_columns(query: ReportQuery, export: Export) -> list[Column] | None:
    """Return the columns whose cells to change the database counts; None where it cannot, and there may be some."""
    counted = query.counted_columns(export.transform)
    cannot = not counted and any(map(export.transform.changes, query.report_type.columns))
    return None if cannot else counted


def _one(snapshot: Snapshot, query: BoundQuery | None) -> int | None:
    return None if query is None else int(str(snapshot.fetch(query)[0][0]))
