"""Pages of exports: a walk gives every row once and in order, there and back, whatever is added in front."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session  # noqa: TID253

from promo_reports.domain.export_status import ExportStatus
from promo_reports.errors import InvalidCursor
from promo_reports.web.queries.exports import list_exports
from promo_reports.web.queries.filters import EVERYTHING, ExportQuery, ExportSort, Order, Readable
from promo_reports.web.queries.records import ExportRecord, Page
from tests.support.airflow.rows import Rows, at

NEWEST = ExportQuery(limit=2)


def page(session: Session, question: ExportQuery, cursor: str | None = None) -> Page[ExportRecord]:
    return list_exports(session, replace(question, cursor=cursor), EVERYTHING)


def ids(found: Page[ExportRecord]) -> list[int]:
    return [each.id for each in found.items]


def walk(session: Session, question: ExportQuery) -> list[Page[ExportRecord]]:
    pages = [page(session, question)]
    while pages[-1].next is not None:
        pages.append(page(session, question, pages[-1].next))
    return pages


# Few values, so that there are ties in every sort.
RUNS = st.lists(
    st.tuples(
        st.sampled_from(["queued", "success", "failed"]),
        st.sampled_from(["", "a", "A", "é", "_", "%", "\\", "'", "ab" * 150, "日本"]),
        st.sampled_from([None, "ann", "Bob"]),
        st.sampled_from([None, 0, 1, 1 / 60_000_000]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=RUNS, sort=st.sampled_from(ExportSort), order=st.sampled_from(Order), limit=st.integers(1, 5))
def test_a_walk_gives_every_row_once_and_in_order_and_back_again(
    session: Session,
    runs: list[tuple[str, str, str | None, float | None, bool]],
    sort: ExportSort,
    order: Order,
    limit: int,
) -> None:
    with session.begin_nested() as attempt:
        rows = Rows(session)
        on_demand, report = rows.type(), rows.report("r", "a", "daily", owners=None)
        for state, name, person, minutes, demanded in runs:
            dag, made = on_demand if demanded else report, None if minutes is None else at(minutes)
            rows.run(dag, state, conf={"name": name}, triggering_user_name=person, created_at=made, queued_at=made)
        question = ExportQuery(sort=sort, order=order, limit=limit)
        whole = list_exports(session, replace(question, limit=100), EVERYTHING)

        pages = walk(session, question)
        assert [each for found in pages for each in ids(found)] == ids(whole)
        assert sorted(ids(whole)) == sorted(set(ids(whole)))
        assert {found.total for found in pages} == {len(runs)}
        assert pages[0].previous is None

        back = pages[-1]
        for earlier in reversed(pages[:-1]):
            back = page(session, question, back.previous)
            assert ids(back) == ids(earlier)
            assert back.next is not None
        assert back.previous is None
        attempt.rollback()


@pytest.mark.parametrize("sort", ExportSort)
def test_what_is_added_in_front_moves_nothing(session: Session, rows: Rows, sort: ExportSort) -> None:
    dag = rows.type()
    for number in range(5):
        rows.run(dag, "failed", conf={"name": "n"}, triggering_user_name="m", created_at=at(number))
    question = ExportQuery(sort=sort, order=Order.DESCENDING, limit=2)
    planned = [ids(each) for each in walk(session, question)]

    first = page(session, question)
    added = [rows.run(dag, "failed", conf={"name": "z"}, triggering_user_name="z", created_at=at(99)) for _ in range(3)]
    second = page(session, question, first.next)
    third = page(session, question, second.next)
    assert [ids(first), ids(second), ids(third)] == planned
    assert third.next is None

    again = page(session, question, second.previous)
    assert ids(again) == planned[0]
    nearest = page(session, question, again.previous)
    newest = page(session, question, nearest.previous)
    assert ids(newest) + ids(nearest) == sorted(added, reverse=True)
    assert newest.previous is None


def test_a_cursor_holds_for_its_question_alone(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for _ in range(3):
        rows.run(dag, conf={"name": "n"})
    cursor = page(session, NEWEST).next

    for other in (
        replace(NEWEST, sort=ExportSort.NAME),
        replace(NEWEST, order=Order.ASCENDING),
        replace(NEWEST, search="n"),
        replace(NEWEST, statuses=frozenset({ExportStatus.CREATED})),
        replace(NEWEST, created_by=frozenset({"ann"})),
        replace(NEWEST, dag_id=dag),
    ):
        with pytest.raises(InvalidCursor, match="another sort or to other filters"):
            page(session, other, cursor)
    assert len(page(session, replace(NEWEST, limit=50), cursor).items) == 1


def test_the_order_of_a_filters_values_does_not_matter(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for _ in range(3):
        rows.run(dag, triggering_user_name="ann")
    people = [f"person {number}" for number in range(20)] + ["ann"]
    cursor = page(session, replace(NEWEST, created_by=frozenset(people))).next

    assert len(page(session, replace(NEWEST, created_by=frozenset(reversed(people))), cursor).items) == 1


def test_from_a_page_whose_rows_have_gone_the_way_back_is_open(session: Session, rows: Rows) -> None:
    dag = rows.type()
    made = [rows.run(dag, created_at=at(-number)) for number in range(4)]
    first = page(session, NEWEST)
    session.execute(sa.text("DELETE FROM dag_run WHERE id = ANY(:gone)"), {"gone": made[2:]})

    empty = page(session, NEWEST, first.next)
    assert (ids(empty), empty.next, empty.total) == ([], None, 2)
    assert ids(page(session, NEWEST, empty.previous)) == made[:2]


def test_before_a_page_whose_earlier_rows_have_gone_the_way_on_is_open(session: Session, rows: Rows) -> None:
    dag = rows.type()
    made = [rows.run(dag, created_at=at(-number)) for number in range(4)]
    second = page(session, NEWEST, page(session, NEWEST).next)
    session.execute(sa.text("DELETE FROM dag_run WHERE id = ANY(:gone)"), {"gone": made[:2]})

    empty = page(session, NEWEST, second.previous)
    assert (ids(empty), empty.previous, empty.total) == ([], None, 2)
    assert ids(page(session, NEWEST, empty.next)) == made[2:]


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_both_drivers_of_airflow_ask_the_same(metadata: sa.Engine, driver: str) -> None:
    engine = sa.create_engine(metadata.url.set(drivername=f"postgresql+{driver}"))
    with Session(engine) as session:
        rows = Rows(session)
        dag = rows.type()
        made = [rows.run(dag, conf={"name": "50% a_b"}, created_at=at(number)) for number in range(3)]
        for sort in ExportSort:
            question = replace(NEWEST, sort=sort, search="% A_", statuses=frozenset(ExportStatus))
            found = list_exports(session, question, Readable({dag, "a"}))
            rest = list_exports(session, replace(question, cursor=found.next), Readable({dag, "a"}))
            assert ids(found) + ids(rest) == made[::-1]
        session.rollback()
    engine.dispose()


def test_a_long_name_makes_no_long_cursor(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for _ in range(3):
        rows.run(dag, conf={"name": "日" * 5000})
    question = replace(NEWEST, sort=ExportSort.NAME)

    assert [len(each.items) for each in walk(session, question)] == [2, 1]
