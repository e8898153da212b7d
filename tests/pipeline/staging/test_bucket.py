"""What only a staging area in a bucket can do wrong, and the scratch disks beside it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import publish
from promo_reports.domain.account import Bucket
from promo_reports.domain.layout import new_attempt_name, run_name
from promo_reports.errors import DestinationRefused, DestinationUnavailable, StagingError, StagingRefused
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.pipeline.staging.bucket import StagingBucket
from promo_reports.pipeline.staging.scratch import Scratch
from tests.support.databases.promo import SqlitePromo, export
from tests.support.delivery.exports import PREFIX, BucketPlace, LocalPlace, s3_area
from tests.support.delivery.interruptions import PROJECT
from tests.support.delivery.memory_destination import MemoryStore
from tests.support.delivery.staging_areas import CONTENT, LONGEST, OnS3, child, place_of, stage
from tests.support.small_disk import small_disk

MIB = 1 << 20
OF = export()
AT_THE_MANIFEST = "before-call.s3.PutObject"


def area_of(staging: OnS3, client: Any, connection: str = "test_s3") -> StagingBucket:
    """The area through a client of one's own."""
    store = AmazonS3Store(connection, staging.place.bucket, PREFIX, client=lambda: client)
    return StagingBucket(store, staging.address, Scratch(staging.disks / "one", LONGEST))


def test_within_one_store_a_file_is_copied_by_the_server(
    staged_on_s3: OnS3, in_bucket: BucketPlace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    staged = stage(staged_on_s3.worker())
    target = s3_area("test_s3", in_bucket.bucket, "delivered", client=lambda: in_bucket.client)
    assert publish(staged, target).changed
    assert "was copied by the object store itself" in caplog.text
    name = staged.manifest.files[0].name
    (key,) = [
        each["Key"]
        for each in in_bucket.client.list_objects_v2(Bucket=in_bucket.bucket, Prefix="delivered/")["Contents"]
        if each["Key"].endswith(name)
    ]
    assert in_bucket.client.get_object(Bucket=in_bucket.bucket, Key=key)["Body"].read() == CONTENT


def test_between_two_connections_a_file_goes_through_the_scratch_disk(
    staged_on_s3: OnS3, in_bucket: BucketPlace, s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    s3.client().create_bucket(Bucket=f"{in_bucket.bucket}-theirs")
    theirs = BucketPlace(s3.client(), s3.endpoint_url, f"{in_bucket.bucket}-theirs")
    theirs.area = s3_area("another", theirs.bucket, PREFIX, client=lambda: theirs.client)
    staged = stage(staged_on_s3.worker())
    assert publish(staged, theirs.area).changed
    assert "was copied by" not in caplog.text
    assert theirs.contents()["manifest.json"] == staged.manifest.to_json()
    assert staged_on_s3.on_scratch() == []


def killed(place: BucketPlace, scratch: Path, event: str, signal_name: str, size: int) -> str:
    with child(place, scratch, event, signal_name, size) as process:
        output, _ = process.communicate(timeout=100)
    assert process.returncode == (-signal.SIGKILL if signal_name == "SIGKILL" else 0)
    return output.strip()


EVENTS = {
    "in the file's parts": ("before-call.s3.UploadPart", 17 * MIB),
    "before the last part is put together": ("before-call.s3.CompleteMultipartUpload", 17 * MIB),
    "before destinations.json": ("before-call.s3.PutObject", 17 * MIB),
    "before the file": ("before-call.s3.PutObject", 16),
}


@pytest.mark.parametrize("at", EVENTS)
def test_an_attempt_that_is_killed_while_it_is_sealed_opens_for_nobody(staged_on_s3: OnS3, at: str) -> None:
    event, size = EVENTS[at]
    killed(staged_on_s3.place, staged_on_s3.disks / "one", event, "SIGKILL", size)
    (left,) = staged_on_s3.on_scratch()
    address = "/".join(("s3:/", *left.parts[-3:]))
    with pytest.raises(StagingError, match="is gone"):
        staged_on_s3.worker("two").open(address, dag_id=OF.dag_id, run_id=OF.run_id)
    assert not [name for name in staged_on_s3.names() if name.endswith("manifest.json")]
    if at == "in the file's parts":
        assert len(staged_on_s3.place.unfinished()) == 1
        swept = staged_on_s3.worker("two").sweep(older_than=datetime.now(UTC) + timedelta(hours=1))
        assert swept.removed == ("/".join(left.parts[-3:]),)
        assert staged_on_s3.names() == []
    again = stage(staged_on_s3.worker("two"))
    assert {name.rpartition("/")[0] for name in staged_on_s3.names()} == {place_of(again)}
    assert staged_on_s3.place.unfinished() == []


@pytest.mark.parametrize("at", ["in the file's parts", "before destinations.json"])
def test_an_attempt_that_is_told_to_stop_while_it_is_sealed_leaves_nothing(staged_on_s3: OnS3, at: str) -> None:
    event, size = EVENTS[at]
    assert killed(staged_on_s3.place, staged_on_s3.disks / "one", event, "SIGTERM", size) == "Terminated"
    assert (staged_on_s3.names(), staged_on_s3.place.unfinished()) == ([], [])
    assert list(staged_on_s3.disks.glob("*/*")) == []


def test_what_a_killed_task_has_left_on_a_disk_goes_with_the_next_one_there(
    staged_on_s3: OnS3, local: LocalPlace
) -> None:
    staged = stage(staged_on_s3.worker("two"), export(run_id="another"))
    left = [staged_on_s3.disks / "one" / "daily_moves" / run_name("dag", str(n)) / new_attempt_name() for n in range(3)]
    for each in left:
        each.mkdir(parents=True)
        (each / "Wallets-0123abcd.csv").write_bytes(b"half")
    long_ago = time.time() - 2 * LONGEST.total_seconds()
    for each in left[:2]:
        os.utime(each / "Wallets-0123abcd.csv", (long_ago, long_ago))
    stage(staged_on_s3.worker("one"))
    assert [each.exists() for each in left] == [False, False, True]
    os.utime(left[2] / "Wallets-0123abcd.csv", (long_ago, long_ago))
    publish(staged_on_s3.worker("one").open(staged.address, dag_id=OF.dag_id, run_id="another"), local.area)
    assert not left[2].exists()


def test_a_scratch_disk_that_is_full_says_what_is_needed(staged_on_s3: OnS3, local: LocalPlace, tmp_path: Path) -> None:
    staged = stage(staged_on_s3.worker(), content=b"x" * (2 * MIB))
    with small_disk(tmp_path / "small") as disk:
        area = StagingBucket(staged_on_s3.store, staged_on_s3.address, Scratch(disk, LONGEST))
        found = area.open(staged.address, dag_id=OF.dag_id, run_id=OF.run_id)
        with pytest.raises(
            StagingError,
            match=rf"scratch directory {disk} is full.*needs about 2,097,152 bytes.*PROMO_REPORTS_SCRATCH_DIR",
        ):
            publish(found, local.area)
        assert [each for each in disk.rglob("*") if each.is_file()] == []
    assert local.contents() == {}


def test_a_bucket_that_is_not_there_is_told_before_anything_is_made(staged_on_s3: OnS3) -> None:
    missing = AmazonS3Store("test_s3", "no-such-bucket", client=lambda: staged_on_s3.place.client)
    area = StagingBucket(missing, "s3://no-such-bucket", Scratch(staged_on_s3.disks / "one", LONGEST))
    said = r"staging area s3://no-such-bucket: Bucket 'no-such-bucket' of connection 'test_s3' .*NoSuchBucket"
    for asked in (
        lambda: stage(area),
        lambda: area.open(
            f"x/daily_moves/{run_name(OF.dag_id, OF.run_id)}/{'0' * 32}", dag_id=OF.dag_id, run_id=OF.run_id
        ),
        lambda: area.sweep(older_than=datetime.now(UTC)),
    ):
        with pytest.raises(StagingRefused, match=said) as refused:
            asked()
        assert "of staging, the download area or the store: in PROMO_REPORTS_..._BUCKET" in str(refused.value)
        assert not refused.value.retryable
    area.discard(OF)
    assert list(staged_on_s3.disks.glob("*/*")) == []


@pytest.mark.parametrize(
    ("code", "status", "kind"), [("AccessDenied", 403, StagingRefused), ("SlowDown", 503, StagingError)]
)
@pytest.mark.parametrize("event", ["PutObject", "HeadObject", "ListObjectsV2", "GetObject"])
def test_a_bucket_that_refuses_or_is_overloaded(
    staged_on_s3: OnS3, local: LocalPlace, event: str, code: str, status: int, kind: type[StagingError]
) -> None:
    from botocore.exceptions import ClientError

    def refuse(**_: object) -> None:
        answer: Any = {
            "Error": {"Code": code, "Message": "AKIAIOSFODNN7EXAMPLE"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        raise ClientError(answer, event)

    staged = stage(staged_on_s3.worker())
    client = staged_on_s3.place.client
    client.meta.events.register(f"before-call.s3.{event}", refuse)
    asked: list[Callable[[], object]] = [lambda: stage(staged_on_s3.worker())]
    if event == "GetObject":
        asked = [lambda: staged_on_s3.worker().open(staged.address, dag_id=OF.dag_id, run_id=OF.run_id)]
        asked.append(lambda: publish(staged, local.area))
    for each in asked:
        with pytest.raises(StagingError, match=f"{event} with {code}") as failed:
            each()
        assert type(failed.value) is kind
        assert "'test_s3'" in str(failed.value)
        assert "AKIA" not in str(failed.value)
    client.meta.events.unregister(f"before-call.s3.{event}", refuse)
    assert (staged_on_s3.on_scratch(), local.contents()) == ([], {})


@pytest.mark.parametrize("error", [DestinationUnavailable("their network is down"), DestinationRefused("closed")])
def test_a_destination_that_fails_is_not_taken_for_the_staging_area(
    staged_on_s3: OnS3, local: LocalPlace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from promo_reports.object_stores.directory.store import DirectoryObjects

    def fail(*_: object) -> None:
        raise error

    staged = stage(staged_on_s3.worker())
    monkeypatch.setattr(DirectoryObjects, "upload", fail)
    with pytest.raises(type(error)) as raised:
        publish(staged, local.area)
    assert raised.value is error
    assert staged_on_s3.on_scratch() == []


def test_a_manifest_whose_reply_was_lost_is_known_again(staged_on_s3: OnS3) -> None:
    """As botocore sends it again by itself; the condition then fails against our own."""

    class Twice:
        def __getattr__(self, name: str) -> Any:
            return getattr(staged_on_s3.place.client, name)

        def put_object(self, **options: Any) -> Any:
            staged_on_s3.place.client.put_object(**options)
            return staged_on_s3.place.client.put_object(**options)

    staged = stage(area_of(staged_on_s3, Twice()))
    assert (
        staged_on_s3.worker().open(staged.address, dag_id=OF.dag_id, run_id=OF.run_id).manifest.to_json()
        == staged.manifest.to_json()
    )


def test_memory_is_a_staging_area_as_well_as_a_destination(staged_in_memory: Any, tmp_path: Path) -> None:
    """Any registered kind is: nothing here knows which."""
    staged = stage(staged_in_memory.worker())
    elsewhere = MemoryStore(Bucket("memory", staged_in_memory.place.bucket, "none", "elsewhere"))
    with elsewhere.folder("a") as objects:
        staged.send(staged.manifest.files[0], objects)
        assert objects.digest(staged.manifest.files[0].name) == (len(CONTENT), staged.manifest.files[0].sha256)


EXTRACT = """
import json, sys
from promo_reports.pipeline.extract import extract
from promo_reports.pipeline.staging.area import staging_area
from promo_reports.settings import Settings
from tests.support.databases.promo import NOW, Source, export
settings = Settings(**json.loads(sys.argv[1]))
made = extract(export(), Source("promo_db", sys.argv[2]), staging_area(settings), settings, now=lambda: NOW)
print(made.address)
"""
DELIVER = """
import json, sys
from promo_reports.delivery import publish
from promo_reports.delivery.destinations import area_for
from promo_reports.domain.delivery import Download
from promo_reports.pipeline.staging.area import staging_area
from promo_reports.settings import Settings
from tests.support.databases.promo import export
settings, of = Settings(**json.loads(sys.argv[1])), export()
area = staging_area(settings)
staged = area.open(sys.argv[2], dag_id=of.dag_id, run_id=of.run_id)
print(publish(staged, area_for(Download(), None, settings)).manifest)
area.mark_delivered(staged, 1, 1)
"""


def worker(program: str, settings: dict[str, str], *arguments: str) -> str:
    """Run a program as another host does: with the environment alone."""
    path = os.pathsep.join([str(PROJECT), str(PROJECT / "plugins")])
    ran = subprocess.run(
        [sys.executable, "-c", program, json.dumps(settings), *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    return ran.stdout.strip().splitlines()[-1]


def test_two_workers_share_nothing_but_the_bucket(
    on_sqlite: SqlitePromo, project: Any, staged_on_s3: OnS3, in_bucket: BucketPlace, tmp_path: Path
) -> None:
    """One makes the export, the other delivers it; each has a disk of its own, which is empty afterwards."""
    from tests.support.databases.promo import numbered

    on_sqlite.load(*numbered(20))
    bucket = f"s3://{in_bucket.bucket}"
    given = {
        "home": str(project.settings.home),
        "staging_bucket": f"{bucket}/staging",
        "staging_connection": "test_s3",
        "download_bucket": f"{bucket}/{PREFIX}",
        "download_connection": "test_s3",
    }
    disks = [tmp_path / "host-1", tmp_path / "host-2"]
    address = worker(EXTRACT, given | {"data_dir": str(disks[0])}, on_sqlite.source.url)
    assert address.startswith(f"{bucket}/staging/daily_moves/")
    manifest = worker(DELIVER, given | {"data_dir": str(disks[1])}, address)
    assert manifest.startswith(f"{bucket}/{PREFIX}/")
    assert not [each for disk in disks if disk.exists() for each in disk.rglob("*") if each.is_file()]
    objects = in_bucket.client.list_objects_v2(Bucket=in_bucket.bucket)["Contents"]
    kept = sorted(each["Key"].rpartition("/")[2] for each in objects if each["Key"].startswith("staging/"))
    assert kept == [".delivered-1", "destinations.json", "manifest.json"]
    delivered = json.loads(
        in_bucket.client.get_object(Bucket=in_bucket.bucket, Key=manifest.removeprefix(f"{bucket}/"))["Body"].read()
    )
    assert delivered["rows"] == 20
    (file,) = delivered["files"]
    folder = manifest.removeprefix(f"{bucket}/").rpartition("/")[0]
    found = in_bucket.client.get_object(Bucket=in_bucket.bucket, Key=f"{folder}/{file['name']}")["Body"].read()
    assert len(found) == file["bytes"]
