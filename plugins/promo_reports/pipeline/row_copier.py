"""Copy an export's rows from the database into its artifact: in one stream, or members in parallel."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

from promo_reports.errors import ReconciliationError
from promo_reports.pipeline.databases.source import SharedSnapshot, Snapshot
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.split import Splitter
from promo_reports.pipeline.ranges import MemberRange
from promo_reports.pipeline.worker_pool import run_jobs
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.hashed import hashing
from promo_reports.sql.cell_policies.transform import CellTransform


class RowCopier:
    """Copies one export; `progress` gets the rows written so far on all connections, one call at a time."""

    def __init__(
        self,
        export: Export,
        transform: CellTransform,
        artifact: Artifact,
        rows_per_file: int,
        progress: Callable[[int], object] | None,
    ) -> None:
        self.transform = transform
        self._report_type, self._hash_key = export.definition.report_type, export.hash_key
        self._artifact, self._rows_per_file = artifact, rows_per_file
        self._progress = progress
        self._written: dict[int, int] = {}
        self._telling = threading.Lock()

    @property
    def has_members(self) -> bool:
        """Whether its parts are members of the file, which can be written side by side."""
        return self._artifact.format.member_suffix is not None

    def whole(self, snapshot: Snapshot, rows: BoundQuery) -> int:
        """Copy all rows in one stream; return the number of rows that the database reports."""
        return self._copy(snapshot, rows, self._artifact)

    def ranges(self, snapshot: SharedSnapshot, ranges: Sequence[MemberRange], connections: int) -> int:
        """Copy the same bytes on several connections, each of which copies one member after another.

        Raises what the first connection to fail raises, when all have ended.
        """
        with contextlib.ExitStack() as stack:
            others = min(connections, len(ranges)) - 1
            snapshots = [snapshot, *(stack.enter_context(snapshot.beside()) for _ in range(others))]

            def end() -> None:
                for each in snapshots:
                    each.end()

            with self._artifact:
                run_jobs(snapshots, ranges, self._copy_aside, self._artifact.append, end)
        return sum(each.rows for each in ranges)

    def _copy_aside(self, snapshot: Snapshot, member: MemberRange) -> Artifact:
        aside = self._artifact.aside(member.number)
        sent = self._copy(snapshot, member.query, aside, member.number)
        if sent != member.rows:
            raise ReconciliationError(
                f"Nothing is published, because the database sent {sent} rows for part {member.number}, "
                f"and said before that these are {member.rows}."
            )
        return aside

    def _copy(self, snapshot: Snapshot, rows: BoundQuery, artifact: Artifact, first: int = 1) -> int:
        def tell(written: int) -> None:
            with self._telling:
                self._written[first] = written
                if self._progress is not None:
                    self._progress(sum(self._written.values()))

        splitter = Splitter(artifact, self._rows_per_file, tell, first=first)
        with artifact:
            splitter.begin()
            write = hashing(self._report_type.columns, self._hash_key, splitter.write)
            sent = snapshot.copy(rows, self._report_type, write, transform=self.transform)
            splitter.finish()
        return sent
