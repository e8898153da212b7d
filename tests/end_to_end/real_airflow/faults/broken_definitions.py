"""What is broken hurts only itself, and what cannot be read makes no DAG stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.end_to_end.live import NEVER_DUE, Live, moment, until

NEVER = {"name": "Sound", **NEVER_DUE}
BROKEN = """\
id: to_break
name: Broken
report_type: wallet_transactions
owner: tests@example.com
filters:
  walet: fresh
  transaction_type: [credits]
frequency: {interval: daily}
delivery:
  - partner_export: {partner: amazon_s3, bucket: of-somebody-else}
"""


def of_reports(live: Live) -> dict[str, Any]:
    """Whether each of our DAGs is stale."""
    params = {"dag_id_pattern": "promo_reports.", "exclude_stale": False, "limit": 100}
    dags = live.api.call("GET", "/dags", params=params)["dags"]
    return {dag["dag_id"]: dag["is_stale"] for dag in dags if dag["bundle_name"] == "promo-reports"}


def errors(live: Live) -> dict[str, str]:
    """Import errors by the generated file's name."""
    return {Path(file).name: trace for file, trace in live.api.import_errors().items()}


def parsed(live: Live) -> None:
    """Wait until Airflow has parsed every generated file as it is now."""
    written = {path.name: path.stat().st_mtime for path in live.stubs.glob("*.py")}

    def is_parsed(dag: dict[str, Any]) -> bool:
        at = moment(dag["last_parsed_time"]).timestamp()
        return at > written[Path(dag["relative_fileloc"]).name]

    def all_are() -> bool:
        return all(is_parsed(live.dag(dag_id)) for dag_id, stale in of_reports(live).items() if stale is False)

    until(all_are, "every file to be parsed")


def refreshed(live: Live) -> None:
    """Wait until the bundle has been refreshed once more."""
    ask, since = live.stack.postgres.execute, datetime.now(UTC)
    after = "SELECT last_refreshed > %s FROM dag_bundle WHERE name = 'promo-reports'"
    until(lambda: ask(after, [since], database="airflow") == [(True,)], "a refresh")


@contextmanager
def moved_away(directory: Path) -> Iterator[None]:
    away = directory.with_name(f"{directory.name}.away")
    directory.rename(away)
    try:
        yield
    finally:
        away.rename(directory)


class TestBrokenDefinitions:
    @pytest.fixture(scope="class")
    @classmethod
    def sound(cls, live: Live) -> Iterator[str]:
        """The DAG of a definition that nothing is wrong with."""
        path = live.register("sound", **NEVER)
        live.api.wait_for_dag("promo_reports.report.sound")
        yield "promo_reports.report.sound"
        path.unlink()

    def test_a_broken_one_is_an_import_error_of_its_own(self, live: Live, sound: str) -> None:
        assert errors(live) == {}
        path = live.register("to_break", **{**NEVER, "name": "To break"})
        dag_id = "promo_reports.report.to_break"
        live.api.wait_for_dag(dag_id)
        others = of_reports(live) | {dag_id: None}

        path.write_text(BROKEN)
        trace = until(lambda: errors(live).get("report.to_break.py"), "the import error")
        assert list(errors(live)) == ["report.to_break.py"]
        for located in (
            "reports/to_break.yaml:6: filters.walet:",
            "reports/to_break.yaml:7: filters.transaction_type",
            "reports/to_break.yaml:10: delivery",
        ):
            assert located in trace
        assert "'of-somebody-else' is not a connected bucket" in trace
        assert of_reports(live) | {dag_id: None} == others

        path.unlink()
        until(lambda: errors(live) == {}, "no import error")
        until(lambda: of_reports(live)[dag_id], "the removed definition's DAG to be stale")
        assert of_reports(live) | {dag_id: None} == others
        assert others[sound] is False

    def test_a_broken_report_type_leaves_the_others(self, live: Live, sound: str) -> None:
        path, known = live.home / "report_types" / "odd_type.yaml", of_reports(live)
        path.write_text("id: odd_type\ntitle: Odd\npromotion_type: lottery\n")
        try:
            trace = until(lambda: errors(live).get("type.odd_type.py"), "the import error")
            assert "report_types/odd_type.yaml:3: promotion_type:" in trace
            assert list(errors(live)) == ["type.odd_type.py"]
            assert of_reports(live) == known
        finally:
            path.unlink()
        until(lambda: errors(live) == {}, "no import error")

    def test_a_directory_that_is_away_for_a_moment_makes_no_dag_stale(self, live: Live, sound: str) -> None:
        log = live.stack.logs / "dag-processor.log"
        said = "Error refreshing bundle promo-reports"
        before, known = log.read_text().count(said), of_reports(live)
        assert known[sound] is False
        parsed(live)
        with moved_away(live.reports):
            until(lambda: log.read_text().count(said) >= before + 3, "three refreshes that failed")
            assert of_reports(live) == known
        assert f"{live.reports} cannot be read" in log.read_text()
        refreshed(live)
        assert of_reports(live) == known
        assert errors(live) == {}

    def test_what_is_parsed_while_it_is_away_comes_back(self, live: Live, sound: str) -> None:
        with moved_away(live.reports):
            live.api.call("PUT", f"/parseDagFile/{live.dag(sound)['file_token']}")
            name = Path(live.dag(sound)["relative_fileloc"]).name
            trace = until(lambda: errors(live).get(name), "the import error")
            assert f"{live.reports} cannot be read" in trace
        until(lambda: errors(live) == {} and not live.dag(sound)["is_stale"], "the DAG to come back")
