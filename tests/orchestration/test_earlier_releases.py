"""Runs that earlier releases have left in Airflow: their confs are read, and downstream DAGs get no key less."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.delivery.payload import asset_extra
from promo_reports.domain.dag_ids import report_type_of
from promo_reports.domain.manifest import Manifest
from promo_reports.settings import Settings
from tests.support.releases import copied, read_json, release_of, releases_with

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
RUNS = [path for directory in releases_with("airflow") for path in sorted(directory.glob("*.json"))]


@pytest.fixture(params=RUNS, ids=lambda path: f"{release_of(path.parent)}-{path.stem}")
def run(request: pytest.FixtureRequest) -> tuple[Path, Any]:
    """The release's directory, and one of its runs."""
    path: Path = request.param
    return path.parents[1], read_json(path)


def test_a_conf_is_the_same_definition(run: tuple[Path, Any], tmp_path: Path) -> None:
    release, kept = run
    report_type = report_type_of(kept["dag_id"])
    if report_type is None:
        assert kept["conf"] in ({}, None)
        return
    home, store = copied(release / "project", tmp_path / "project"), copied(release / "store", tmp_path / "store")
    registry = Registry(Settings(home=home, data_dir=tmp_path / "data", store_dir=store))
    definition = registry.from_conf(kept["conf"], run_id=kept["run_id"], at=NOW, report_type=report_type)
    assert (definition.id, definition.sha256) == (kept["report_id"], kept["definition_sha256"])


def test_an_asset_event_says_as_much(run: tuple[Path, Any]) -> None:
    _, kept = run
    manifests = [each["values"]["manifest"] for each in kept["task_state"] if "manifest" in each["values"]]
    for event in kept["asset_events"]:
        manifest = Manifest.from_values(manifests[0])
        extra = asset_extra(manifest, event["destination"], event["manifest"], tuple(event["files"]))
        assert event.items() <= extra.items()
