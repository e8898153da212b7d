"""Staged exports made by hand, and an oracle of destinations that shares no code with delivery."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from promo_reports.delivery import Area, Wanted
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import ExportFile, Manifest, event_key
from promo_reports.domain.places.export_place import ExportPlace
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.directory.locked import MARKER
from promo_reports.object_stores.directory.store import DirectoryStore
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.settings import Settings
from tests.support.delivery import memory_destination

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPORT, WINDOW = "daily_wallets", "20240301T050000Z_20240302T050000Z"
DEFAULT = ExportPlace((REPORT, WINDOW))
"""Where that export lies without patterns."""
PREFIX = "exports/promo"
PLACES = {"download": "local", "amazon_s3": "in_bucket", memory_destination.KEY: "in_memory"}
"""The fixture of each kind of destination, which the contract suites run over."""
CLOUDS: dict[str, str] = {"google_cloud_storage": "in_google", "azure_blob": "in_azure", "sftp": "on_sftp"}
"""The same of the kinds that need libraries or servers of their own: they run with --clouds alone."""
CONNECTION = "test_s3"
"""The Airflow connection of the bucket, where `connect_airflow` has made it."""
EARLY, LATE, LATER = "2024-03-02T06:00:00+00:00", "2024-03-02T09:00:00.250000+02:00", "2024-03-02T08:00:00Z"
"""Snapshot times in this order, each written in another way."""


def directory_area(root: Path, **options: Any) -> Area:
    """The area of a directory."""
    return StoredExports(DirectoryStore(root, **options))


def s3_area(connection: str, bucket: str, prefix: str = "", **options: Any) -> Area:
    """The area of a bucket."""
    return StoredExports(AmazonS3Store(connection, bucket, prefix, **options))


def staged(
    directory: Path,
    *contents: bytes,
    snapshot_at: str = EARLY,
    stem: str = "Wallets",
    open_window: bool = False,
    suffix: str = ".csv",
    **changes: Any,
) -> StagedDirectory:
    """Stage one file of each content in a new directory below `directory`, with the manifest beside it.

    `changes` are other values of the manifest: whose it is, unless a run of the report's own DAG made it.
    """
    attempt = directory / f"attempt-{len(list(directory.glob('attempt-*'))) + 1}"
    attempt.mkdir(parents=True)
    files = []
    for number, content in enumerate(contents, start=1):
        digest = hashlib.sha256(content).hexdigest()
        name = f"{stem}{'' if number == 1 else f' {number}'}-{digest[:8]}{suffix}"
        (attempt / name).write_bytes(content)
        files.append(ExportFile(name, content.count(b"\n"), len(content), digest))
    manifest = staged_manifest(*files, snapshot_at=snapshot_at, open_window=open_window, **changes)
    (attempt / "manifest.json").write_bytes(manifest.to_json())
    return StagedDirectory(attempt, manifest)


def staged_manifest(
    *files: ExportFile, snapshot_at: str = EARLY, open_window: bool = False, **changes: Any
) -> Manifest:
    """The manifest of an export of these files."""
    manifest = Manifest(
        report_id=REPORT,
        report_name="Daily wallets",
        report_type="wallet_transactions",
        promotion_type="wallets",
        owner="growth@example.com",
        filters={"wallet": ("grocery-rewards",), "reason": None},
        timezone="America/New_York",
        window={"start": "2024-03-01T00:00:00-05:00", "end": "2024-03-02T00:00:00-05:00", "open": open_window},
        as_of=None,
        dag_id=f"promo_reports.report.{REPORT}",
        run_id=f"scheduled__{snapshot_at}",
        rows=sum(file.rows for file in files),
        source_rows=sum(file.rows for file in files),
        files=files,
        totals={"amount": "12.50"},
        totals_by=None,
        columns=({"name": "amount", "type": "decimal"},),
        csv_safety="raw",
        cells_changed=0,
        excluded_rows=0,
        late_rows=None,
        definition_sha256="d" * 64,
        sql_sha256="e" * 64,
        snapshot_at=snapshot_at,
        started_at=snapshot_at,
        finished_at=snapshot_at,
        window_key=WINDOW,
    )
    manifest = dataclasses.replace(manifest, **changes)
    return dataclasses.replace(manifest, event_key=event_key(manifest))


def wanted(export: StagedDirectory) -> Wanted:
    """What its own run asks for."""
    return Wanted(ExportFolder.of(export.manifest), export.manifest.files[0].sha256)


class Place(Protocol):
    """One kind of destination as the tests see it."""

    area: Area

    def settings(self) -> Settings:
        """Settings of a host whose download area it is."""

    def contents(self) -> dict[str, bytes]:
        """Everything readers can see in the export's folder."""

    def stamps(self) -> dict[str, Any]:
        """What changes whenever something is written, by name."""

    def unfinished(self) -> list[str]:
        """Temporaries and open uploads."""

    def address(self, name: str) -> str:
        """The URI that is expected for a file."""

    def everything(self) -> dict[str, bytes]:
        """Every file below the area, in all its folders."""

    def lay(self, path: str, content: bytes) -> None:
        """Put a whole file anywhere below the area behind the product's back."""

    def overwrite(self, name: str, content: bytes) -> None:
        """Write behind the product's back."""

    def delete(self, name: str) -> None:
        """Remove behind the product's back."""

    def for_child(self) -> dict[str, str]:
        """What another process needs to publish here."""


@dataclass
class LocalPlace:
    """A download area."""

    root: Path

    def __post_init__(self) -> None:
        self.area: Area = directory_area(self.root)
        self.folder = self.root / REPORT / WINDOW
        self._asked: Wanted | None = None

    def settings(self) -> Settings:
        return Settings(download_dir=self.root)

    def asked(self) -> Wanted:
        """What the run whose export is there asks for, also when it is gone since the last time."""
        if (self.folder / "manifest.json").exists() or self._asked is None:
            manifest = Manifest.from_json((self.folder / "manifest.json").read_bytes())
            self._asked = Wanted(ExportFolder.of(manifest), manifest.files[0].sha256)
        return self._asked

    def contents(self) -> dict[str, bytes]:
        hidden = (".part-",)
        paths = self.folder.iterdir() if self.folder.exists() else ()
        return {path.name: path.read_bytes() for path in paths if not path.name.startswith(hidden)}

    def stamps(self) -> dict[str, Any]:
        return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self.folder.iterdir()}

    def unfinished(self) -> list[str]:
        return [str(path) for path in self.root.rglob(".*") if path.name != MARKER] if self.root.exists() else []

    def left(self) -> list[Path]:
        """What is in the root beside the area's mark, which stays."""
        return [path for path in self.root.iterdir() if path.name != MARKER]

    def address(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def everything(self) -> dict[str, bytes]:
        paths = [path for path in self.root.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}

    def lay(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def overwrite(self, name: str, content: bytes) -> None:
        self.lay(f"{REPORT}/{WINDOW}/{name}", content)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()

    def for_child(self) -> dict[str, str]:
        return {"root": str(self.root)}


@dataclass
class BucketPlace:
    """A bucket of the S3 protocol server."""

    client: S3Client
    endpoint_url: str
    bucket: str

    def __post_init__(self) -> None:
        self.area: Area = s3_area(CONNECTION, self.bucket, PREFIX, client=lambda: self.client)
        self.folder = f"{PREFIX}/{REPORT}/{WINDOW}/"
        self._writes: Counter[str] = Counter()
        for operation in ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject"):
            self.client.meta.events.register(f"provide-client-params.s3.{operation}", self._count)

    def settings(self) -> Settings:
        return Settings(download_bucket=f"s3://{self.bucket}/{PREFIX}", download_connection=CONNECTION)

    def contents(self) -> dict[str, bytes]:
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        assert all(each["Key"].startswith(self.folder) for each in listed)
        return {
            each["Key"][len(self.folder) :]: self.client.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
            for each in listed
        }

    def stamps(self) -> dict[str, Any]:
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {each["Key"]: (each["ETag"], each["LastModified"], self._writes[each["Key"]]) for each in listed}

    def unfinished(self) -> list[str]:
        uploads = self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return [each["UploadId"] for each in uploads]

    def address(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.folder}{name}"

    def everything(self) -> dict[str, bytes]:
        keys = [each["Key"] for each in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {
            key.removeprefix(f"{PREFIX}/"): self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
        }

    def lay(self, path: str, content: bytes) -> None:
        metadata = {"sha256": hashlib.sha256(content).hexdigest()}
        self.client.put_object(Bucket=self.bucket, Key=f"{PREFIX}/{path}", Body=content, Metadata=metadata)

    def overwrite(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.folder + name, Body=content)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.folder + name)

    def _count(self, params: dict[str, Any], **_: object) -> None:
        self._writes[params["Key"]] += 1

    def for_child(self) -> dict[str, str]:
        return {"endpoint_url": self.endpoint_url, "bucket": self.bucket}


@dataclass
class MemoryPlace:
    """A bucket of `tests.support.delivery.memory_destination`."""

    bucket: str

    def __post_init__(self) -> None:
        place = Bucket(memory_destination.KEY, self.bucket, "none", PREFIX)
        self.area: Area = StoredExports(memory_destination.memory_store(place))
        self.folder = f"{PREFIX}/{REPORT}/{WINDOW}/"

    @property
    def objects(self) -> dict[str, memory_destination.Written]:
        """Everything in the bucket, by its key."""
        return memory_destination.BUCKETS[self.bucket]

    def settings(self) -> Settings:
        return Settings(download_bucket=f"memory://{self.bucket}/{PREFIX}", download_connection="none")

    def contents(self) -> dict[str, bytes]:
        assert all(key.startswith(self.folder) for key in self.objects)
        return {key[len(self.folder) :]: each.content for key, each in self.objects.items()}

    def stamps(self) -> dict[str, Any]:
        return dict(self.objects)

    def unfinished(self) -> list[str]:
        return []

    def address(self, name: str) -> str:
        return f"memory://{self.bucket}/{self.folder}{name}"

    def everything(self) -> dict[str, bytes]:
        return {key.removeprefix(f"{PREFIX}/"): each.content for key, each in self.objects.items()}

    def lay(self, path: str, content: bytes) -> None:
        self.objects[f"{PREFIX}/{path}"] = memory_destination.Written(content)

    def overwrite(self, name: str, content: bytes) -> None:
        self.objects[self.folder + name] = memory_destination.Written(content)

    def delete(self, name: str) -> None:
        del self.objects[self.folder + name]

    def for_child(self) -> dict[str, str]:
        raise AssertionError("no other process sees this one's memory")


def connect_airflow(monkeypatch: pytest.MonkeyPatch, endpoint_url: str, connection: str = CONNECTION) -> None:
    """Make an Airflow connection to an S3 server on loopback, for all that is not given a client."""
    extra = {"endpoint_url": endpoint_url, "region_name": "us-east-1"}
    given = {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", json.dumps(given))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def open_descriptors(directory: Path) -> list[str]:
    """What this process has open below a directory, also what has lost its name."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except FileNotFoundError:
            continue  # that of this very listing
    return [target for target in found if target.startswith(f"{directory}/")]


def assert_whole(place: Place) -> dict[str, Any] | None:
    """Return the manifest, None where there is none; every file must match it in bytes and sha256 (reliability)."""
    contents = place.contents()
    if "manifest.json" not in contents:
        return None
    manifest: dict[str, Any] = json.loads(contents["manifest.json"])
    for file in manifest["files"]:
        assert file["name"] in contents, f"{file['name']} is missing beside its manifest"
        assert len(contents[file["name"]]) == file["bytes"]
        assert hashlib.sha256(contents[file["name"]]).hexdigest() == file["sha256"]
    return manifest


def assert_is(place: Place, export: StagedDirectory) -> None:
    """The place holds this export, all of it, and nothing else."""
    manifest = assert_whole(place)
    assert manifest is not None
    assert manifest["event_key"] == export.manifest.event_key
    assert set(place.contents()) == {"manifest.json", *(file.name for file in export.manifest.files)}
    assert place.unfinished() == []
