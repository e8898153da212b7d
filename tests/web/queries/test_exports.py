"""What the list of exports shows, finds, filters and sorts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session  # noqa: TID253 - nothing is parsed here

from promo_reports.domain.export_status import ExportStatus
from promo_reports.domain.report_type import PromotionType
from promo_reports.web.queries.exports import list_exports
from promo_reports.web.queries.filters import EVERYTHING, ExportQuery, ExportSort, Order, Readable
from promo_reports.web.queries.records import ExportRecord
from tests.support.airflow.rows import DELIVERED, NOON, REPORT, TYPE, Rows, at

ALL = ExportQuery(sort=ExportSort.NAME, order=Order.ASCENDING, limit=100)


def exports(session: Session, question: ExportQuery = ALL, readable: Readable = EVERYTHING) -> list[ExportRecord]:
    page = list_exports(session, question, readable)
    assert page.total == len(page.items)
    return list(page.items)


def names(session: Session, question: ExportQuery = ALL, readable: Readable = EVERYTHING) -> list[str]:
    return [each.name for each in exports(session, question, readable)]


def one(session: Session) -> ExportRecord:
    (export,) = exports(session)
    return export


def test_an_empty_airflow_has_no_exports(session: Session) -> None:
    page = list_exports(session, ALL, EVERYTHING)

    assert (page.items, page.next, page.previous, page.total) == ((), None, None, 0)


def test_runs_of_our_dags_are_exports_and_others_are_not(session: Session, rows: Rows) -> None:
    rows.run(rows.report("daily", "Daily"))
    rows.run(rows.type(), conf={"name": "On demand"})
    for dag_id in (
        "promo_reports_example",
        "promo_reports.retention",
        "promo-reports.report.x",
        "promoXreports.type.x",
    ):
        rows.run(rows.dag(dag_id, "Not an export"))

    assert names(session) == ["Daily", "On demand"]


@pytest.mark.parametrize(
    ("conf", "name"),
    [({"name": "June audit"}, "June audit"), ({}, "wallet (on demand)"), ({"name": ""}, "wallet (on demand)")],
)
def test_an_on_demand_export_has_the_name_in_its_conf(
    session: Session, rows: Rows, conf: dict[str, str], name: str
) -> None:
    rows.run(rows.type("wallet"), conf=conf)

    assert names(session) == [name]


def test_an_export_of_a_report_has_the_reports_name_whatever_its_conf_says(session: Session, rows: Rows) -> None:
    rows.run(rows.report("daily", "Daily Wallet"), conf={"name": "Another"})
    rows.run(rows.report("unnamed", None), conf={"name": "Another"})

    assert names(session) == ["Daily Wallet", REPORT + "unnamed"]
    assert names(session, replace(ALL, search="another")) == []


@pytest.mark.parametrize(
    ("state", "status"),
    [("queued", "creating"), ("running", "creating"), (None, "creating"), ("success", "created"), ("failed", "failed")],
)
def test_the_state_of_the_run_is_the_status(session: Session, rows: Rows, state: str | None, status: str) -> None:
    rows.run(rows.report("daily"), state)

    assert one(session).status is ExportStatus(status)
    assert one(session).state == state
    for asked in ExportStatus:
        found = names(session, replace(ALL, statuses=frozenset({asked})))
        assert bool(found) == (asked.value == status)


@pytest.mark.parametrize(
    ("state", "note", "noted", "queued", "status"),
    [
        ("failed", "Cancelled by growth", at(5), NOON, "cancelled"),
        ("failed", "Cancelled by growth", NOON, NOON, "cancelled"),
        ("failed", "Cancelled by growth", at(5), None, "cancelled"),
        ("failed", "Cancelled by growth", at(5), at(6), "failed"),  # cleared since then, and failed again
        ("failed", "Not Cancelled by growth", at(5), NOON, "failed"),
        ("success", "Cancelled by growth", at(5), NOON, "created"),
        ("running", "Cancelled by growth", at(5), NOON, "creating"),
    ],
)
def test_a_failed_run_that_was_cancelled_since_it_was_queued_is_cancelled(
    session: Session, rows: Rows, state: str, note: str, noted: datetime, queued: datetime | None, status: str
) -> None:
    run = rows.run(rows.report("daily"), state, queued_at=queued)
    rows.note(run, note, noted)

    assert (one(session).status, one(session).note) == (ExportStatus(status), note)
    assert len(exports(session, replace(ALL, statuses=frozenset({ExportStatus(status)})))) == 1


@pytest.mark.parametrize(
    ("states", "delivered", "status"),
    [
        (["success", "success"], True, "created"),  # it had ended when Airflow failed it
        (["success", "skipped"], True, "cancelled"),
        (["success", None], True, "cancelled"),
        (["skipped"], False, "cancelled"),
        ([], False, "cancelled"),
    ],
)
def test_a_run_that_was_cancelled_after_all_its_deliveries_is_created(
    session: Session, rows: Rows, states: list[str | None], delivered: bool, status: str
) -> None:
    dag = rows.report("daily")
    run = rows.run(dag, "failed", run_id="manual__x", delivered=delivered)
    rows.note(run, "Cancelled by growth", at(5))
    rows.task(dag, "manual__x", "extract", state="failed")
    for index, state in enumerate(states):
        rows.task(dag, "manual__x", "deliver", index, state=state)
        if state == "success" and index:  # `run` has written that of the first
            rows.fact(run, "deliver", "delivered", DELIVERED, index)

    assert one(session).status is ExportStatus(status)
    assert len(exports(session, replace(ALL, statuses=frozenset({ExportStatus(status)})))) == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("June\nand\u2028July\x07", "June and July"),
        ("\u202eenuJ", "enuJ"),
        ("x" * 121, "x" * 120),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_a_name_that_anybody_posted_is_one_line_of_visible_text(
    session: Session, rows: Rows, given: str, shown: str
) -> None:
    rows.run(rows.type(), conf={"name": given})

    assert names(session) == [shown]


@pytest.mark.parametrize(
    ("person", "owners", "created_by"),
    [("ann", "growth", "ann"), (None, "growth", "growth"), ("", "growth", "growth"), (None, None, "")],
)
def test_the_creator_is_who_started_the_run_or_else_the_owner(
    session: Session, rows: Rows, person: str | None, owners: str | None, created_by: str
) -> None:
    rows.run(rows.report("daily", owners=owners), triggering_user_name=person)

    assert one(session).created_by == created_by
    assert len(exports(session, replace(ALL, created_by=frozenset({created_by, "nobody"})))) == 1
    assert exports(session, replace(ALL, created_by=frozenset({"nobody"}))) == []


def test_created_at_is_when_the_run_was_made(session: Session, rows: Rows) -> None:
    dag = rows.report("daily")
    rows.run(dag, created_at=at(3), queued_at=at(9), run_after=at(1))
    rows.run(dag, created_at=None, queued_at=at(2), run_after=at(7))
    rows.run(dag, created_at=None, queued_at=None, run_after=at(1))

    found = exports(session, replace(ALL, sort=ExportSort.CREATED_AT))
    assert [each.created_at for each in found] == [at(1), at(2), at(3)]


def test_the_promotion_type_is_the_dags_tag(session: Session, rows: Rows) -> None:
    rows.run(rows.report("a", "A", "daily", "Partner Vouchers"))
    rows.run(rows.report("b", "B", "daily"))
    rows.run(rows.type(), conf={"name": "C"})

    assert [each.promotion_type for each in exports(session)] == [
        PromotionType.PARTNER_VOUCHERS,
        None,
        PromotionType.LOYALTY_WALLET,
    ]
    assert names(session, replace(ALL, promotion_types=frozenset({PromotionType.LOYALTY_WALLET}))) == ["C"]
    assert names(session, replace(ALL, promotion_types=frozenset(PromotionType))) == ["A", "C"]


def test_a_report_type_that_is_called_like_a_promotion_type_doubles_no_row(session: Session, rows: Rows) -> None:
    rows.run(rows.report("a", "A", "Loyalty Wallet", "Partner Vouchers", "daily", "weekly"))

    assert names(session, replace(ALL, promotion_types=frozenset(PromotionType))) == ["A"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("50%", ["50% off"]),
        ("%", ["50% off"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("/", ["in/out"]),
        ("OFF", ["50% off"]),
        ("ÉTÉ", ["Soldes d'été"]),
        ("d'", ["Soldes d'été"]),
        ("Wallet", ["Wallet"]),
        ("none", []),
        ("a\0", []),
    ],
)
def test_search_finds_what_a_name_contains_in_any_case_and_literally(
    session: Session, rows: Rows, search: str, found: list[str]
) -> None:
    dag = rows.type()
    for name in ("50% off", "a_b", "back\\slash", "in/out", "Soldes d'été"):
        rows.run(dag, conf={"name": name})
    rows.run(rows.report("wallet", "Wallet"))

    assert names(session, replace(ALL, search=search)) == found


def test_filters_narrow_together(session: Session, rows: Rows) -> None:
    dag = rows.type()
    rows.run(dag, conf={"name": "June"}, triggering_user_name="ann")
    rows.run(dag, conf={"name": "June"}, triggering_user_name="bob")
    rows.run(dag, "failed", conf={"name": "June"}, triggering_user_name="ann")
    rows.run(dag, conf={"name": "July"}, triggering_user_name="ann")
    question = replace(
        ALL, search="june", statuses=frozenset({ExportStatus.CREATED}), created_by=frozenset({"ann"}), dag_id=dag
    )

    assert len(exports(session, question)) == 1
    assert exports(session, replace(question, dag_id=TYPE + "other")) == []
    assert exports(session, replace(question, dag_id="\0")) == []
    assert exports(session, replace(question, created_by=frozenset({"\0"}))) == []


def test_names_are_sorted_in_any_case(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for name in ("beta", "Alpha", "ALPHA 2", "Gamma"):
        rows.run(dag, conf={"name": name})

    assert names(session) == ["Alpha", "ALPHA 2", "beta", "Gamma"]
    assert names(session, replace(ALL, order=Order.DESCENDING)) == ["Gamma", "beta", "ALPHA 2", "Alpha"]


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (ExportSort.PROMOTION_TYPE, ["none", "wallet", "vouchers"]),
        (ExportSort.STATUS, ["vouchers", "wallet", "none"]),
        (ExportSort.CREATED_BY, ["none", "vouchers", "wallet"]),
        (ExportSort.CREATED_AT, ["vouchers", "none", "wallet"]),
    ],
)
def test_every_sort_goes_both_ways(session: Session, rows: Rows, sort: ExportSort, ascending: list[str]) -> None:
    rows.run(rows.report("a", "none", "daily", owners=None), "failed", created_at=at(2))
    rows.run(rows.report("b", "wallet"), "running", triggering_user_name="bob", created_at=at(3))
    rows.run(rows.report("c", "vouchers", "Partner Vouchers", "daily", owners="ann"), created_at=at(1))

    assert names(session, replace(ALL, sort=sort)) == ascending
    assert names(session, replace(ALL, sort=sort, order=Order.DESCENDING)) == ascending[::-1]


@pytest.mark.parametrize("sort", ExportSort)
def test_ties_are_broken_by_the_run(session: Session, rows: Rows, sort: ExportSort) -> None:
    dag = rows.report("daily", "Daily")
    ids = [rows.run(dag) for _ in range(4)]

    assert [each.id for each in exports(session, replace(ALL, sort=sort))] == ids
    assert [each.id for each in exports(session, replace(ALL, sort=sort, order=Order.DESCENDING))] == ids[::-1]


def test_what_the_asker_may_not_read_is_neither_listed_nor_counted(session: Session, rows: Rows) -> None:
    seen = rows.report("seen", "Seen")
    other = rows.dag("example", "Another team's")
    hidden = rows.report("hidden", "Hidden")
    for dag in (seen, hidden, other):
        rows.run(dag)

    assert names(session, ALL, Readable({seen, other, "promo_reports.report.gone", f"a,{hidden}", "\0"})) == ["Seen"]
    assert names(session, ALL, Readable(set())) == []
    assert names(session, ALL, EVERYTHING) == ["Hidden", "Seen"]


def test_ten_thousand_readable_dags_can_be_given(session: Session, rows: Rows) -> None:
    dag = rows.report("n9999", "Last")
    rows.run(dag)

    assert names(session, ALL, Readable({f"{REPORT}n{number}" for number in range(10_000)})) == ["Last"]
    assert names(session, ALL, Readable({f"{REPORT}n{number}" for number in range(9_999)})) == []


def test_a_run_whose_dag_was_deleted_alone_is_listed_under_its_id(session: Session, rows: Rows) -> None:
    rows.run("promo_reports.report.gone", triggering_user_name="ann")

    assert (one(session).name, one(session).dag, one(session).promotion_type) == (
        "promo_reports.report.gone",
        None,
        None,
    )
    assert len(exports(session, replace(ALL, search="GONE"))) == 1


def test_a_row_tells_why_nothing_moves(session: Session, rows: Rows) -> None:
    busy = rows.report("busy", "Busy", is_paused=True, is_stale=True, has_import_errors=True)
    rows.run(busy, "running")
    rows.run(busy, "queued", created_at=at(1))
    rows.run(rows.report("idle", "Idle"), "queued")

    first, second, third = exports(session)
    assert [each.running_before for each in (first, second, third)] == [None, 1, 0]
    assert first.dag is not None
    assert (first.dag.is_paused, first.dag.is_stale, first.dag.has_import_errors) == (True, True, True)
    assert third.dag is not None
    assert (third.dag.is_paused, third.dag.is_stale, third.dag.has_import_errors) == (False, False, False)
    assert (third.dag.max_active_runs, third.dag.display_name, third.dag.owners) == (1, "Idle", "growth")
    assert third.dag.tags == ("Loyalty Wallet", "Wallet Transactions", "daily", "promo_reports")


def test_a_row_has_what_airflow_knows_of_the_run(session: Session, rows: Rows) -> None:
    run = rows.run(
        rows.type(),
        conf={"name": "June", "filters": {"wallet": "grocery"}},
        run_id="manual__x",
        run_type="backfill",
        triggered_by="REST_API",
        logical_date=at(-60),
        data_interval_start=at(-60),
        data_interval_end=at(-30),
        run_after=at(1),
        queued_at=at(2),
        start_date=at(3),
        end_date=at(4),
        clear_number=2,
    )

    export = one(session)
    assert (export.id, export.dag_id, export.run_id, export.run_type) == (
        run,
        TYPE + "wallet_transactions",
        "manual__x",
        "backfill",
    )
    assert export.triggered_by == "rest_api"
    assert export.conf == {"name": "June", "filters": {"wallet": "grocery"}}
    assert (export.logical_date, export.data_interval_start, export.data_interval_end) == (at(-60), at(-60), at(-30))
    assert (export.run_after, export.queued_at, export.started_at, export.ended_at) == (at(1), at(2), at(3), at(4))
    assert export.clear_number == 2


def test_a_row_has_the_small_facts_of_its_tasks_and_not_the_manifest(session: Session, rows: Rows) -> None:
    run = rows.run(rows.report("daily"), delivered=False)
    rows.run(rows.report("other"), delivered=False)
    rows.fact(run, "extract", "progress", {"written": 5, "counted": 10})
    rows.fact(run, "extract", "facts", {"rows": 10, "bytes": 99})
    rows.fact(run, "extract", "failure", None)
    rows.fact(run, "extract", "manifest", {"large": True})
    rows.fact(run, "extract", "delivered", {"__airflow_state_ref__": "s3://elsewhere"})
    rows.fact(run, "deliver", "delivered", {"destination": "download", "manifest": "m"}, 1)
    rows.fact(run, "deliver", "failure", {"reason": "no"}, 0)
    rows.fact(run, "another_task", "facts", {"rows": 0})

    first, second = exports(session, replace(ALL, sort=ExportSort.CREATED_AT))
    assert first.facts.extract == {"progress": {"written": 5, "counted": 10}, "facts": {"rows": 10, "bytes": 99}}
    assert first.facts.deliveries == {
        0: {"failure": {"reason": "no"}},
        1: {"delivered": {"destination": "download", "manifest": "m"}},
    }
    assert (second.facts.extract, second.facts.deliveries) == ({}, {})


def test_a_run_that_succeeded_without_a_delivery_is_not_created(session: Session, rows: Rows) -> None:
    """Somebody marked it, or cleared only the part of it that had failed."""
    dag = rows.report("daily")
    delivered, marked = rows.run(dag), rows.run(dag, delivered=False)
    found = {each.id: each.status for each in exports(session)}
    assert found == {delivered: ExportStatus.CREATED, marked: ExportStatus.FAILED}
    failed = exports(session, replace(ALL, statuses=frozenset({ExportStatus.FAILED})))
    assert [each.id for each in failed] == [marked]
