"""What an account asks of a bucket's objects: encryption, storage class, owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.amazon_s3 import upload
from promo_reports.object_stores.amazon_s3.store import amazon_s3_store
from promo_reports.object_stores.amazon_s3.upload import MIB
from promo_reports.object_stores.amazon_s3.write_options import WriteOptions
from tests.support.delivery.exports import CONNECTION, PREFIX, BucketPlace, assert_is, s3_area, staged
from tests.support.delivery.s3_clients import Wrapped

SMALLEST = 5 * MIB
KMS = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts as small as S3 takes them."""
    monkeypatch.setattr(upload, "PART", SMALLEST)


def head_of(place: BucketPlace, name: str) -> dict[str, Any]:
    found: Any = place.client.head_object(Bucket=place.bucket, Key=place.folder + name)
    return dict(found)


@pytest.mark.parametrize("size", [64, SMALLEST + MIB], ids=["one PUT", "parts"])
@pytest.mark.parametrize(
    ("encryption", "algorithm", "key"),
    [("AES256", "AES256", None), ("aws:kms", "aws:kms", None), (KMS, "aws:kms", KMS)],
    ids=["SSE-S3", "SSE-KMS", "SSE-KMS with a key"],
)
def test_objects_are_written_as_the_account_asks(
    in_bucket: BucketPlace, tmp_path: Path, size: int, encryption: str, algorithm: str, key: str | None
) -> None:
    options = {"encryption": encryption, "storage_class": "STANDARD_IA", "acl": "bucket-owner-full-control"}
    bucket = Bucket("amazon_s3", in_bucket.bucket, CONNECTION, PREFIX, tuple(options.items()))
    asked: dict[str, list[Any]] = {}
    export = staged(tmp_path, b"0123456789abcde\n" * (size // 16))
    area = StoredExports(amazon_s3_store(bucket))
    assert publish(export, area).changed
    assert_is(in_bucket, export)
    for name, stored in ((export.manifest.files[0].name, "STANDARD_IA"), ("manifest.json", "STANDARD")):
        head = head_of(in_bucket, name)
        assert head["ServerSideEncryption"] == algorithm
        assert head.get("SSEKMSKeyId") == key
        assert head.get("StorageClass", "STANDARD") == stored
        grants = in_bucket.client.get_object_acl(Bucket=in_bucket.bucket, Key=in_bucket.folder + name)["Grants"]
        asked[name] = [each["Permission"] for each in grants]
    assert all("FULL_CONTROL" in each for each in asked.values())
    assert not publish(export, area).changed


def test_nothing_is_asked_for_that_the_account_leaves_to_the_bucket() -> None:
    options = WriteOptions.of(Bucket("amazon_s3", "bi-exports", CONNECTION))
    assert (options.of_file(), options.of_small_object()) == ({}, {})


def test_a_copy_is_written_as_the_account_asks(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    options = (("encryption", KMS), ("storage_class", "STANDARD_IA"))
    staging = amazon_s3_store(Bucket("amazon_s3", in_bucket.bucket, CONNECTION, "staging"))
    exports = amazon_s3_store(Bucket("amazon_s3", in_bucket.bucket, CONNECTION, "exports", options))
    with staging.folder("a") as source, exports.folder("b") as target:
        source.upload(file, export.directory / file.name)
        assert target.copy(file, source)
    head: Any = in_bucket.client.head_object(Bucket=in_bucket.bucket, Key=f"exports/b/{file.name}")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["StorageClass"]) == ("aws:kms", KMS, "STANDARD_IA")


@pytest.mark.parametrize("size", [64, SMALLEST + MIB], ids=["one PUT", "parts"])
def test_a_server_that_does_not_encrypt_is_refused(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    def ignoring(name: str) -> Any:
        def send(**options: Any) -> Any:
            del options["ServerSideEncryption"]
            return getattr(in_bucket.client, name)(**options)

        return send

    client: Any = Wrapped(
        in_bucket.client, **{name: ignoring(name) for name in ("put_object", "create_multipart_upload")}
    )
    area = s3_area(
        CONNECTION, in_bucket.bucket, PREFIX, options=WriteOptions(encryption="AES256"), client=lambda: client
    )
    with pytest.raises(DestinationRefused, match="was not encrypted with AES256"):
        publish(staged(tmp_path, b"0123456789abcde\n" * (size // 16)), area)
    assert (in_bucket.contents(), in_bucket.unfinished()) == ({}, [])
