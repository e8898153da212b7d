"""Copy the rows of an export into one file, which is read again while it is written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from promo_reports.pipeline.databases.source import SharedSnapshot, Snapshot, SourceTotals
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.ranges import MemberRange, member_ranges
from promo_reports.pipeline.row_copier import RowCopier
from promo_reports.pipeline.shapes.plan import CopyPlan, format_for
from promo_reports.pipeline.shapes.verified_file import VerifiedFile
from promo_reports.pipeline.staging.area import Attempt
from promo_reports.pipeline.verification.count import Counted
from promo_reports.pipeline.verification.second_reading import SecondReading
from promo_reports.pipeline.verification.verify import check_due, check_window, reconcile
from promo_reports.settings import Settings
from promo_reports.sql.cell_policies.transform import transform_of
from promo_reports.sql.report_query import ReportQuery

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Copied:
    """A file with all rows of an export, whose second reading may still go on."""

    plan: CopyPlan
    attempt: Attempt
    artifact: Artifact
    again: SecondReading
    sent: int

    def verified(self, export: Export, counted: Counted) -> VerifiedFile:
        """Wait for the second reading; `ReconciliationError` or `DataRefused` where it is not what was counted."""
        reading = self.again.result(self.artifact.spans)
        reconcile(reading, counted.of(self.plan.master.cells), self.sent, self.artifact.parts)
        check_due(reading, {each.key: counted.of(each) for each in self.plan.other_cells})
        check_window(reading, export.definition.report_type, export.window)
        found = VerifiedFile.named_by_content(self.artifact, reading, self.attempt.directory)
        self.artifact.path.parent.rmdir()
        return found


class Copying:
    """Copies what the plans of one export ask for; `progress` gets the rows that are written of all copies together."""

    def __init__(
        self, export: Export, snapshot: Snapshot, query: ReportQuery, counted: Counted, settings: Settings
    ) -> None:
        self._export, self._snapshot, self._query = export, snapshot, query
        self._totals, self._counted, self._settings = counted.totals, counted, settings

    def copy(
        self, plan: CopyPlan, attempt: Attempt, stack: ExitStack, progress: Callable[[int], object] | None
    ) -> Copied:
        """Make the file of a plan; its second reading ends with `stack`."""
        report_type, rows = self._export.definition.report_type, self._totals.rows
        transform = transform_of(plan.master.cells)
        # All copies have one name until they have been read again.
        artifact = Artifact(
            Path(mkdtemp(prefix=".copy-", dir=attempt.directory)),
            self._export.stem,
            Heading(report_type.columns, self._export.zone),
            format_for(plan.master, rows, self._settings.rows_per_file),
        )
        copier = RowCopier(self._export, transform, artifact, self._settings.rows_per_file, progress)
        stack.callback(artifact.written.abandon)  # for a signal that comes while the reading begins
        tally = Tally(report_type, transform, tuple(map(transform_of, plan.other_cells)))
        again = stack.enter_context(SecondReading(artifact.written, artifact.format, artifact.heading, tally))
        with attempt.explained(lambda: artifact.size_of(rows)):
            sent = self._copy(copier, self._counted.of(plan.master.cells))
        return Copied(plan, attempt, artifact, again, sent)

    def _copy(self, copier: RowCopier, totals: SourceTotals) -> int:
        several = self._settings.connections_per_export > 1 and copier.has_members
        if several and isinstance(self._snapshot, SharedSnapshot):
            ranges = self._ranges(self._snapshot, copier, totals)
            if ranges:
                return copier.ranges(self._snapshot, ranges, self._settings.connections_per_export)
        rows = self._query.rows(self._export.parameters, copier.transform, changed=totals.cells_changed)
        return copier.whole(self._snapshot, rows)

    def _ranges(self, snapshot: SharedSnapshot, copier: RowCopier, totals: SourceTotals) -> list[MemberRange]:
        """Return the ranges that several connections copy, none where one must copy all; the log says why."""
        beyond = snapshot.beyond_snapshot(self._query.rows(self._export.parameters))
        if beyond is not None:
            log.info("One connection: the query reads %s, which may differ from connection to connection", beyond)
            return []
        ranges = member_ranges(
            snapshot, self._query, self._export, copier.transform, totals, rows_per_file=self._settings.rows_per_file
        )
        if not ranges:
            log.info(
                "One connection: the total order has NULL, is none at the border of a file, or begins with no window"
            )
        return ranges
