"""What the database says an export holds, before its rows are read: count, exact sums, excluded and late rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promo_reports.domain.cell_policy import CellPolicy
from promo_reports.domain.report_type import Column
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Snapshot, SourceTotals, totals_of
from promo_reports.pipeline.export import Export
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import CellTransform, transform_of
from promo_reports.sql.report_query import ReportQuery


@dataclass(frozen=True)
class Counted:
    """The database's own answer; `excluded` rows have no time that a window holds, `late` is None where unknown.

    `cells_changed` are, by the key of a policy, the cells of each column that it changes, None where the database
    cannot count them.
    """

    totals: SourceTotals
    excluded: int
    late: int | None
    cells_changed: Mapping[str, Mapping[str, int] | None]

    def of(self, policy: CellPolicy) -> SourceTotals:
        """Return the totals of a file whose cells are those of a policy."""
        return replace(self.totals, cells_changed=self.cells_changed[policy.key])


def count(snapshot: Snapshot, query: ReportQuery, export: Export, policies: Sequence[CellPolicy]) -> Counted:
    """Ask the snapshot, once for each policy that changes cells; raise `DataRefused` where a total is no number."""
    columns, parameters = export.definition.report_type.columns, export.parameters
    changing = [each for each in policies if any(map(each.changes, columns))]
    asked = {each.key: _totals(snapshot, query, export, transform_of(each)) for each in changing or policies[:1]}
    totals = next(iter(asked.values()))
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
    changed = {each.key: asked[each.key].cells_changed if each.key in asked else {} for each in policies}
    return Counted(totals, _one(snapshot, query.excluded(parameters)) or 0, late, changed)


def _totals(snapshot: Snapshot, query: ReportQuery, export: Export, transform: CellTransform) -> SourceTotals:
    report_type = export.definition.report_type
    by = report_type.totals_by
    return totals_of(
        snapshot.fetch(query.totals(export.parameters, transform)),
        report_type.totals,
        counted=_counted_columns(query, transform),
        masked=query.masked_columns,
        group_text=snapshot.text_of(report_type.column(by)) if by else str,
    )


def _counted_columns(query: ReportQuery, transform: CellTransform) -> list[Column] | None:
    """Return the columns whose cells to change the database counts; None where it cannot, and there may be some."""
    counted = query.counted_columns(transform)
    cannot = not counted and any(map(transform.changes, query.report_type.columns))
    return None if cannot else counted


def _one(snapshot: Snapshot, query: BoundQuery | None) -> int | None:
    return None if query is None else int(str(snapshot.fetch(query)[0][0]))
