"""One export with all that is known of it, also when its definition or its tasks' facts are gone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.export_status import ExportStatus
from promo_reports.domain.manifest import ExportFile, Manifest, Part
from promo_reports.web.exports.detail import export_detail
from promo_reports.web.exports.models import ExportDetail
from promo_reports.web.exports.rows import Rows
from promo_reports.web.queries.records import ExportRecord, TaskFacts, TaskRecord
from tests.support.project import write_weekly
from tests.support.web.callers import (
    CHANGE_EXPORTS,
    CONF,
    EXPORT,
    NOON,
    NOTHING_LEFT,
    REPORT,
    Permitted,
    caller,
    dag,
    export,
    left,
)

ADA = caller(EXPORT, CHANGE_EXPORTS)
WEEKLY_TAGS = ("Loyalty Wallet", "Wallet Transactions", "weekly")
MANIFEST = Manifest(
    report_id="june_audit-5ba45e00",
    report_name="June audit",
    report_type="wallet_transactions",
    promotion_type="loyalty_wallet",
    owner="ada",
    filters={"wallet": ("grocery-rewards",)},
    timezone="America/New_York",
    window={"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00", "open": False},
    as_of=None,
    dag_id="promo_reports.type.wallet_transactions",
    run_id="page__0123456789abcdef01234567",
    rows=1234567,
    source_rows=1234567,
    files=(
        ExportFile(
            "june.zip",
            1234567,
            99,
            64 * "a",
            "2026-11-09T00:00:01-05:00",
            "2026-11-15T23:59:59-05:00",
            (Part("june_1.csv", 1000000, 60, 64 * "b", "x", "y"), Part("june_2.csv", 234567, 39, 64 * "c")),
        ),
    ),
    totals={"points": "-12.50"},
    totals_by=None,
    columns=(),
    csv_safety="raw",
    cells_changed=2,
    excluded_rows=3,
    late_rows={"rows": 4},
    definition_sha256=64 * "d",
    sql_sha256=64 * "e",
    snapshot_at="2026-11-18T17:00:01+00:00",
    started_at="2026-11-18T17:00:00+00:00",
    finished_at="2026-11-18T17:00:09+00:00",
    window_key="20261109T050000Z_20261116T050000Z",
    event_key="key",
)


def values(manifest: Manifest) -> dict[str, Any]:
    """A manifest as extract leaves it."""
    found: dict[str, Any] = json.loads(manifest.to_json())
    return found


def with_manifest(manifest: Manifest = MANIFEST, **changes: Any) -> ExportRecord:
    facts = TaskFacts({**left().extract, "manifest": values(manifest)}, left().deliveries)
    return export(conf=CONF, facts=facts, **changes)


def detail(
    registry: Registry, record: ExportRecord, *tasks: TaskRecord, who: Permitted = ADA, facts: TaskFacts | None = None
) -> ExportDetail:
    return export_detail(Rows.of(registry, who), record, facts or record.facts, tasks)


def task(task_id: str, state: str | None, map_index: int = -1) -> TaskRecord:
    return TaskRecord(task_id, map_index, None, state, 1, 3, NOON, None)


def shown(detail: ExportDetail) -> dict[str, str]:
    return {each.key: each.value for each in detail.configuration}


def test_the_definition_of_an_export_on_demand_is_its_conf(registry: Registry) -> None:
    found = detail(registry, export(conf=CONF))
    assert shown(found)["filters.transaction_type"] == "Credit"
    assert shown(found)["date_range"] == "9 Nov 2026 to 15 Nov 2026 (America/New_York)"
    assert found.definition is not None
    assert {key: found.definition[key] for key in found.definition if key != "filters"} == {
        key: CONF[key] for key in CONF if key not in ("filters", "owner")
    }
    assert registry.draft(found.definition, by="bob", at=NOON).filters["transaction_type"] == ("credit",)


def test_the_definition_of_a_recurring_reports_export_is_copied_as_the_window_it_made(
    home: Path, registry: Registry
) -> None:
    write_weekly(home, "weekly_credits")
    found = detail(registry, export(dag_id=REPORT, dag=dag(tags=WEEKLY_TAGS), run_type="scheduled"))
    assert shown(found)["frequency"].startswith("Recurring: every Monday")
    assert found.definition is not None
    assert (found.definition["frequency"], found.trigger) == ("one_time", "schedule")
    assert found.definition["date_range"] == {
        "start": "2026-11-09T00:00:00-05:00",
        "end": "2026-11-16T00:00:00-05:00",
    }


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (export(dag_id=REPORT, dag=dag(tags=WEEKLY_TAGS)), "The definition is not registered any more."),
        (export(conf={"name": []}), "The definition breaks rules, so nothing was exported."),
        (export(conf=CONF | {"filters": {}}), "The definition breaks rules, so nothing was exported."),
        (export(conf={"\ud800": 1}), "The definition breaks rules, so nothing was exported."),
    ],
)
def test_a_definition_that_is_gone_or_broken(registry: Registry, record: ExportRecord, said: str) -> None:
    found = detail(registry, record)
    assert shown(found) == {"name": "June audit", "report_type": "Wallet Transactions", "definition": said}
    assert found.definition is None
    assert not {"duplicate", "retry"} & set(found.actions)
    assert [(each.title, each.delivered) for each in found.destinations] == [("Device Storage", True)]


def test_a_definition_that_breaks_rules_which_came_later(registry: Registry) -> None:
    made = with_manifest()
    found = detail(registry, replace(made, conf=CONF | {"filters": {}}))
    assert shown(found)["definition"] == "The definition breaks rules now; it did not when this was exported."
    assert found.files == detail(registry, made).files


def test_a_definition_that_was_changed_since(registry: Registry) -> None:
    assert shown(detail(registry, with_manifest()))["changed"].startswith("It was changed since")
    known = registry.from_conf(CONF, run_id=export().run_id, at=NOON, report_type="wallet_transactions").sha256
    assert "changed" not in shown(detail(registry, with_manifest(replace(MANIFEST, definition_sha256=known))))


def test_the_manifests_files_and_figures(registry: Registry) -> None:
    found = detail(registry, with_manifest())
    (file,) = found.files
    assert (file.name, file.rows, file.sha256) == ("june.zip", 1234567, 64 * "a")
    assert [(each.name, each.rows, each.first) for each in file.members] == [
        ("june_1.csv", 1000000, "x"),
        ("june_2.csv", 234567, None),
    ]
    assert {each.key: each.value for each in found.facts} == {
        "rows": "1,234,567",
        "totals.points": "-12.50",
        "excluded_rows": "3",
        "late_rows": "4",
        "csv_safety": "Unchanged, in the download too: a spreadsheet may run a cell that looks like a formula",
        "cells_changed": "2",
        "snapshot_at": "2026-11-18 12:00:01 America/New_York",
        "definition_sha256": 64 * "d",
        "event_key": "key",
    }
    assert found.manifest == "promo-reports/api/exports/7/manifest"


def test_what_is_nought_is_not_told(registry: Registry) -> None:
    plain = replace(MANIFEST, excluded_rows=0, late_rows=None, cells_changed=0, totals={})
    keys = [each.key for each in detail(registry, with_manifest(plain)).facts]
    assert keys == ["rows", "csv_safety", "snapshot_at", "definition_sha256", "event_key"]


@pytest.mark.parametrize(
    ("csv_safety", "destination", "said"),
    [
        ("raw", "amazon_s3", ["Unchanged, for machines"]),
        ("raw", "download", ["Unchanged, in the download too: a spreadsheet may run a cell that looks like a formula"]),
        ("of_a_later_release", "download", []),
    ],
)
def test_what_was_made_of_text_cells(registry: Registry, csv_safety: str, destination: str, said: list[str]) -> None:
    record = with_manifest(replace(MANIFEST, csv_safety=csv_safety))
    delivered = {0: {"delivered": {"destination": destination, "manifest": "s3://bucket/manifest.json"}}}
    facts = TaskFacts(record.facts.extract, delivered)
    found = detail(registry, replace(record, facts=facts))
    assert [each.value for each in found.facts if each.key == "csv_safety"] == said
    assert found.files


def test_nothing_is_left_before_extract_has_ended(registry: Registry) -> None:
    found = detail(registry, export(conf=CONF, facts=NOTHING_LEFT, status=ExportStatus.CREATING, state="running"))
    assert (found.files, found.facts, found.manifest, found.ended_at) == ([], [], None, None)
    assert [(each.title, each.delivered, each.failure) for each in found.destinations] == [
        ("Device Storage", False, None),
        ("s3://bi-exports/promo-reports", False, None),
    ]


def test_each_destination_tells_its_own_story(registry: Registry) -> None:
    refused = {"reason": "Access denied.", "fix": "Ask.", "retryable": False}
    area = {"destination": "download", "manifest": "file:///srv/downloads/x/manifest.json"}
    record = export(conf=CONF, status=ExportStatus.FAILED, facts=TaskFacts({}, {0: {"delivered": area}}))
    tasks = task("deliver", "success", 0), task("deliver", "failed", 1)
    first = detail(registry, record, *tasks, facts=TaskFacts({}, {0: {"delivered": area}, 1: {"failure": refused}}))
    assert [(each.delivered, each.manifest, each.failure and each.failure.reason) for each in first.destinations] == [
        (True, None, None),
        (False, None, "Access denied."),
    ]
    bucket = {"destination": "amazon_s3:bi-exports", "manifest": "s3://bi-exports/x/manifest.json"}
    both = TaskFacts({}, {0: {"delivered": area}, 1: {"delivered": bucket}})
    then = detail(registry, record, *(task("deliver", "success", each) for each in (0, 1)), facts=both)
    assert then.destinations[1].manifest == "s3://bi-exports/x/manifest.json"
    assert "/srv/downloads" not in then.model_dump_json()


def test_a_definition_that_was_changed_since_does_not_say_where_an_export_went(registry: Registry) -> None:
    """Its conf cannot change; that of a report in git can: here it went to the bucket alone, as its only delivery."""
    sent = {"destination": "amazon_s3:bi-exports", "manifest": "s3://bi-exports/x/manifest.json"}
    record = export(conf=CONF, facts=TaskFacts(left().extract, {0: {"delivered": sent}}))
    tasks = task("extract", "success"), task("deliver", "success", 0), task("deliver", "removed", 1)
    found = detail(registry, record, *tasks)
    assert [(each.title, each.delivered) for each in found.destinations] == [("s3://bi-exports/promo-reports", True)]
    failed = replace(tasks[1], state="failed", title="amazon_s3:gone-exports")
    facts = TaskFacts(left().extract, {0: {"failure": {"reason": "No.", "fix": "", "retryable": False}}})
    found = detail(registry, record, tasks[0], failed, facts=facts)
    assert [(each.title, each.delivered) for each in found.destinations] == [("amazon_s3:gone-exports", False)]
    assert found.destinations[0].failure is not None


@pytest.mark.parametrize(
    ("tasks", "step"),
    [
        ((), "waiting"),
        ((task("extract", None),), "waiting"),
        ((task("extract", "queued"),), "waiting"),
        ((task("extract", "running"),), "extract"),
        ((task("extract", "success"), task("deliver", None)), "deliver"),
        ((task("extract", "up_for_retry"),), "waiting"),
    ],
)
def test_the_step_it_is_at(registry: Registry, tasks: tuple[TaskRecord, ...], step: str) -> None:
    record = export(conf=CONF, facts=NOTHING_LEFT, status=ExportStatus.CREATING, state="running")
    assert detail(registry, record, *tasks).step == step
    assert detail(registry, export(conf=CONF), *tasks).step is None


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({}, "page"),
        ({"run_id": "manual__1"}, "manual"),
        ({"run_type": "backfill", "run_id": "backfill__1"}, "backfill"),
        ({"run_type": "scheduled", "run_id": "scheduled__1"}, "schedule"),
    ],
)
def test_what_started_it(registry: Registry, changes: dict[str, Any], trigger: str) -> None:
    assert detail(registry, export(conf=CONF, **changes)).trigger == trigger


def test_its_attempts_and_its_end(registry: Registry) -> None:
    found = detail(registry, export(conf=CONF, clear_number=2)).model_dump(mode="json")
    assert (found["attempt"], found["ended_at"]) == (3, "2026-11-18T12:00:12.500000-05:00")


def test_links_into_airflow_are_for_those_who_may_do_something_there(registry: Registry) -> None:
    found = detail(registry, export(conf=CONF)).airflow
    assert found is not None
    assert found.run == "dags/promo_reports.type.wallet_transactions/runs/page__0123456789abcdef01234567"
    assert detail(registry, export(conf=CONF), who=caller(EXPORT)).airflow is None
