"""One export and what its tasks left, the exports of a report's windows, and which DAGs are there."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from sqlalchemy.orm import Session  # noqa: TID253

from promo_reports.domain.export_status import ExportStatus
from promo_reports.web.queries.dags import known_dag_ids, our_dag_ids
from promo_reports.web.queries.exports import export_of, exports_of_windows, one_export
from promo_reports.web.queries.records import TaskRecord, WindowExport
from promo_reports.web.queries.task_facts import NOTHING, facts_of_export, tasks_of_run
from tests.support.airflow.rows import NOON, REPORT, TYPE, Rows, at
from tests.support.manifest import MANIFEST


def test_one_export_is_found_by_its_id_or_its_run(session: Session, rows: Rows) -> None:
    dag = rows.report("daily", "Daily")
    rows.run(dag)
    run = rows.run(dag, "failed", run_id="manual__x")
    rows.note(run, "Cancelled by ann", at(1))

    export = one_export(session, run)
    assert export is not None
    assert (export.id, export.name, export.status) == (run, "Daily", ExportStatus.CANCELLED)
    assert export.facts == NOTHING
    assert export_of(session, dag, "manual__x") == export


def test_what_is_not_an_export_is_none(session: Session, rows: Rows) -> None:
    run = rows.run(rows.dag("example"), run_id="manual__x")

    assert one_export(session, run) is None
    assert one_export(session, run + 1) is None
    assert export_of(session, "example", "manual__x") is None
    assert export_of(session, REPORT + "daily", "manual__x") is None


@pytest.mark.parametrize("export_id", [-1, 0, 2**31, 2**63])
def test_a_number_that_no_run_can_have_is_none(metadata: sa.Engine, export_id: int) -> None:
    engine = sa.create_engine(metadata.url.set(drivername="postgresql+psycopg"))  # it sends a number with its type
    with Session(engine) as session:
        assert one_export(session, export_id) is None
    engine.dispose()


def test_the_facts_of_one_export_are_whole(session: Session, rows: Rows) -> None:
    dag = rows.report("daily")
    run, other = rows.run(dag, delivered=False), rows.run(dag)
    manifest = json.loads(MANIFEST.to_json())
    rows.fact(run, "extract", "manifest", manifest)
    rows.fact(run, "extract", "facts", {"rows": 3, "bytes": 9})
    rows.fact(run, "deliver", "anything", ["x"], 2)
    rows.fact(run, "deliver", "failure", {"reason": "no"}, 2)
    rows.fact(other, "extract", "manifest", {"rows": 4})

    facts = facts_of_export(session, run)
    assert facts.extract == {"manifest": manifest, "facts": {"rows": 3, "bytes": 9}}
    assert facts.deliveries == {2: {"failure": {"reason": "no"}}}
    assert facts_of_export(session, other + 1) == NOTHING


def test_what_airflow_writes_is_what_is_read(session: Session, rows: Rows) -> None:
    from airflow._shared.state import TaskScope
    from airflow.api_fastapi.execution_api.datamodels.task_state_store import TaskStateStorePutBody
    from airflow.state.metastore import MetastoreBackend

    dag = rows.report("daily")
    run = rows.run(dag, run_id="manual__x")
    body = TaskStateStorePutBody(value={"rows": 3, "bytes": 9, "as_of": "2026-11-20T12:00:00-05:00"})
    scope = TaskScope(dag_id=dag, run_id="manual__x", task_id="extract", map_index=-1)
    MetastoreBackend().set(scope, "facts", json.dumps(body.value), session=session)

    assert facts_of_export(session, run).extract == {
        "facts": {"rows": 3, "bytes": 9, "as_of": NOON + timedelta(hours=5)}
    }


def test_the_tasks_of_a_run_come_in_their_order(session: Session, rows: Rows) -> None:
    dag = rows.report("daily")
    rows.run(dag, run_id="manual__x")
    rows.run(dag, run_id="manual__y")
    rows.task(dag, "manual__x", "deliver", 1, state=None, try_number=0, rendered_map_index="S3 bi-exports")
    rows.task(dag, "manual__x", "deliver", 0, state="running", start_date=at(5))
    rows.task(dag, "manual__x", "extract", state="success", try_number=2, start_date=at(1), end_date=at(4))
    rows.task(dag, "manual__y", "extract", state="failed")

    assert tasks_of_run(session, dag, "manual__x") == (
        TaskRecord("extract", -1, None, "success", 2, 3, at(1), at(4)),
        TaskRecord("deliver", 0, None, "running", 1, 3, at(5), None),
        TaskRecord("deliver", 1, "S3 bi-exports", None, 0, 3, None, None),
    )


def test_the_exports_of_windows_are_told_apart_by_when_the_windows_start(session: Session, rows: Rows) -> None:
    dag, other = rows.report("daily"), rows.report("other")
    own = rows.run(dag, data_interval_start=at(0), data_interval_end=at(9), logical_date=at(0), run_id="scheduled__0")
    by_hand = rows.run(dag, "running", data_interval_start=at(0), data_interval_end=at(9), run_id="manual__0")
    rows.run(dag, data_interval_start=at(10), data_interval_end=at(19), logical_date=at(10))
    rows.run(other, data_interval_start=at(0), data_interval_end=at(9), logical_date=at(0))
    india = timezone(timedelta(hours=5, minutes=30))

    assert exports_of_windows(session, dag, [at(0).astimezone(india), at(20)]) == {
        at(0): (
            WindowExport(by_hand, "manual__0", ExportStatus.CREATING, None, at(0)),
            WindowExport(own, "scheduled__0", ExportStatus.CREATED, at(0), at(0), succeeded=True),
        )
    }
    assert exports_of_windows(session, dag, []) == {}


def test_known_dags_are_those_that_airflow_has(session: Session, rows: Rows) -> None:
    stale = rows.report("stale", is_stale=True)

    assert known_dag_ids(session, {stale, REPORT + "new"}) == {stale}
    assert known_dag_ids(session, set()) == frozenset()


def test_our_dags_are_those_of_reports_and_report_types(session: Session, rows: Rows) -> None:
    ours = {rows.report("daily"), rows.type(), rows.report("stale", is_stale=True)}
    rows.dag("promo_reports.retention")
    rows.dag("promoXreports.type.x")

    assert our_dag_ids(session) == ours
    assert TYPE + "wallet_transactions" in ours
