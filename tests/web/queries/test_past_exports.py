"""The last exports of a report type, as far as the caller may read them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session  # noqa: TID253 - nothing is parsed here

from promo_reports.domain.estimate import PastExport, PastFile
from promo_reports.domain.file_format import CSV, ZIP, FileFormat
from promo_reports.web.queries.filters import EVERYTHING, Readable
from promo_reports.web.queries.past_exports import MOST, past_exports
from tests.support.airflow.rows import DELIVERED, TYPE, Rows, at

OF_TYPE: Any = SimpleNamespace(id="wallet_transactions", title="Wallet Transactions")


def figures(rows: int, size: int, file_format: FileFormat = CSV) -> dict[str, Any]:
    name = f"a{file_format.suffix}"
    return {"rows": rows, "bytes": size, "file": {"name": name, "bytes": size, "sha256": name}}


def exported(rows: Rows, dag_id: str, *delivered: dict[str, Any], state: str = "success") -> int:
    run_id = rows.run(dag_id, state, delivered=False)
    rows.fact(run_id, "extract", "facts", {**figures(7, 70), "file": {"name": "a.csv", "bytes": 70}})
    for index, each in enumerate(delivered):
        rows.fact(run_id, "deliver", "delivered", {**DELIVERED, **each}, index)
    return run_id


def files(session: Session, readable: Readable = EVERYTHING) -> list[tuple[int, int]]:
    return [(file.rows, file.bytes) for each in past_exports(session, OF_TYPE, readable) for file in each.files]


def test_an_empty_airflow_has_none(session: Session) -> None:
    assert past_exports(session, OF_TYPE, EVERYTHING) == ()


def test_those_of_reports_and_on_demand_and_of_no_other_type(session: Session, rows: Rows) -> None:
    exported(rows, rows.type(), {"facts": figures(1, 10)})
    exported(rows, rows.report("daily"), {"facts": figures(2, 20)})
    exported(rows, rows.type("wallet_summary"), {"facts": figures(3, 30)})
    exported(rows, rows.report("other", None, "Loyalty Wallet", "Wallet Summary", "daily"), {"facts": figures(4, 40)})
    assert files(session) == [(2, 20), (1, 10)], "the last one first"


@pytest.mark.parametrize(("readable", "expected"), [({TYPE + "wallet_transactions"}, [(1, 10)]), (set(), [])])
def test_what_the_caller_may_not_read_tells_nothing(
    session: Session, rows: Rows, readable: set[str], expected: list[tuple[int, int]]
) -> None:
    exported(rows, rows.type(), {"facts": figures(1, 10)})
    exported(rows, rows.report("daily"), {"facts": figures(2, 20)})
    assert files(session, Readable(frozenset(readable))) == expected


def test_different_files_of_one_export(session: Session, rows: Rows) -> None:
    exported(rows, rows.type(), {"facts": figures(5, 50)}, {"facts": figures(5, 50)}, {"facts": figures(5, 20, ZIP)})
    (one,) = past_exports(session, OF_TYPE, EVERYTHING)
    assert one == PastExport(frozenset({PastFile(CSV, 5, 50), PastFile(ZIP, 5, 20)}))


def test_earlier_releases_left_the_figures_at_extract_alone(session: Session, rows: Rows) -> None:
    exported(rows, rows.type(), {})
    assert files(session) == [(7, 70)]


def test_undelivered_empty_and_unknown_files_tell_nothing(session: Session, rows: Rows) -> None:
    dag_id = rows.type()
    exported(rows, dag_id)
    exported(rows, dag_id, {"facts": figures(9, 90)}, state="failed")
    exported(rows, dag_id, {"facts": figures(0, 90)})
    exported(rows, dag_id, {"facts": {**figures(9, 90), "file": {"name": "a.tsv", "bytes": 90}}})
    exported(rows, dag_id, {"facts": {**figures(9, 90), "file": None}})
    exported(rows, dag_id, {"facts": {"rows": -1}})
    assert files(session) == []


def test_only_the_last_ones_count(session: Session, rows: Rows) -> None:
    dag_id = rows.report("daily")
    for each in range(1, MOST + 3):
        exported(rows, dag_id, {"facts": figures(each, each)})
    assert [count for count, _ in files(session)] == list(range(MOST + 2, 2, -1))


def test_the_time_is_that_of_extract(session: Session, rows: Rows) -> None:
    dag_id = rows.type()
    run_id = rows.run(dag_id, run_id="timed", delivered=False)
    rows.fact(run_id, "deliver", "delivered", {**DELIVERED, "facts": figures(1, 1)}, 0)
    rows.task(dag_id, "timed", "extract", state="success", start_date=at(1), end_date=at(3))
    rows.task(dag_id, "timed", "deliver", 0, state="success", start_date=at(3), end_date=at(9))
    (one,) = past_exports(session, OF_TYPE, EVERYTHING)
    assert one.seconds == 120
