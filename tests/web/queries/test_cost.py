"""What a page asks of the metadata database does not grow with its rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253

from promo_reports.domain.export_status import ExportStatus
from promo_reports.web.queries.exports import list_exports
from promo_reports.web.queries.filters import EVERYTHING, ExportQuery, ReportQuery
from promo_reports.web.queries.reports import list_reports
from tests.support.airflow.rows import Rows

Call = Callable[[Session], object]
CREATED = ExportQuery(limit=100, statuses=frozenset({ExportStatus.CREATED}))


def statements(session: Session, call: Call) -> int:
    """How many a call sends."""
    sent: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        call(session)
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    return len(sent)


@pytest.mark.parametrize(
    ("call", "most"),
    [
        (lambda session: list_exports(session, ExportQuery(limit=100), EVERYTHING), 5),
        (lambda session: list_exports(session, CREATED, EVERYTHING), 8),
        (lambda session: list_reports(session, ReportQuery(limit=100), EVERYTHING), 4),
    ],
    ids=["exports", "exports of a status", "reports"],
)
def test_a_page_of_many_rows_asks_as_often_as_a_page_of_few(
    call: Call, most: int, session: Session, rows: Rows
) -> None:
    def grow(first: int, behind: int) -> int:
        for number in range(first, behind):
            dag_id = rows.report(f"daily_{number}", f"Daily {number}")
            rows.run(dag_id, run_id="marked")
            for index in (0, 1):  # of which the second has left nothing
                rows.task(dag_id, "marked", "deliver", index, state="success")
            rows.run(dag_id, "running")
        session.flush()
        return statements(session, call)

    few, many = grow(0, 2), grow(2, 40)

    assert few == many <= most
