from __future__ import annotations

from sqlalchemy.orm import Session  # noqa: TID253 - nothing is parsed here

from promo_reports.web.queries.creators import creators_of_exports, creators_of_reports
from promo_reports.web.queries.filters import EVERYTHING, Readable
from tests.support.airflow.rows import Rows


def test_creators_of_exports_are_named_once_and_in_order(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for person in ("bob", "Ann", "bob", None):
        rows.run(dag, triggering_user_name=person)
    rows.run(rows.dag("example", owners="other team"))
    rows.run(rows.report("nobody", owners=None))

    assert creators_of_exports(session, EVERYTHING) == ("Ann", "bob", "promo-reports")


def test_creators_of_reports_are_their_owners(session: Session, rows: Rows) -> None:
    for number, owner in enumerate(("bob", "Ann", "bob", None)):
        rows.report(f"r{number}", owners=owner)
    rows.report("once", "Once", "one_time", owners="once")
    rows.type()

    assert creators_of_reports(session, EVERYTHING) == ("Ann", "bob")


def test_creators_can_be_searched(session: Session, rows: Rows) -> None:
    for number, owner in enumerate(("ann_b@example.com", "Annxb@example.com", "100%")):
        rows.run(rows.report(f"r{number}", owners=owner))

    for creators in (creators_of_exports, creators_of_reports):
        assert creators(session, EVERYTHING, "ANN") == ("ann_b@example.com", "Annxb@example.com")
        assert creators(session, EVERYTHING, "_") == ("ann_b@example.com",)
        assert creators(session, EVERYTHING, "%") == ("100%",)
        assert creators(session, EVERYTHING, "\0") == ()


def test_creators_of_what_the_asker_may_not_read_stay_unknown(session: Session, rows: Rows) -> None:
    seen, hidden = rows.report("seen", owners="ann"), rows.report("hidden", owners="bob")
    for dag in (seen, hidden):
        rows.run(dag)

    assert creators_of_exports(session, Readable({seen})) == ("ann",)
    assert creators_of_reports(session, Readable({seen})) == ("ann",)


def test_at_most_two_hundred_are_named(session: Session, rows: Rows) -> None:
    dag = rows.type()
    for number in range(201):
        rows.run(dag, triggering_user_name=f"p{number:03}")

    assert creators_of_exports(session, EVERYTHING) == tuple(f"p{number:03}" for number in range(200))
