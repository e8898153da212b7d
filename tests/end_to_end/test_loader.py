"""A real Airflow without a bundle of ours: its DAGs folder holds the two files of the loader, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from devstack.airflow import DAGS_FOLDER_BUNDLE
from promo_reports.definitions.registry import Registry
from promo_reports.orchestration.loader import PROBLEMS_FILE
from promo_reports.settings import Settings
from tests.support.airflow.ways import LOADER_FILE, write_loader
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, NEVER_DUE, Live, long_ago_today, midnight, to, until
from tests.support.end_to_end.reports_api import People, everybody

pytestmark = pytest.mark.timeout(900)

DEFINITION = {"name": "In git", **NEVER_DUE}
TYPE = "promo_reports.type.wallet_transactions"
IN_GIT = "promo_reports.report.in_git"


class Hosted(Live):
    """The product on a host where only the DAGs folder is ours."""

    bundles = (DAGS_FOLDER_BUNDLE,)

    def __init__(self, root: Path) -> None:
        settings = {
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "1",
            # Nearer to Airflow's defaults than devstack's, which are for files that are parsed when they change.
            "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "30",
            "AIRFLOW__SCHEDULER__PARSING_CLEANUP_INTERVAL": "5",
        }
        (root / "dags").mkdir(parents=True)
        super().__init__(root, settings=settings, dags_folder=write_loader(root / "dags"))
        self.register("in_git", **DEFINITION)

    def _hold_example(self) -> None:
        """It is not in this DAGs folder."""

    def import_errors(self) -> dict[str, str]:
        return {Path(file).name: trace for file, trace in self.api.import_errors().items()}

    def stale(self) -> dict[str, bool]:
        params = {"dag_id_pattern": "promo_reports.", "exclude_stale": False, "limit": 100}
        dags = self.api.call("GET", "/dags", params=params)["dags"]
        return {dag["dag_id"]: dag["is_stale"] for dag in dags}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    hosted = Hosted(tmp_path_factory.mktemp("hosted"))
    try:
        hosted.start()
        yield hosted
    finally:
        hosted.stop()


@pytest.fixture(scope="module")
def people(live: Hosted) -> Iterator[People]:
    with everybody(live) as people:
        yield people


def exported(live: Hosted, name: str) -> None:
    """Make an export on demand, whose file is what the database says."""
    run = live.transactions(name, "grocery-rewards", "2026-10-20", "2026-11-01").succeed()
    sql = expected.wallet_transactions(
        "grocery-rewards",
        midnight("2026-10-20"),
        midnight("2026-11-02"),
        ALL_TYPES,
        description=expected.ESCAPED,
    )
    check(run.delivered()["file"], live.csv(sql), totals=["points"], time="occurred_at")


def test_an_export_waits_for_a_pool_that_nobody_has_made_and_says_so(live: Hosted, people: People) -> None:
    live.api.wait_for_dag(IN_GIT)
    assert live.import_errors() == {}
    run = live.transactions("Without a pool", "fresh", "2026-10-20", "2026-11-01")

    def waits_for() -> Any:
        rows = people.admin.get("api/exports", q="Without a pool")["items"]
        return rows and rows[0]["waiting"]

    until(lambda: str(waits_for()).startswith("Airflow has no pool 'promo_reports_on_demand'"), "the reason")
    for name in ("promo_reports", "promo_reports_on_demand"):
        live.api.call("POST", "/pools", json={"name": name, "slots": 2})
    run.succeed()


def test_an_export_on_demand_is_what_the_database_says(live: Hosted) -> None:
    exported(live, "On demand")


def test_a_created_report_is_delivered_by_itself(live: Hosted) -> None:
    registry = Registry(Settings.from_environment(live.stack.airflow.environment))
    body = {key: value for key, value in DEFINITION.items() if key != "starts_on"}
    body |= {"id": "created", "frequency": {"interval": "daily", "delivery_time": long_ago_today()}}
    made = registry.create(body, by="admin", at=datetime.now(UTC) - timedelta(hours=30))
    run = live.first_run(f"promo_reports.report.{made.id}").succeed()
    assert list(run.delivered()) == ["s3"]


def test_a_broken_definition_is_an_import_error_and_the_others_run(live: Hosted, people: People) -> None:
    before = live.stale()
    path = live.reports / "in_git.yaml"
    sound = path.read_text()
    path.write_text(sound.replace("fresh", "[a, b]"))
    trace = until(lambda: live.import_errors().get(PROBLEMS_FILE), "the import error")
    assert "reports/in_git.yaml" in trace
    assert "filters.wallet: names 2 values" in trace

    until(lambda: live.stale()[IN_GIT], "the broken definition's DAG to be stale")
    assert list(live.import_errors()) == [PROBLEMS_FILE]
    assert live.stale() == before | {IN_GIT: True}
    shown = people.viewer.get("api/reports/in_git")
    assert shown["status"] == "stopped"
    assert "filters.wallet: names 2 values" in shown["stopped"]["reason"]
    exported(live, "Beside a broken definition")

    path.write_text(sound)
    until(lambda: live.import_errors() == {} and not live.stale()[IN_GIT], "the mended definition's DAG")
    assert live.stale() == before


def test_a_directory_that_is_away_for_a_moment_makes_no_dag_stale(live: Hosted) -> None:
    before = live.stale()
    away = live.reports.rename(live.reports.with_name("reports.away"))
    trace = until(lambda: live.import_errors().get(PROBLEMS_FILE), "the import error")
    seen = live.stale()
    away.rename(live.reports)
    assert f"{live.reports} cannot be read" in trace
    assert seen == before
    until(lambda: live.import_errors() == {} and live.stale() == before, "no import error")


def test_without_the_second_file_an_error_takes_all_dags_along_until_it_is_mended(live: Hosted) -> None:
    dags = live.stack.airflow.setup.dags_folder
    assert dags is not None
    problems = (dags / PROBLEMS_FILE).rename(dags.with_name(PROBLEMS_FILE))
    broken = live.register("broken", **{**DEFINITION, "delivery": [to("of-somebody-else")]})
    trace = until(lambda: live.import_errors().get(LOADER_FILE), "the import error")
    assert f"put {PROBLEMS_FILE} beside" in trace
    assert all(live.stale().values())
    problems.rename(dags / PROBLEMS_FILE)
    until(lambda: not any(live.stale().values()), "the DAGs to come back")
    broken.unlink()
    until(lambda: live.import_errors() == {}, "no import error")


def test_a_deleted_dag_begins_anew_and_replaces_the_same_files(live: Hosted) -> None:
    """A parser cannot know what was deleted in Airflow: docs/deploy.md tells to stop reports instead."""
    dag_id = "promo_reports.report.created"
    first = live.first_run(dag_id).succeed()
    before = (first.run_id, first.delivered()["s3"].manifest["event_key"])
    live.api.call("DELETE", f"/dags/{quote(dag_id)}")
    live.api.wait_for_dag(dag_id)
    again = live.first_run(dag_id).succeed()
    assert (again.run_id, again.delivered()["s3"].manifest["event_key"]) == before
