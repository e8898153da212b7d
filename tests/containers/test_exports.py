"""The demo's exports through Celery, to the download area and to the bucket, against what psql says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.demo.exports import demo_exports
from tests.support.containers.deployment import PATIENCE, Deployment
from tests.support.end_to_end.demo_files import Psql, check_export, definitions, manifests

BUCKET = "bi-exports"


@pytest.fixture(scope="module")
def exported(deployment: Deployment) -> Deployment:
    """Every export of the demo has ended."""
    with deployment.api() as api:
        for export in demo_exports():
            api.wait_for_dag(export.dag_id)
        started = [(export, api.trigger(export.dag_id, export.conf)) for export in demo_exports()]
        for export, run_id in started:
            end = api.wait_for_run(export.dag_id, run_id, timeout=PATIENCE, interval=1.0)
            assert end.succeeded, (export.conf["name"], api.task_instances(export.dag_id, run_id))
    return deployment


@pytest.fixture(scope="module")
def psql(deployment: Deployment) -> Psql:
    return deployment.psql()


@pytest.fixture(scope="module")
def bucket(exported: Deployment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What lies in the bucket, copied: folder of each export by its report's name."""
    s3, copied, found = exported.s3(), tmp_path_factory.mktemp("bucket"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page["Contents"]:
            target = copied / each["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(BUCKET, each["Key"], str(target))
            if target.name == "manifest.json":
                found[json.loads(target.read_bytes())["report_name"]] = target
    return found


def demo_names() -> list[Any]:
    return [export.conf["name"] for export in demo_exports()]


def test_every_report_type_is_among_them(deployment: Deployment) -> None:
    shipped = {path.stem for path in (deployment.directory / "report_types").glob("*.yaml")}
    assert {export.conf["report_type"] for export in demo_exports()} == shipped


@pytest.mark.parametrize("name", demo_names())
def test_the_download_area_has_what_psql_says(exported: Deployment, psql: Psql, name: str) -> None:
    ((path, manifest),) = manifests(exported.volume("downloads"), name, psql.loaded_at).items()
    check_export(psql, path, manifest, definitions()[name])


@pytest.mark.parametrize("name", demo_names())
def test_the_bucket_has_the_same_with_its_cells_unchanged(
    exported: Deployment, psql: Psql, bucket: dict[str, Path], name: str
) -> None:
    ((_, download),) = manifests(exported.volume("downloads"), name, psql.loaded_at).items()
    manifest = json.loads(bucket[name].read_bytes())
    assert (manifest["csv_safety"], download["csv_safety"]) == ("raw", "spreadsheet")
    assert [manifest[key] for key in ("rows", "totals")] == [download[key] for key in ("rows", "totals")]
    check_export(psql, bucket[name], manifest, definitions()[name])
