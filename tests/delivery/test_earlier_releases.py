"""What earlier releases have delivered to a download area and to a bucket: read, recognised, replaced, removed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devstack.s3 import S3Server
from promo_reports.definitions.registry import Registry
from promo_reports.delivery import OpenFile, Wanted, open_published, publish, published, sweep
from promo_reports.delivery.destinations import area_for
from promo_reports.domain.delivery import Destination, destination_of
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import ExportFile, Manifest, event_key
from promo_reports.errors import Replaced
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.settings import Settings
from tests.support.releases import copied, read_json, release_of, releases_with

LATER = "2100-01-01T00:00:00+00:00"


@dataclasses.dataclass
class Delivered:
    """Everything that one release has delivered, below the settings and the account of this one."""

    release: Path
    settings: Settings
    registry: Registry
    exports: list[dict[str, Any]]

    def read(self, export: dict[str, Any]) -> bytes:
        """Return the bytes of its file, as a download sends them."""
        found = open_published(*self._asked(export), delivered=True)
        if isinstance(found, OpenFile):
            with found:
                return found.stream.readall() or b""
        with urllib.request.urlopen(found.url) as answer:
            content: bytes = answer.read()
            return content

    def manifest(self, export: dict[str, Any]) -> Manifest:
        return published(*self._asked(export), delivered=True).manifest

    def publish(self, export: dict[str, Any], staged: StagedDirectory) -> bool:
        """Whether it changed anything."""
        return publish(staged, area_for(self.destination(export), self.registry.account, self.settings)).changed

    def destination(self, export: dict[str, Any]) -> Destination:
        return destination_of(export["destination"])

    def _asked(self, export: dict[str, Any]) -> tuple[Any, ...]:
        folder = ExportFolder(*(export[name] for name in ("dag_id", "run_id", "report_id", "window_key")))
        return self.destination(export), self.registry.account, self.settings, Wanted(folder, export["sha256"])


@pytest.fixture(params=releases_with("downloads"), ids=release_of)
def delivered(
    request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Delivered]:
    """A copy of a release's download area, and its bucket on the S3 server."""
    release: Path = request.param.parent
    home = copied(release / "project", tmp_path / "project")
    settings = Settings(
        home=home,
        data_dir=tmp_path / "data",
        download_dir=copied(release / "downloads", tmp_path / "downloads"),
        store_dir=tmp_path / "store",
    )
    registry, client = Registry(settings), s3.client()
    for bucket in registry.account.buckets:
        client.create_bucket(Bucket=bucket.name)
        _connect(monkeypatch, bucket.connection, s3.endpoint_url)
        for key, stored in read_json(release / "bucket" / "objects.json").items():
            client.put_object(Bucket=bucket.name, Key=key, Body=(release / "bucket" / key).read_bytes(), **stored)
    yield Delivered(release, settings, registry, read_json(release / "delivered.json"))
    for bucket in registry.account.buckets:
        for each in client.list_objects_v2(Bucket=bucket.name).get("Contents", []):
            client.delete_object(Bucket=bucket.name, Key=each["Key"])
        client.delete_bucket(Bucket=bucket.name)


def _connect(monkeypatch: pytest.MonkeyPatch, connection: str, endpoint_url: str) -> None:
    extra = {"endpoint_url": endpoint_url, "region_name": "us-east-1"}
    given = {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", json.dumps(given))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_every_file_and_manifest_is_served(delivered: Delivered) -> None:
    assert {each["destination"] == "download" for each in delivered.exports} == {True, False}
    for export in delivered.exports:
        content, manifest = delivered.read(export), delivered.manifest(export)
        kept = delivered.release / export["path"]
        assert content == (kept / manifest.files[0].name).read_bytes()
        assert json.loads(manifest.to_json()).items() >= read_json(kept / "manifest.json").items()
        assert event_key(manifest) == manifest.event_key


def test_the_same_window_is_already_there(delivered: Delivered) -> None:
    for export in delivered.exports:
        before = _everything(delivered)
        manifest = delivered.manifest(export)
        nothing_staged = StagedDirectory(delivered.settings.downloads.parent / "swept", manifest)
        assert not delivered.publish(export, nothing_staged)
        assert _everything(delivered) == before


def test_another_content_of_the_window_takes_its_place(
    delivered: Delivered, staged: Callable[..., StagedDirectory]
) -> None:
    for export in delivered.exports:
        changed = staged(delivered.manifest(export))
        assert delivered.publish(export, changed)
        with pytest.raises(Replaced):
            delivered.read(export)
        now = {**export, "sha256": changed.manifest.files[0].sha256}
        assert delivered.read(now) == b"another\n"
        assert delivered.manifest(now).snapshot_at == LATER
    files = [path for path in delivered.settings.downloads.rglob("*-*.*") if path.suffix in (".csv", ".zip")]
    assert {path.read_bytes() for path in files} == {b"another\n"}  # what only the old manifests named is gone


def test_retention_removes_them(delivered: Delivered) -> None:
    root = delivered.settings.downloads
    for path in root.rglob("*"):
        os.utime(path, (0, 0))
    (root / "lost+found").mkdir()
    swept = sweep(root, older_than=datetime(2000, 1, 1, tzinfo=UTC))
    downloads = {each["path"].partition("/")[2] for each in delivered.exports if each["destination"] == "download"}
    assert (set(swept.removed), swept.failed) == (downloads, ())
    assert sorted(path.name for path in root.iterdir()) == [".promo-reports", "lost+found"]


@pytest.fixture
def staged(tmp_path: Path) -> Callable[[Manifest], StagedDirectory]:
    """Stage a later export of the same run and window with another content."""

    def stage(of: Manifest) -> StagedDirectory:
        content = b"another\n"
        sha256 = hashlib.sha256(content).hexdigest()
        directory = tmp_path / "staged" / of.report_id / of.window_key
        directory.mkdir(parents=True, exist_ok=True)
        file = ExportFile(f"{of.report_id}-{sha256[:8]}.csv", 0, len(content), sha256)
        (directory / file.name).write_bytes(content)
        manifest = dataclasses.replace(of, files=(file,), snapshot_at=LATER, event_key="")
        return StagedDirectory(directory, dataclasses.replace(manifest, event_key=event_key(manifest)))

    return stage


def _everything(delivered: Delivered) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in delivered.settings.downloads.rglob("*")}
