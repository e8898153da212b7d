"""What the lists of the page cost as exports pile up: 10,000 reports, and ten times as many exports at each step.

    python -m benchmarks.page.growth_history

Each list is asked as one request does, on a migrated metadata database; milliseconds are the median of 20 calls.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.figures import Figure, keep
from benchmarks.page.reports_list import CALLS, PROJECT, filled_airflow

SUBJECT = "Growth by past exports"
EXPORTS = (1_000, 10_000, 100_000)


def asked() -> Iterator[tuple[str, Callable[[Any], object]]]:
    """What people ask first."""
    from promo_reports.web.queries.exports import list_exports
    from promo_reports.web.queries.filters import EVERYTHING, ExportQuery, ExportSort, ReportQuery
    from promo_reports.web.queries.reports import list_reports

    first = ExportQuery()
    yield "newest exports", lambda session: list_exports(session, first, EVERYTHING)
    by_name = replace(first, sort=ExportSort.NAME)
    yield "exports by name", lambda session: list_exports(session, by_name, EVERYTHING)
    found = replace(first, search="grocery")
    yield "exports, a search", lambda session: list_exports(session, found, EVERYTHING)
    yield "recurring reports", lambda session: list_reports(session, ReportQuery(), EVERYTHING)


def figures(exports: int) -> Iterator[Figure]:
    """The lists over so many exports."""
    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    with filled_airflow(exports) as airflow:
        engine = sa.create_engine(airflow.setup.metadata_url.replace("postgresql://", "postgresql+psycopg2://", 1))
        try:
            with Session(engine) as session:
                for name, call in asked():
                    took = [_milliseconds(session, call) for _ in range(CALLS + 1)][1:]
                    yield Figure(SUBJECT, f"{exports:,} past exports: {name}", statistics.median(took), "ms")
        finally:
            engine.dispose()


def _milliseconds(session: Any, call: Callable[[Any], object]) -> float:
    begun = time.perf_counter()
    call(session)
    session.rollback()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure each step in a database of its own."""
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-benchmark-home-") as home:
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        keep("growth_history", [figure for exports in EXPORTS for figure in figures(exports)])


if __name__ == "__main__":
    main()
