"""MySQL's and MariaDB's `Inspection`."""

from __future__ import annotations

from collections.abc import Iterator

from promo_reports.domain.check_result import CheckResult
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.databases.inspection import Inspection, Reads
from promo_reports.pipeline.databases.mysql.inspection.indexes import index_results
from promo_reports.pipeline.databases.mysql.inspection.relations import relation_results
from promo_reports.pipeline.databases.mysql.inspection.server import server_results
from promo_reports.sql.bound import BoundQuery


class MySqlInspection(Inspection):
    """Asks information_schema, which shows a user what they have a privilege on."""

    def server(self, connections: int) -> Iterator[CheckResult]:
        """Yield results about version, character set, user, connections and timeouts."""
        return server_results(self._ask, connections)

    def tables(self, reads: Reads) -> Iterator[tuple[str, CheckResult]]:
        """Yield results about tables and views: whether they are there, columns, privileges, storage engines."""
        return relation_results(self._ask, reads)

    def index(self, rows: BoundQuery, report_type: ReportType) -> Iterator[CheckResult]:
        """Yield results about the index that the rows of a log are found by."""
        return index_results(self._ask, rows, report_type)
