"""How tasks end: mistakes at once, faults with their retries, a timeout under its own name; each leaves its reason."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.exceptions import AirflowException
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, AirflowTaskTimeout

from promo_reports.domain.delivery import destination_values
from promo_reports.domain.layout import run_name
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import SourceRefused, SourceUnavailable
from promo_reports.orchestration.operators import DeliverOperator, ExtractOperator, TaskStopped, airflow_failures
from promo_reports.orchestration.project import registry
from promo_reports.orchestration.task_state import TaskStateWriter
from tests.support import tab_separated
from tests.support.airflow.supervisor import Supervisor
from tests.support.delivery import memory_destination
from tests.support.delivery.exports import staged
from tests.support.project import write_weekly


def end(supervisor: Supervisor, error: BaseException) -> Any:
    """End an attempt by an error; the failure that it leaves."""
    with TaskStateWriter(supervisor.store) as facts, airflow_failures(facts):
        raise error


def test_a_mistake_fails_at_once_with_its_reason_and_what_to_do(supervisor: Supervisor) -> None:
    with pytest.raises(AirflowFailException, match=r"No such table\. Check the template\."):
        end(supervisor, SourceRefused("No such table.", "Check the template."))
    assert supervisor.kept == {
        "failure": {
            "error": "SourceRefused",
            "reason": "No such table.",
            "fix": "Check the template.",
            "retryable": False,
        }
    }


def test_a_fault_of_the_infrastructure_keeps_its_retries(supervisor: Supervisor) -> None:
    with pytest.raises(AirflowException) as failed:
        end(supervisor, SourceUnavailable("The server is away."))
    assert not isinstance(failed.value, AirflowFailException)
    assert supervisor.kept["failure"]["retryable"]


@pytest.mark.parametrize(
    ("error", "reason", "fix"),
    [
        (AirflowTaskTimeout(), "The task took longer than 240 min, its limit.", "Choose a shorter date range"),
        (TaskStopped(), "The task was told to stop before it had ended.", "Retry it"),
        (ValueError("member-17"), "An unexpected error (ValueError).", "The log of the task has the details"),
        (SystemExit(3), "An unexpected error (SystemExit).", "The log of the task has the details"),
        (AirflowException("password"), "An unexpected error (AirflowException).", "The log of the task has"),
    ],
)
def test_what_is_no_error_of_ours_passes_and_leaves_a_sentence(
    home: Path, supervisor: Supervisor, error: BaseException, reason: str, fix: str
) -> None:
    with pytest.raises(type(error)) as raised:
        end(supervisor, error)
    assert raised.value is error
    left = supervisor.kept["failure"]
    assert (left["reason"], left["retryable"]) == (reason, True)
    assert left["fix"].startswith(fix)


def test_an_error_is_raised_where_its_reason_cannot_be_left(supervisor: Supervisor) -> None:
    def away(_: Any) -> None:
        raise OSError

    supervisor.before = away
    with pytest.raises(AirflowFailException, match="No such table"):
        end(supervisor, SourceRefused("No such table."))


def test_a_task_that_is_told_to_stop_leaves_its_work_by_an_exception() -> None:
    with pytest.raises(TaskStopped, match="told to stop"):
        ExtractOperator(task_id="extract", report_id="r").on_kill()


@pytest.mark.parametrize(("state", "begins"), [("running", True), ("failed", False), ("success", False)])
@pytest.mark.parametrize(
    "operator",
    [ExtractOperator(task_id="extract", report_id="r"), DeliverOperator(task_id="deliver", handover={})],
    ids=["extract", "deliver"],
)
def test_a_task_does_not_begin_in_a_run_that_has_ended(operator: Any, state: str, begins: bool) -> None:
    ti = SimpleNamespace(get_dagrun_state=lambda *, dag_id, run_id: {(DAG, RUN_ID): state}[dag_id, run_id])
    context = {"ti": ti, "dag_run": SimpleNamespace(dag_id=DAG, run_id=RUN_ID)}
    with nullcontext() if begins else pytest.raises(AirflowSkipException, match="The run has ended already"):
        operator.pre_execute(context)


def test_a_stop_while_airflow_looks_for_a_connection_is_no_connection_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Airflow asks the next secrets backend after any `Exception` of one."""
    from airflow.sdk.execution_time import context, supervisor
    from airflow.sdk.execution_time.secrets import ExecutionAPISecretsBackend

    class ToldToStop(ExecutionAPISecretsBackend):
        def get_connection(self, conn_id: str, team_name: str | None = None) -> None:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [ToldToStop()])
    operator = ExtractOperator(task_id="extract", report_id="r")
    before = signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
    try:
        with pytest.raises(TaskStopped):
            context._get_connection("promo_db")
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_timeout_stays_a_timeout(caplog: pytest.LogCaptureFixture) -> None:
    operator = ExtractOperator(task_id="extract", report_id="r")
    try:
        raise AirflowTaskTimeout
    except AirflowTaskTimeout:
        operator.on_kill()
    assert "PROMO_REPORTS_EXECUTION_TIMEOUT_MINUTES" in caplog.text


@pytest.mark.parametrize(
    ("operator", "kept"),
    [
        (lambda: ExtractOperator(task_id="extract", report_id="unregistered"), ["failure"]),
        # What a delivery has delivered stays where it is until another export takes its place.
        (
            lambda: DeliverOperator(task_id="deliver", handover={"title": "download", "staged": "/nowhere"}),
            ["delivered", "failure"],
        ),
        (lambda: DeliverOperator(task_id="deliver", handover=7), ["delivered", "failure"]),
    ],
)
def test_an_attempt_begins_without_what_an_earlier_one_left(
    home: Path, supervisor: Supervisor, operator: Callable[[], Any], kept: list[str]
) -> None:
    supervisor.kept.update(failure={"reason": "r"}, delivered={"destination": "download"})
    context = {"task_state_store": supervisor.store, "dag_run": _Run()}
    with pytest.raises(AirflowException):
        type(operator()).execute.__wrapped__(operator(), context)
    assert sorted(supervisor.kept) == kept
    assert supervisor.kept["failure"] != {"reason": "r"}


class _Run:
    dag_id, run_id, run_after = "promo_reports.report.unregistered", "manual__1", None
    data_interval_start = data_interval_end = None


DAG, RUN_ID = "promo_reports.report.daily_moves", "manual__1"
TO_BUCKET = {"partner": "amazon_s3", "bucket": "bi-exports", "prefix": ""}


class Delivering:
    """A run whose extract has staged an export for the download area alone."""

    def __init__(self, home: Path, supervisor: Supervisor) -> None:
        self.home, self.supervisor = home, supervisor
        self.root = home / "data" / "staging"

    def stage(self, dag_id: str = DAG, run_id: str = RUN_ID, *, destinations: bool = True, suffix: str = ".csv") -> str:
        """Stage an export of any DAG and run; the address."""
        made = staged(self.home / "made", b"a\n", dag_id=dag_id, run_id=run_id, suffix=suffix)
        directory = self.root / "daily_wallets" / run_name(dag_id, run_id) / uuid4().hex
        directory.parent.mkdir(parents=True, exist_ok=True)
        made.directory.rename(directory)
        if destinations:
            (directory / "destinations.json").write_text('["download"]')
        return str(directory)

    def deliver(self, handover: object, index: int = 0, dag_id: str = DAG) -> None:
        operator = DeliverOperator(task_id="deliver", handover=handover, outlets=[Asset("export")])
        self.event = SimpleNamespace()
        run = SimpleNamespace(dag_id=dag_id, run_id=RUN_ID, run_after=None, conf={})
        context = {
            "task_state_store": self.supervisor.store,
            "dag_run": run,
            "ti": SimpleNamespace(map_index=index),
            "outlet_events": dict.fromkeys(operator.outlets, self.event),
        }
        type(operator).execute.__wrapped__(operator, context)  # type: ignore[attr-defined]

    @property
    def delivered(self) -> list[str]:
        found = self.home.glob("data/downloads/*/*/manifest.json")
        return [Manifest.from_json(each.read_bytes()).dag_id for each in found]


@pytest.fixture
def delivering(home: Path, supervisor: Supervisor) -> Delivering:
    return Delivering(home, supervisor)


def handed(staged: object, **changes: Any) -> dict[str, Any]:
    return {"staged": staged, "title": "download", "destination": "download", "number": 1, "of": 1, **changes}


def test_what_extract_handed_over_is_delivered(delivering: Delivering) -> None:
    delivering.deliver(handed(delivering.stage(), of_a_later_release=1))
    assert delivering.delivered == [DAG]
    left = delivering.supervisor.kept["delivered"]
    assert (left["destination"], len(left["sha256"])) == ("download", 64)


@pytest.mark.parametrize(
    ("dag_id", "run_id"),
    [(DAG, "manual__2"), *(("promo_reports.type.user_errors", each) for each in (RUN_ID, "manual__2"))],
)
def test_nobody_delivers_what_another_run_has_staged(delivering: Delivering, dag_id: str, run_id: str) -> None:
    delivering.stage()
    with pytest.raises(AirflowFailException, match="was not staged by this run"):
        delivering.deliver(handed(delivering.stage(dag_id, run_id)))
    assert delivering.delivered == []
    assert delivering.supervisor.kept["failure"]["error"] == "HandoverRefused"


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": TO_BUCKET},
        {"destination": TO_BUCKET | {"prefix": "../others"}},
        {"destination": {"partner": "another", "bucket": "b", "prefix": ""}},
        {"destination": {"partner": "amazon_s3"}},
        {"destination": None},
        {"destination": ["download"]},
        {"index": 1},
        {"index": -1},
    ],
)
def test_nobody_delivers_where_the_export_was_not_made_for(delivering: Delivering, changes: dict[str, Any]) -> None:
    address = delivering.stage()
    with pytest.raises(AirflowFailException, match="names a destination that this export was not made for"):
        delivering.deliver(handed(address, **changes), changes.get("index", 0))
    assert delivering.delivered == []


def test_what_the_release_before_staged_goes_where_its_definition_says(home: Path, delivering: Delivering) -> None:
    write_weekly(home, "weekly_credits")
    dag_id = "promo_reports.report.weekly_credits"
    address = delivering.stage(dag_id, destinations=False)
    for to in ("download", TO_BUCKET | {"prefix": "elsewhere"}):
        with pytest.raises(AirflowFailException, match="names a destination that this export was not made for"):
            delivering.deliver(handed(address, destination=to), dag_id=dag_id)
    (home / "reports" / "weekly_credits.yaml").unlink()
    with pytest.raises(AirflowFailException, match="weekly_credits"):
        delivering.deliver(handed(address), dag_id=dag_id)
    assert delivering.delivered == []


@pytest.mark.parametrize(
    ("keys", "below"),
    [
        ("", "daily_wallets/20240301T050000Z_20240302T050000Z/manifest.json"),
        (", folder: 'dt={start:%Y-%m-%d}', file_stem: part, manifest: _m.json", "dt=2024-03-01/_m.json"),
    ],
)
def test_a_destination_that_is_registered_in_this_process_is_delivered_to(
    home: Path, delivering: Delivering, monkeypatch: pytest.MonkeyPatch, keys: str, below: str
) -> None:
    """From YAML: whatever in the package knew the kinds by their names would refuse it."""
    memory_destination.register(monkeypatch, "exports")
    account = home / "include" / "account.yaml"
    account.write_text(
        f"{account.read_text()}  - {{partner: memory, bucket: exports, connection: none, prefix: all{keys}}}\n"
    )
    path = write_weekly(home, "weekly_credits")
    path.write_text(
        path.read_text().replace("partner: amazon_s3, bucket: bi-exports", "partner: memory, bucket: exports")
    )
    (destination,) = registry().definition("weekly_credits").destinations
    dag_id = "promo_reports.report.weekly_credits"
    address = delivering.stage(dag_id)
    (Path(address) / "destinations.json").write_text(json.dumps([destination_values(destination)]))
    delivering.deliver(handed(address, destination=destination_values(destination)), dag_id=dag_id)
    left = delivering.supervisor.kept["delivered"]
    assert (left["destination"], left["manifest"]) == ("memory:exports", f"memory://exports/all/{below}")
    event = delivering.event.extra
    assert (event["manifest"], event["files"]) == (left["manifest"], left["files"])
    delivered = [f"memory://exports/{key}" for key in memory_destination.BUCKETS["exports"] if "_promo_" not in key]
    assert delivered == [*event["files"], event["manifest"]]


def test_a_new_format_is_taken_from_yaml_and_delivered(
    home: Path, delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab_separated.register(monkeypatch)
    path = write_weekly(home, "weekly_credits")
    path.write_text(f"{path.read_text()}format: tsv\n")
    assert [each.format for each in registry().definition("weekly_credits").shapes] == [tab_separated.TSV]
    delivering.deliver(handed(delivering.stage(suffix=".tsv")))
    assert [each.suffix for each in delivering.home.glob("data/downloads/*/*/*-*")] == [".tsv"]
