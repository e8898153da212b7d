"""The list of recurring reports, those that Airflow does not have yet among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session  # noqa: TID253 - nothing is parsed here

from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.dates.window import Window
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.domain.report_type import PromotionType
from promo_reports.errors import InvalidCursor
from promo_reports.web.queries.dags import dag_processor_reports, deletions_of
from promo_reports.web.queries.exports import open_on_demand
from promo_reports.web.queries.filters import EVERYTHING, Order, Readable, ReportQuery, ReportSort
from promo_reports.web.queries.records import Deletion, LastExport, PendingReport, ReportRecord, ReportWindows
from promo_reports.web.queries.reports import list_reports, one_report, report_windows
from tests.support.airflow.rows import NOON, REPORT, Rows, at

ALL = ReportQuery(sort=ReportSort.NAME, order=Order.ASCENDING, limit=100)
NEW = PendingReport(
    dag_id=REPORT + "new",
    name="New",
    promotion_type=PromotionType.PROMO_CAMPAIGNS,
    frequency=Interval.WEEKLY,
    created=True,
    created_by="zoe",
    created_at=at(30),
    schedule="Every Monday at 06:00",
)


def reports(
    session: Session,
    question: ReportQuery = ALL,
    readable: Readable = EVERYTHING,
    *,
    stopped: frozenset[str] = frozenset(),
    pending: tuple[PendingReport, ...] = (),
) -> list[ReportRecord]:
    page = list_reports(session, question, readable, stopped=stopped, pending=pending)
    assert page.total == len(page.items)
    return list(page.items)


def names(
    session: Session,
    question: ReportQuery = ALL,
    readable: Readable = EVERYTHING,
    *,
    stopped: frozenset[str] = frozenset(),
    pending: tuple[PendingReport, ...] = (),
) -> list[str]:
    return [each.name for each in reports(session, question, readable, stopped=stopped, pending=pending)]


def test_an_empty_airflow_has_no_reports(session: Session) -> None:
    page = list_reports(session, ALL, EVERYTHING)

    assert (page.items, page.next, page.previous, page.total) == ((), None, None, 0)


def test_recurring_definitions_are_listed_and_nothing_else(session: Session, rows: Rows) -> None:
    rows.report("daily", "Daily")
    rows.report("weekly", "Weekly", "weekly")
    rows.report("once", "Once", "one_time")
    rows.type()
    rows.dag("example", "Example", "daily")

    assert names(session) == ["Daily", "Weekly"]


def test_a_row_has_what_airflow_knows_of_the_dag(session: Session, rows: Rows) -> None:
    tags = ("Partner Vouchers", "created", "promo_reports", "weekly")
    dag = rows.report("a", "A", *tags, owners="ann", made=at(5), next_dagrun_create_after=at(9), max_active_runs=2)
    rows.version(dag, 2, at(3))
    rows.version(dag, 3, at(8))

    (report,) = reports(session)
    assert (report.dag_id, report.name, report.promotion_type) == (dag, "A", PromotionType.PARTNER_VOUCHERS)
    assert (report.frequency, report.created, report.status) == (Interval.WEEKLY, True, ReportStatus.ACTIVE)
    assert (report.created_by, report.created_at, report.due) == ("ann", at(3), at(9))
    assert (report.schedule, report.last_export, report.pending) == ("Daily at 06:00", None, False)
    assert report.dag is not None
    assert (report.dag.tags, report.dag.max_active_runs) == (tags, 2)
    assert one_report(session, dag) == report


def test_a_report_from_git_is_not_created(session: Session, rows: Rows) -> None:
    rows.report("a", None)

    (report,) = reports(session)
    assert (report.name, report.created) == (REPORT + "a", False)


@pytest.mark.parametrize(("parsed", "created_at"), [(at(7), at(7)), (None, None)])
def test_without_versions_the_last_parsing_has_to_do(
    session: Session, rows: Rows, parsed: datetime | None, created_at: datetime | None
) -> None:
    rows.report("a", "A", made=None, last_parsed_time=parsed)
    rows.report("b", "B", made=at(8))

    found = reports(session, ReportQuery())
    assert [(each.name, each.created_at) for each in found] == [("B", at(8)), ("A", created_at)]


@pytest.mark.parametrize(
    ("paused", "stale", "marked", "status"),
    [
        (False, False, False, "active"),
        (True, False, False, "stopped"),
        (False, True, False, "stopped"),
        (False, False, True, "stopped"),
    ],
)
def test_a_report_is_active_unless_something_stops_it(
    session: Session, rows: Rows, paused: bool, stale: bool, marked: bool, status: str
) -> None:
    dag = rows.report("a", "A", is_paused=paused, is_stale=stale)
    stopped = frozenset({dag, "x"}) if marked else frozenset({"x"})

    (report,) = reports(session, stopped=stopped)
    assert report.status is ReportStatus(status)
    assert one_report(session, dag, stopped=marked) == report
    for asked in ReportStatus:
        found = names(session, replace(ALL, statuses=frozenset({asked})), stopped=stopped)
        assert bool(found) == (asked.value == status)


def test_the_last_export_is_the_one_created_last(session: Session, rows: Rows) -> None:
    dag = rows.report("a", "A")
    rows.run(dag, "running", created_at=at(1), logical_date=at(99))
    last = rows.run(dag, "failed", created_at=at(2), logical_date=at(-99))
    rows.note(last, "Cancelled by ann", at(3))
    rows.run(rows.report("b", "B"), created_at=at(9))
    rows.report("c", "C")

    first, second, third = reports(session)
    assert first.last_export == LastExport(last, ExportStatus.CANCELLED, at(2))
    assert second.last_export is not None
    assert (second.last_export.status, second.last_export.created_at) == (ExportStatus.CREATED, at(9))
    assert third.last_export is None


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (replace(ALL, search="50%"), ["50% off"]),
        (replace(ALL, search="OFF"), ["50% off"]),
        (replace(ALL, search="_"), []),
        (replace(ALL, search="\0"), []),
        (replace(ALL, promotion_types=frozenset({PromotionType.PARTNER_VOUCHERS})), ["Vouchers"]),
        (replace(ALL, promotion_types=frozenset(PromotionType)), ["50% off", "Vouchers"]),
        (replace(ALL, created_by=frozenset({"bob"})), ["Vouchers"]),
        (replace(ALL, frequencies=frozenset({Interval.WEEKLY})), ["None", "Vouchers"]),
        (replace(ALL, frequencies=frozenset({Interval.WEEKLY}), created_by=frozenset({"ann"})), []),
        (replace(ALL, created_by=frozenset({"\0"})), []),
    ],
)
def test_filters_narrow_together(session: Session, rows: Rows, question: ReportQuery, found: list[str]) -> None:
    rows.report("a", "50% off", owners="ann")
    rows.report("b", "Vouchers", "weekly", "Partner Vouchers", owners="bob")
    rows.report("c", "None", "weekly", owners=None)

    assert names(session, question) == found


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (ReportSort.NAME, ["alpha", "Beta", "Gamma"]),
        (ReportSort.PROMOTION_TYPE, ["Gamma", "alpha", "Beta"]),
        (ReportSort.STATUS, ["alpha", "Gamma", "Beta"]),
        (ReportSort.CREATED_BY, ["Gamma", "Beta", "alpha"]),
        (ReportSort.CREATED_AT, ["Beta", "alpha", "Gamma"]),
        (ReportSort.FREQUENCY, ["Beta", "Gamma", "alpha"]),
    ],
)
def test_every_sort_goes_both_ways(session: Session, rows: Rows, sort: ReportSort, ascending: list[str]) -> None:
    first = rows.report("1", "alpha", "weekly", "Loyalty Wallet", owners="bob", made=at(2))
    rows.version(first, 2, at(9))
    rows.report("2", "Beta", "daily", "Partner Vouchers", owners="ann", made=at(1), is_paused=True)
    rows.report("3", "Gamma", "daily", owners=None, made=at(3))

    assert names(session, replace(ALL, sort=sort)) == ascending
    assert names(session, replace(ALL, sort=sort, order=Order.DESCENDING)) == ascending[::-1]


def test_what_the_asker_may_not_read_is_neither_listed_nor_counted(session: Session, rows: Rows) -> None:
    seen = rows.report("seen", "Seen")
    rows.report("hidden", "Hidden")

    assert names(session, ALL, Readable({seen})) == ["Seen"]
    assert names(session, ALL, Readable(set())) == []


def test_a_pending_report_is_a_row_like_any_other(session: Session, rows: Rows) -> None:
    rows.report("a", "Alpha", made=at(40))
    rows.report("z", "Zeta", made=at(20))

    found = reports(session, ReportQuery(), pending=(NEW,))
    assert [each.name for each in found] == ["Alpha", "New", "Zeta"]
    new = found[1]
    assert (new.dag_id, new.promotion_type, new.frequency) == (NEW.dag_id, NEW.promotion_type, NEW.frequency)
    assert (new.created, new.created_by, new.created_at) == (True, "zoe", at(30))
    assert (new.status, new.pending, new.due, new.last_export) == (ReportStatus.ACTIVE, True, None, None)
    assert new.schedule == "Every Monday at 06:00"
    for question in (
        replace(ALL, search="NEW"),
        replace(ALL, created_by=frozenset({"zoe"})),
        replace(ALL, frequencies=frozenset({Interval.WEEKLY})),
        replace(ALL, promotion_types=frozenset({PromotionType.PROMO_CAMPAIGNS})),
    ):
        assert names(session, question, pending=(NEW,)) == ["New"]
    (stopped,) = reports(
        session,
        replace(ALL, statuses=frozenset({ReportStatus.STOPPED})),
        stopped=frozenset({NEW.dag_id}),
        pending=(NEW,),
    )
    assert (stopped.name, stopped.status) == ("New", ReportStatus.STOPPED)


def test_a_pending_report_is_listed_once_as_soon_as_airflow_has_it(session: Session, rows: Rows) -> None:
    rows.report("new", "New in Airflow")

    (report,) = reports(session, pending=(NEW,))
    assert (report.name, report.pending) == ("New in Airflow", False)


def test_pending_reports_are_shown_to_whoever_gives_them(session: Session, rows: Rows) -> None:
    rows.report("hidden", "Hidden")

    assert names(session, ALL, Readable(set()), pending=(NEW,)) == ["New"]


REPORTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "A", "é", "_", "日本"]),
        st.sampled_from(["daily", "weekly"]),
        st.sampled_from([None, "ann"]),
        st.sampled_from([0, 1, 1 / 60_000_000]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=REPORTS, sort=st.sampled_from(ReportSort), order=st.sampled_from(Order), limit=st.integers(1, 4))
def test_a_walk_gives_every_row_once_and_in_order_and_back_again(
    session: Session,
    made: list[tuple[str, str, str | None, float, bool, bool]],
    sort: ReportSort,
    order: Order,
    limit: int,
) -> None:
    with session.begin_nested() as attempt:
        rows = Rows(session)
        pending: list[PendingReport] = []
        for number, (name, frequency, owner, minutes, paused, waits) in enumerate(made):
            if waits:
                new = replace(NEW, dag_id=f"{REPORT}r{number}", name=name, frequency=Interval(frequency))
                pending.append(replace(new, created_at=at(minutes)))
            else:
                rows.report(f"r{number}", name, frequency, owners=owner, made=at(minutes), is_paused=paused)
        question = ReportQuery(sort=sort, order=order, limit=limit)
        whole = list_reports(session, replace(question, limit=100), EVERYTHING, pending=pending)

        pages = [list_reports(session, question, EVERYTHING, pending=pending)]
        while pages[-1].next is not None:
            pages.append(list_reports(session, replace(question, cursor=pages[-1].next), EVERYTHING, pending=pending))
        assert tuple(each for page in pages for each in page.items) == whole.items
        assert len({each.dag_id for each in whole.items}) == len(whole.items) == len(made)
        back = pages[-1]
        for earlier in reversed(pages[:-1]):
            back = list_reports(session, replace(question, cursor=back.previous), EVERYTHING, pending=pending)
            assert back.items == earlier.items
        assert back.previous is None
        attempt.rollback()


def test_a_cursor_holds_for_its_question_alone(session: Session, rows: Rows) -> None:
    for report_id in ("a", "b"):
        rows.report(report_id)
    cursor = list_reports(session, ReportQuery(limit=1), EVERYTHING).next

    for other in (
        ReportQuery(sort=ReportSort.NAME),
        ReportQuery(order=Order.ASCENDING),
        ReportQuery(search="a"),
        ReportQuery(frequencies=frozenset({Interval.DAILY})),
        ReportQuery(statuses=frozenset({ReportStatus.ACTIVE})),
    ):
        with pytest.raises(InvalidCursor, match="another sort or to other filters"):
            list_reports(session, replace(other, cursor=cursor), EVERYTHING)


def test_one_report_may_also_be_a_one_time_one(session: Session, rows: Rows) -> None:
    dag = rows.report("once", "Once", "one_time", "Loyalty Wallet", made=NOON)

    report = one_report(session, dag)
    assert report is not None
    assert (report.name, report.frequency, report.created_at) == ("Once", None, NOON)


def test_what_is_not_a_report_is_none(session: Session, rows: Rows) -> None:
    assert one_report(session, rows.type()) is None
    assert one_report(session, rows.dag("example", "Example", "daily")) is None
    assert one_report(session, REPORT + "unknown") is None


def test_the_windows_of_a_report_are_those_of_its_schedule_and_the_others(session: Session, rows: Rows) -> None:
    dag, other = rows.report("daily"), rows.report("other")

    def run(of: str, kind: str, start: float, *, logical: bool = True) -> None:
        rows.run(
            of,
            run_type=kind,
            logical_date=at(start) if logical else None,
            data_interval_start=at(start),
            data_interval_end=at(start + 5),
        )

    run(dag, "scheduled", 5)
    run(dag, "scheduled", 10)
    run(dag, "backfill", 0)
    run(dag, "manual", 20, logical=False)
    run(other, "scheduled", 30)
    assert report_windows(session, dag) == ReportWindows(
        (Window(at(10), at(15)), Window(at(5), at(10))), (Window(at(20), at(25)), Window(at(0), at(5))), at(15)
    )
    assert report_windows(session, rows.report("new")) == ReportWindows()


def test_the_next_window_is_the_one_that_the_scheduler_has(session: Session, rows: Rows) -> None:
    interval = {"next_dagrun_data_interval_start": at(1), "next_dagrun_data_interval_end": at(6)}
    rows.report("daily", "Daily", next_dagrun_create_after=at(9), **interval)
    (report,) = reports(session)
    assert (report.due, report.next_window) == (at(9), Window(at(1), at(6)))


def test_who_deleted_a_dag_is_in_airflows_audit_log(session: Session, rows: Rows) -> None:
    for minute, dag_id, event, by in [
        (0, "promo_reports.report.a", "delete_dag", "ann"),
        (1, "promo_reports.report.a", "delete_dag", "bob"),
        (2, "promo_reports.report.a", "patch_dag", "eve"),
        (3, "promo_reports.report.b", "delete_dag", None),
        (4, "promo_reports.report.c", "delete_dag", "ann"),
    ]:
        values = {"dttm": at(minute), "dag_id": dag_id, "event": event, "owner": by}
        session.execute(
            sa.text("INSERT INTO log (dttm, dag_id, event, owner) VALUES (:dttm, :dag_id, :event, :owner)"), values
        )
    found = deletions_of(session, ["promo_reports.report.a", "promo_reports.report.b", "promo_reports.report.d"])
    assert found == {
        "promo_reports.report.a": Deletion(at(1), "bob"),
        "promo_reports.report.b": Deletion(at(3), ""),
    }


def test_a_dag_processor_reports_while_it_runs(session: Session) -> None:
    def heartbeat(kind: str, state: str, minute: float) -> None:
        values = {"kind": kind, "state": state, "at": at(minute)}
        session.execute(
            sa.text("INSERT INTO job (job_type, state, latest_heartbeat) VALUES (:kind, :state, :at)"), values
        )

    heartbeat("SchedulerJob", "running", 9)
    heartbeat("DagProcessorJob", "success", 9)
    assert not dag_processor_reports(session, at(9))
    heartbeat("DagProcessorJob", "running", 5)
    assert not dag_processor_reports(session, at(9))
    heartbeat("DagProcessorJob", "running", 9)
    assert dag_processor_reports(session, at(9.2))


def test_open_exports_are_those_of_a_person_over_all_report_types(session: Session, rows: Rows) -> None:
    first, second, report = rows.type("wallet_transactions"), rows.type("user_errors"), rows.report("daily")
    for dag_id, state, by in [
        (first, "queued", "ann"),
        (second, "running", "ann"),
        (second, "success", "ann"),
        (second, "failed", "ann"),
        (second, "running", "bob"),
        (report, "running", "ann"),
        (first, "running", None),
    ]:
        rows.run(dag_id, state, triggering_user_name=by)
    assert [open_on_demand(session, each) for each in ("ann", "bob", "eve")] == [2, 1, 0]
