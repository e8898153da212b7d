"""How long the two lists of the Reports page take in the database, at 10,000 recurring reports and 100,000 exports.

    .venv/bin/python -m benchmarks.page.reports_list

It starts a PostgreSQL of its own with PostgreSQL's default memory settings, migrates and fills a metadata database and
prints the median and the maximum of 20 calls of the module's own functions, in milliseconds.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.page.airflow_history import EXPORTS

if TYPE_CHECKING:
    from devstack.airflow import Airflow

PROJECT = Path(__file__).resolve().parents[2]
CALLS = 20
GOAL = 120.0
# What a PostgreSQL has that nobody has tuned; the demo's own server is given more.
DEFAULTS = {"shared_buffers": "128MB", "work_mem": "4MB", "effective_cache_size": "4GB", "random_page_cost": "4"}


@contextmanager
def filled_airflow(exports: int = EXPORTS) -> Iterator[Airflow]:
    """An Airflow of which nothing runs yet but its database, with so many exports in it."""
    from benchmarks.page.airflow_history import fill
    from devstack.airflow import Airflow, AirflowSetup
    from devstack.credentials import Credentials
    from devstack.postgres import PostgresServer

    with tempfile.TemporaryDirectory(prefix="promo-reports-benchmark-") as place:
        root, credentials = Path(place), Credentials()
        server = PostgresServer(
            root / "postgres", password=credentials.postgres, port=0, durable=False, settings=DEFAULTS
        )
        server.start()
        try:
            server.create_database("airflow")
            url = server.url("airflow")
            setup = AirflowSetup(
                project=PROJECT,
                home=root / "airflow",
                metadata_url=url,
                credentials=credentials,
                extra={"PROMO_REPORTS_DATA_DIR": str(root / "data")},
            )
            airflow = Airflow(setup, logs=root / "logs", port=0)
            airflow.migrate()
            fill(url, exports)
            yield airflow
        finally:
            server.destroy()


def measure(name: str, call: Callable[[], object]) -> float:
    """Print the median and the maximum of some calls after a first one, which fills the caches."""
    call()
    took = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(took)
    print(f"{name:58} {median:8.1f} {max(took):8.1f}{'  <- over the goal' if median > GOAL else ''}", flush=True)
    return median


def lists(session: Any) -> None:
    """Both lists, asked in every way that the page can ask."""
    from promo_reports.domain.dates.schedule import Interval
    from promo_reports.domain.export_status import ExportStatus, ReportStatus
    from promo_reports.domain.report_type import PromotionType
    from promo_reports.web.queries import creators, exports, reports
    from promo_reports.web.queries.filters import (
        EVERYTHING,
        ExportQuery,
        ExportSort,
        Order,
        Readable,
        ReportQuery,
        ReportSort,
    )

    dag_ids = sorted(_every_report(session))
    most = Readable(frozenset(each for number, each in enumerate(dag_ids) if number % 10) | _type_dags(session))
    stopped = frozenset(dag_ids[::50])

    def of_exports(name: str, question: ExportQuery, readable: Readable = EVERYTHING) -> None:
        total = exports.list_exports(session, question, readable).total
        session.rollback()
        measure(f"exports, {name} ({total:,})", lambda: _apart(session, exports.list_exports, question, readable))

    def of_reports(name: str, question: ReportQuery, readable: Readable = EVERYTHING) -> None:
        total = reports.list_reports(session, question, readable, stopped=stopped).total
        session.rollback()
        measure(
            f"reports, {name} ({total:,})",
            lambda: _apart(session, reports.list_reports, question, readable, stopped=stopped),
        )

    print(f"{'milliseconds':58} {'median':>8} {'maximum':>8}")
    first = ExportQuery()
    of_exports("first page", first)
    for sort in ExportSort:
        for order in Order:
            of_exports(f"by {sort.value} {order.value}", replace(first, sort=sort, order=order))
    second = exports.list_exports(session, first, EVERYTHING).next
    deep = exports.list_exports(session, replace(first, limit=50_000), EVERYTHING).next
    of_exports("page 2", replace(first, cursor=second))
    of_exports("page after row 50,000", replace(first, cursor=deep))
    by_name = replace(first, sort=ExportSort.NAME, order=Order.ASCENDING)
    deep_by_name = exports.list_exports(session, replace(by_name, limit=50_000), EVERYTHING).next
    of_exports("by name, page after row 50,000", replace(by_name, cursor=deep_by_name))
    for text in ("grocery", "audit 09999", "no such name"):
        of_exports(f"search {text!r}", replace(first, search=text))
    for status in ExportStatus:
        of_exports(f"only {status.value}", replace(first, statuses=frozenset({status})))
    for promotion in PromotionType:
        of_exports(f"only {promotion.value}", replace(first, promotion_types=frozenset({promotion})))
    of_exports("only one creator", replace(first, created_by=frozenset({"finance@example.com"})))
    of_exports("only one report", replace(first, dag_id=dag_ids[0]))
    of_exports("9,000 of 10,000 readable", first, most)
    of_exports("9,000 readable, by name", by_name, most)
    of_exports("9,000 readable, search 'grocery'", replace(by_name, search="grocery"), most)
    measure("creators of exports", lambda: _apart(session, creators.creators_of_exports, EVERYTHING))

    recurring = ReportQuery()
    of_reports("first page", recurring)
    for report_sort in ReportSort:
        for order in Order:
            of_reports(f"by {report_sort.value} {order.value}", replace(recurring, sort=report_sort, order=order))
    middle = reports.list_reports(session, replace(recurring, limit=5_000), EVERYTHING, stopped=stopped).next
    of_reports("page after row 5,000", replace(recurring, cursor=middle))
    for text in ("grocery", "05555", "no such name"):
        of_reports(f"search {text!r}", replace(recurring, search=text))
    for report_status in ReportStatus:
        of_reports(f"only {report_status.value}", replace(recurring, statuses=frozenset({report_status})))
    of_reports("only weekly", replace(recurring, frequencies=frozenset({Interval.WEEKLY})))
    of_reports("only promo campaigns", replace(recurring, promotion_types=frozenset({PromotionType.PROMO_CAMPAIGNS})))
    of_reports("only one creator", replace(recurring, created_by=frozenset({"finance@example.com"})))
    of_reports("9,000 of 10,000 readable", recurring, most)
    measure("creators of reports", lambda: _apart(session, creators.creators_of_reports, EVERYTHING))


def authorisation(session: Any) -> None:
    """What Airflow's own question costs: which DAGs may this user see."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    manager, viewer = SimpleAuthManager(), SimpleAuthManagerUser(username="viewer", role="viewer")
    dag_ids = set(_every_report(session))
    measure(
        "SimpleAuthManager.filter_authorized_dag_ids, 10,000",
        lambda: manager.filter_authorized_dag_ids(dag_ids=dag_ids, user=viewer),
    )
    measure(
        "SimpleAuthManager.get_authorized_dag_ids, 10,000",
        lambda: manager.get_authorized_dag_ids(user=viewer, session=session),
    )
    measure(
        "SimpleAuthManager.is_authorized_dag of runs, 10,000 times",
        lambda: [
            manager.is_authorized_dag(
                method="GET", access_entity=DagAccessEntity.RUN, details=DagDetails(id=each), user=viewer
            )
            for each in dag_ids
        ],
    )


def _apart(session: Any, function: Callable[..., object], *arguments: object, **named: object) -> None:
    """Call as a request does, in a transaction of its own."""
    function(session, *arguments, **named)
    session.rollback()


def _every_report(session: Any) -> list[str]:
    import sqlalchemy as sa

    return list(session.scalars(sa.text("SELECT dag_id FROM dag WHERE dag_id LIKE 'promo_reports.report.%'")))


def _type_dags(session: Any) -> frozenset[str]:
    import sqlalchemy as sa

    return frozenset(session.scalars(sa.text("SELECT dag_id FROM dag WHERE dag_id LIKE 'promo_reports.type.%'")))


def main() -> None:
    """Measure in a fresh database, or in the filled one whose URL is given."""
    sys.path.append(str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="promo-reports-benchmark-home-") as home:
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        with filled_airflow() as airflow:
            url = airflow.setup.metadata_url
            import sqlalchemy as sa
            from sqlalchemy.orm import Session

            engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://", 1))
            try:
                with Session(engine) as session:
                    lists(session)
                    authorisation(session)
            finally:
                engine.dispose()


if __name__ == "__main__":
    main()
