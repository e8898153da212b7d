"""What lies in a bucket is proven by S3's own checksums, or by reading it; metadata proves nothing by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import open_published, publish
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Download
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged, DestinationUnavailable
from promo_reports.object_stores.amazon_s3 import upload
from promo_reports.object_stores.amazon_s3.checksums import composite, part_checksums, proven_sha256
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.amazon_s3.upload import MIB
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import PREFIX, REPORT, WINDOW, BucketPlace, assert_is, s3_area, staged, wanted
from tests.support.delivery.s3_clients import Wrapped, raising, refusal

SMALLEST = 5 * MIB
SIZES = pytest.mark.parametrize("size", [64, SMALLEST + MIB], ids=["one PUT", "parts"])
CHECKSUMS = ("ChecksumAlgorithm", "ChecksumSHA256", "ChecksumMode")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts as small as S3 takes them."""
    monkeypatch.setattr(upload, "PART", SMALLEST)


def export_of(tmp_path: Path, size: int) -> tuple[StagedDirectory, ExportFile]:
    export = staged(tmp_path, b"0123456789abcde\n" * (size // 16))
    return export, export.manifest.files[0]


def objects_of(place: BucketPlace, **replaced: Callable[..., Any]) -> Any:
    """The place's export, with some operations replaced."""
    client: Any = Wrapped(place.client, **replaced)
    return AmazonS3Store("test_s3", place.bucket, PREFIX, client=lambda: client).folder(REPORT, WINDOW)


def unchecked(place: BucketPlace) -> dict[str, Callable[..., Any]]:
    """The operations of a server that knows no checksums, and ignores them."""

    def ignoring(name: str) -> Callable[..., Any]:
        operation = getattr(place.client, name)
        return lambda **options: operation(**{key: each for key, each in options.items() if key not in CHECKSUMS})

    def complete(*, MultipartUpload: Any, **options: Any) -> Any:  # noqa: N803 - boto3's name
        parts: Any = [{key: part[key] for key in ("PartNumber", "ETag")} for part in MultipartUpload["Parts"]]
        return place.client.complete_multipart_upload(**options, MultipartUpload={"Parts": parts})

    names = ("put_object", "create_multipart_upload", "upload_part", "head_object")
    return {**{name: ignoring(name) for name in names}, "complete_multipart_upload": complete}


@SIZES
def test_a_file_is_proven_without_being_read(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    export, file = export_of(tmp_path, size)
    with objects_of(in_bucket, get_object=raising(AssertionError("read"))) as objects:
        objects.upload(file, export.directory / file.name)
        assert objects.digest(file.name) == (file.bytes, file.sha256)


@SIZES
@pytest.mark.parametrize("checksum", [{"ChecksumAlgorithm": "SHA256"}, {}], ids=["with a checksum", "without"])
def test_other_bytes_with_the_same_metadata_are_found(
    in_bucket: BucketPlace, tmp_path: Path, size: int, checksum: dict[str, Any]
) -> None:
    """By the publication of the same export again, and by whoever downloads it."""
    export, file = export_of(tmp_path, size)
    publish(export, in_bucket.area)
    place: Any = {"Bucket": in_bucket.bucket, "Key": in_bucket.folder + file.name}
    metadata = in_bucket.client.head_object(**place)["Metadata"]
    other = b"1" + (export.directory / file.name).read_bytes()[1:]
    if size < SMALLEST:
        in_bucket.client.put_object(**place, Body=other, Metadata=metadata, **checksum)
    else:
        in_bucket.client.upload_fileobj(BytesIO(other), **place, ExtraArgs={"Metadata": metadata, **checksum})
    with objects_of(in_bucket) as objects:
        assert objects.digest(file.name) == (file.bytes, hashlib.sha256(other).hexdigest())
    with pytest.raises(Damaged):
        open_published(Download(), Account("UTC", "monday", ()), in_bucket.settings(), wanted(export), delivered=True)
    assert publish(export, in_bucket.area).changed
    assert_is(in_bucket, export)


@SIZES
def test_a_copy_of_another_object_is_not_believed_for_its_metadata(
    in_bucket: BucketPlace, tmp_path: Path, size: int
) -> None:
    export, file = export_of(tmp_path, size)
    other = staged(tmp_path, b"z" * file.bytes)
    with objects_of(in_bucket) as objects:
        for each in (export, other):
            objects.upload(each.manifest.files[0], each.directory / each.manifest.files[0].name)
        place: Any = {"Bucket": in_bucket.bucket, "Key": in_bucket.folder + file.name}
        in_bucket.client.copy_object(
            **place,
            CopySource={"Bucket": in_bucket.bucket, "Key": in_bucket.folder + other.manifest.files[0].name},
            Metadata=in_bucket.client.head_object(**place)["Metadata"],
            MetadataDirective="REPLACE",
            ChecksumAlgorithm="SHA256",
        )
        assert objects.digest(file.name) == (file.bytes, other.manifest.files[0].sha256)


@SIZES
def test_what_is_damaged_on_its_way_is_refused(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    def damage(params: dict[str, Any], **_: object) -> None:
        body = params["body"]
        content = body.read() if isinstance(body, BytesIO) else body
        params["body"] = bytearray(content[:-2] + b"!\n")

    for operation in ("PutObject", "UploadPart"):
        in_bucket.client.meta.events.register(f"before-call.s3.{operation}", damage)
    export, _ = export_of(tmp_path, size)
    with pytest.raises(DestinationUnavailable, match="with BadDigest"):
        publish(export, in_bucket.area)
    assert (in_bucket.contents(), in_bucket.unfinished()) == ({}, [])


def test_a_file_that_changes_while_it_is_sent_is_refused(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export, file = export_of(tmp_path, SMALLEST + MIB)

    def change(**_: object) -> None:
        with (export.directory / file.name).open("r+b") as changed:
            changed.write(b"1")

    in_bucket.client.meta.events.register("before-call.s3.CreateMultipartUpload", change)
    with pytest.raises(DestinationUnavailable, match="with BadDigest"):
        publish(export, in_bucket.area)
    assert (in_bucket.contents(), in_bucket.unfinished()) == ({}, [])


@SIZES
def test_a_server_without_checksums_is_read_again(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    export, file = export_of(tmp_path, size)
    read = []

    def get(**options: Any) -> Any:
        read.append(options["Key"])
        return in_bucket.client.get_object(**options)

    with objects_of(in_bucket, get_object=get, **unchecked(in_bucket)) as objects:
        objects.upload(file, export.directory / file.name)
        assert read == [in_bucket.folder + file.name]
        assert objects.digest(file.name) == (file.bytes, file.sha256)


@SIZES
def test_damage_on_the_way_to_a_server_without_checksums_is_found(
    in_bucket: BucketPlace, tmp_path: Path, size: int
) -> None:
    operations = unchecked(in_bucket)

    def damaged(name: str) -> Callable[..., Any]:
        def send(*, Body: bytes, **options: Any) -> Any:  # noqa: N803 - boto3's name
            return operations[name](Body=bytes(Body[:-2]) + b"!\n", **options)

        return send

    export, file = export_of(tmp_path, size)
    replaced = {**operations, **{name: damaged(name) for name in ("put_object", "upload_part")}}
    with objects_of(in_bucket, **replaced) as objects, pytest.raises(DestinationUnavailable, match="not what was sent"):
        objects.upload(file, export.directory / file.name)


@SIZES
def test_a_server_that_refuses_checksums(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    def refusing(name: str) -> Callable[..., Any]:
        operation = getattr(in_bucket.client, name)

        def asked(**options: Any) -> Any:
            if "ChecksumAlgorithm" in options:
                raise refusal("NotImplemented", 501, name)
            return operation(**options)

        return asked

    client: Any = Wrapped(
        in_bucket.client, **{name: refusing(name) for name in ("put_object", "create_multipart_upload", "upload_part")}
    )
    export, _ = export_of(tmp_path, size)
    publish(export, s3_area("test_s3", in_bucket.bucket, PREFIX, client=lambda: client))
    assert_is(in_bucket, export)


@pytest.mark.parametrize("damaged", [False, True], ids=["as it was", "damaged"])
def test_an_upload_of_an_earlier_release_is_adopted_if_it_is_the_file(
    in_bucket: BucketPlace, tmp_path: Path, damaged: bool
) -> None:
    """It has no checksum of S3, only its metadata."""
    export, file = export_of(tmp_path, 64)
    content = (export.directory / file.name).read_bytes()
    in_bucket.client.put_object(
        Bucket=in_bucket.bucket,
        Key=in_bucket.folder + file.name,
        Body=content[::-1] if damaged else content,
        Metadata={"sha256": file.sha256},
    )
    sent = []
    in_bucket.client.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: sent.append(params["url_path"])
    )
    publish(export, in_bucket.area)
    assert_is(in_bucket, export)
    assert len(sent) == (2 if damaged else 1)


def test_the_composite_is_that_of_the_server(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export, file = export_of(tmp_path, 2 * SMALLEST + 16)
    with objects_of(in_bucket) as objects:
        objects.upload(file, export.directory / file.name)
    place: Any = {"Bucket": in_bucket.bucket, "Key": in_bucket.folder + file.name}
    head = in_bucket.client.head_object(**place, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == composite(part_checksums(file, export.directory / file.name, SMALLEST))
    assert head["ChecksumSHA256"].endswith("-3")


@pytest.mark.parametrize(
    "head",
    [
        {"Metadata": {"sha256": "aa"}},
        {"Metadata": {"sha256": "aa"}, "ChecksumCRC32": "AAAAAA=="},
        {"Metadata": {"sha256": "aa"}, "ChecksumSHA256": "b3RoZXI=-2"},
        {"Metadata": {"sha256": "aa", "sha256-composite": "b25l-2"}, "ChecksumSHA256": "b3RoZXI=-2"},
        {"Metadata": {"sha256-composite": "b25l-2"}, "ChecksumSHA256": "b25l-2"},
    ],
)
def test_what_proves_nothing(head: dict[str, Any]) -> None:
    assert proven_sha256(head) is None
